import { createPaint } from "../../cli/paint.ts";
import { widthOf } from "../../cli/width.ts";
import type { StatusCollection } from "../../commands/collect_status.ts";
import { drawAgain, formatStatus } from "../../commands/status_table.ts";
import { DurationCounter } from "../../server/status/distribution.ts";
import type { LinkStatus, ServerFacts } from "../../server/status/status.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { type Given, serverFacts } from "../fakes/observed_server.ts";

const paint = createPaint(false);

function statusOf(
  time: number,
  facts: Given<ServerFacts>,
  silent: StatusCollection["silent"] = [],
): StatusCollection {
  const server = {
    ...serverFacts("Hill", { uptimeSeconds: time - 1_000, ...facts }),
    software: "1.2.3",
    memoryBytes: 0,
  };
  return { time, elapsedMs: time * 1000, servers: [server], silent };
}

const link: LinkStatus = {
  neighbour: "Smith",
  isUp: true,
  since: 1_000,
  stateSeconds: 60,
  isCaughtUp: true,
  waitingReports: 0,
  clockAheadSeconds: null,
  reportsReceived: 0,
  bytesSent: 0,
  losses: 0,
  lastFailure: null,
  duplicates: 0,
  ignoredMessages: 0,
};

/** The cells of the first server's row, by the titles of their columns. */
function cellsOf(text: string): Record<string, string> {
  const [titles, cells] = text.split("\n").map((line) =>
    line.trim().split(/ {2,}/)
  );
  return Object.fromEntries(
    titles.map((title, index) => [title, cells[index]]),
  );
}

Deno.test({
  name: "formatStatus() shows counts since the start",
  permissions: "none",
  fn() {
    const durations = new DurationCounter();
    for (let count = 0; count < 100; count++) durations.add(0.0015);
    const text = formatStatus(
      statusOf(8_200, {
        clients: 12_345,
        connections: { open: 2, accepted: 9 },
        lines: { iamat: 1_000, whatsat: 20, invalid: 3 },
        links: [link, { ...link, neighbour: "Jaquez", waitingReports: 1_200 }],
        propagationSeconds: durations.read(),
      }),
      { paint },
    );
    const cells = cellsOf(text);
    const expected = {
      "server": "Hill",
      "state": "ready",
      "up": "2 h",
      "clients": "12,345",
      "conns": "2",
      "updates": "1,000",
      "questions": "20",
      "invalid": "3",
      "propagation ms": "1.50 / 1.99",
      "answer ms": "- / -",
      "links": "Smith, Jaquez 1,200 behind",
    };
    assertEquals({ ...cells, ...expected }, cells);
    assertStringIncludes(text, "since the start");
  },
});

Deno.test({
  name: "formatStatus() shows rates and latencies since an earlier status",
  permissions: "none",
  fn() {
    const durations = new DurationCounter();
    for (let count = 0; count < 100; count++) durations.add(10);
    const lines = { iamat: 1_000, whatsat: 20, invalid: 3 };
    const earlier = statusOf(2_000, {
      lines,
      whatsatSeconds: durations.read(),
    });
    durations.add(0.00001);
    const later = statusOf(2_002, {
      lines: { ...lines, iamat: 1_100 },
      whatsatSeconds: durations.read(),
    });
    const cells = cellsOf(formatStatus(later, { earlier, paint }));
    assertEquals(
      ["updates", "questions", "invalid", "propagation ms", "answer ms"]
        .map((title) => cells[title]),
      ["50", "0", "0", "- / -", "0.03 / 0.05"],
    );
    // The server was restarted, and counts from 0.
    const restarted = statusOf(2_002, {
      uptimeSeconds: 1,
      lines: { ...lines, iamat: 40 },
    });
    const after = cellsOf(formatStatus(restarted, { earlier, paint }));
    assertEquals(after["updates"], "20");
    // The clock of this machine was set meanwhile.
    const set = { ...later, time: 1_766_000_000 };
    const same = cellsOf(formatStatus(set, { earlier, paint }));
    assertEquals([same["updates"], same["up"]], ["50", "16 min"]);
  },
});

Deno.test({
  name: "formatStatus() shows warnings below the table",
  permissions: "none",
  fn() {
    const silent = [
      { name: "Smith", address: "127.0.0.1:8202", reason: "cannot connect" },
    ];
    const text = formatStatus(
      statusOf(2_000, {
        notReady: "no neighbour is linked",
        links: [{ ...link, isUp: false, lastFailure: "Connection refused" }],
        log: {
          path: "",
          lagBytes: 0,
          lostLines: 7,
          lostBytes: 0,
          fault: "No space left on device",
        },
        limitHits: { pipelined: 2 },
      }, silent),
      { paint },
    );
    const [, , silentRow, , ...warnings] = text.split("\n");
    assertEquals(silentRow.trim(), "Smith   no answer");
    assertEquals(warnings, [
      "Hill: no neighbour is linked",
      "Hill: Smith is not linked (Connection refused)",
      "Hill: the log cannot be written: No space left on device",
      "Hill: 7 lines are missing in the log",
      "Hill: the limit pipelined was reached 2 times",
      "Smith: 127.0.0.1:8202: cannot connect",
    ]);
  },
});

Deno.test({
  name: "formatStatus() replaces control characters",
  permissions: "none",
  fn() {
    const text = formatStatus(
      statusOf(2_000, {
        links: [{
          ...link,
          neighbour: "\x1b[2J",
          isUp: false,
          lastFailure: "\x07\u202e\nHill: all is well",
        }],
      }),
      { paint },
    );
    assert(!/[^\P{C}\n]/u.test(text), text);
    assert(!text.includes("\nHill: all"));
  },
});

/** The status of busy servers with these names, and of one silent server. */
function herdOf(names: readonly string[]): StatusCollection {
  const links = ["Hill", "Jaquez"].map((neighbour, index) => ({
    ...link,
    neighbour,
    isUp: index === 0,
  }));
  const servers = names.map((name) => ({
    ...statusOf(1_000_000, {
      notReady: "no neighbour is linked",
      clients: 1_234_567,
      lines: { iamat: 123_456_789, whatsat: 20, invalid: 3 },
      links,
    }).servers[0],
    name,
  }));
  const reason = "no answer in 2000 ms";
  const silent = [{ name: "Campbell", address: "127.0.0.1:8203", reason }];
  return { time: 1_000_000, elapsedMs: 0, servers, silent };
}

const names = ["Hill", "Jaquez", "Smith", "Singleton"];

/** The titles of the columns on a terminal of this width. */
function titlesAt(width: number | undefined): string {
  const [first] = formatStatus(herdOf(names), { paint, width }).split("\n");
  return first.replace(/ {2,}/g, ", ");
}

Deno.test({
  name: "formatStatus() fits any width, with any names and numbers",
  permissions: "none",
  fn() {
    const odd = [..."ab"].map((letter) => letter.repeat(64)).concat("天地玄黃");
    const paint = createPaint(true);
    for (const status of [herdOf(names), herdOf(odd)]) {
      for (let width = 2; width < 240; width++) {
        const text = formatStatus(status, { paint, width });
        for (const line of text.split("\n")) {
          assert(widthOf(line) <= width, `${width}: ${line}`);
        }
      }
      const whole = formatStatus(status, { paint });
      assertEquals(formatStatus(status, { paint, width: 1_000 }), whole);
    }
  },
});

Deno.test({
  name: "formatStatus() leaves out the least important columns, and names them",
  permissions: "none",
  fn() {
    const all = "server, state, up, clients, conns, updates, questions, " +
      "invalid, propagation ms, answer ms, links";
    assertEquals(titlesAt(undefined), all);
    assertEquals(titlesAt(130), all);
    assertEquals(
      titlesAt(80),
      "server, state, clients, updates, propagation ms, answer ms, links",
    );
    assertEquals(titlesAt(40), "server, state, clients, links");
    const lines = formatStatus(herdOf(names), { paint, width: 60 }).split("\n");
    assertEquals(lines.slice(0, 6), [
      "server     state        clients      updates  links",
      "Hill       not ready  1,234,567  123,456,789  1 of 2",
      "Jaquez     not ready  1,234,567  123,456,789  1 of 2",
      "Smith      not ready  1,234,567  123,456,789  1 of 2",
      "Singleton  not ready  1,234,567  123,456,789  1 of 2",
      "Campbell   no answer",
    ]);
    assertEquals(lines.slice(7, 9), [
      "no room for conns, invalid, questions, up, propagation ms,",
      "answer ms",
    ]);
    const long = herdOf(["a".repeat(64)]);
    const [, row] = formatStatus(long, { paint, width: 40 }).split("\n");
    assertEquals(row, "aaaaaaaaa…  not ready  1,234,567  1 of 2");
  },
});

Deno.test({
  name: "drawAgain() draws fewer lines than the terminal has",
  permissions: "none",
  fn() {
    const clear = "\x1b[H\x1b[J";
    assertEquals(drawAgain("a\nb", 3), `${clear}a\nb`);
    assertEquals(drawAgain("a\nb\nc", 3), `${clear}a\n... and 2 more lines`);
    assertEquals(drawAgain("a\nb", 1), `${clear}... and 2 more lines`);
  },
});
