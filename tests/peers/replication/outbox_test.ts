import {
  antiEntropyWriteBytes,
  echoEveryBytes,
  maxLineIds,
  maxNewsWrites,
  maxUnconfirmedBytes,
  maxWriteBytes,
} from "../../../peers/limits.ts";
import { fingerprint } from "../../../peers/store/fingerprint.ts";
import { type LineSource, Outbox } from "../../../peers/replication/outbox.ts";
import type { Report } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import { reportOf } from "../reports.ts";
import { takeAllLines, takeLines } from "./take_lines.ts";
import { timestampOf } from "../../fakes/timestamp.ts";

function put(outbox: Outbox, report: Report): void {
  outbox.put(report, fingerprint(report.line));
}

/** A source of these lines. */
function sourceOf(lines: Iterator<string>): LineSource {
  let next = lines.next();
  return {
    addTo(batch, end) {
      for (; !next.done && batch.length < end; next = lines.next()) {
        batch.add(next.value);
      }
    },
    get hasMore() {
      return !next.done;
    },
  };
}

/** The neighbour confirms all of a catch-up. */
function takeConfirmed(outbox: Outbox): string[] {
  const lines = takeLines(outbox);
  outbox.onEchoed(1e9);
  return lines.filter((line) => !line.startsWith("ECHO"));
}

/** Adds reports about other clients until one is in the backlog. */
function fallBehind(outbox: Outbox): void {
  for (let client = 0; outbox.backlog === 0; client++) {
    put(outbox, reportOf(`other-${client}`, 1));
  }
}

function withoutOthers(lines: string[]): string[] {
  return lines.filter((line) => !line.includes("other"));
}

Deno.test({
  name: "Outbox keeps the order of reports while its batch has room",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    const lines: string[] = [];
    for (let time = 0; time < 100; time++) {
      const report = reportOf(`client-${time % 3}`, time);
      put(outbox, report);
      lines.push(report.line);
      report.bytes.fill(0);
    }
    assertEquals([outbox.waiting, outbox.backlog], [100, 0]);
    assertEquals(takeLines(outbox), lines);
    assertEquals(outbox.waiting, 0);
    put(outbox, reportOf("kiwi", 1));
    assertEquals(takeLines(outbox), [reportOf("kiwi", 1).line]);
    assertEquals(takeLines(outbox), []);
  },
});

Deno.test({
  name: "Outbox keeps each client's newest report when its batch is full",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    fallBehind(outbox);
    const { waiting } = outbox;
    for (let time = 0; time < 100; time++) put(outbox, reportOf("kiwi", time));
    assertEquals([outbox.waiting, outbox.backlog], [waiting + 1, 2]);
    const lines = takeAllLines(outbox);
    assertEquals(lines.length, waiting + 1);
    assertEquals(withoutOthers(lines), [reportOf("kiwi", 99).line]);
    assertEquals([outbox.waiting, outbox.backlog], [0, 0]);
  },
});

Deno.test({
  name: "Outbox does not send a report after a newer one about its client",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    put(outbox, reportOf("kiwi", 1));
    fallBehind(outbox);
    put(outbox, reportOf("kiwi", 2));
    put(outbox, reportOf("pear", 1));
    put(outbox, reportOf("pear", 2));
    assertEquals(withoutOthers(takeAllLines(outbox)), [
      reportOf("kiwi", 1).line,
      reportOf("kiwi", 2).line,
      reportOf("pear", 2).line,
    ]);
  },
});

Deno.test({
  name: "Outbox sends a requested report as it is stored when it is sent",
  permissions: "none",
  fn() {
    const stored = new Map([[1, reportOf("kiwi", 1)], [
      2,
      reportOf("pear", 1),
    ]]);
    const outbox = new Outbox({
      findReport: ({ fingerprint }) => stored.get(fingerprint),
    });
    for (let fingerprint = 0; fingerprint < 3; fingerprint++) {
      outbox.onWanted({ fingerprint, leaf: 1 });
      outbox.onWanted({ fingerprint, leaf: 1 });
    }
    // A newer report was stored and flooded.
    stored.delete(2);
    assertEquals(takeLines(outbox), [reportOf("kiwi", 1).line]);
    assertEquals([takeLines(outbox), outbox.hasMore], [[], false]);
  },
});

Deno.test({
  name: "Outbox removes from its backlog reports that the neighbour has",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    fallBehind(outbox);
    for (const client of ["kiwi", "pear", "plum"]) {
      put(outbox, reportOf(client, 5));
    }
    outbox.cancelOlder(reportOf("kiwi", 5));
    outbox.cancelOlder(reportOf("pear", 4));
    outbox.cancelOlder(reportOf("fig", 9));
    outbox.drop("plum", 0);
    const lines = withoutOthers(takeAllLines(outbox));
    assertEquals(lines, [reportOf("pear", 5).line]);
  },
});

Deno.test({
  name: "Outbox limits the bytes of a write, and sends new reports first",
  permissions: "none",
  fn() {
    const past = Array.from({ length: 200 }, (_, index) => `past ${index}`);
    const lines = past.map((text) => text.padEnd(1_000)).values();
    const outbox = new Outbox({ whenIdle: sourceOf(lines) });
    const longReport = (client: number) =>
      reportOf(`${client}`.padEnd(1_000, "x"), 1);
    const lineBytes = longReport(0).line.length + 1;
    for (let client = 0; client < 400; client++) {
      put(outbox, longReport(client));
    }
    const batchLines = Math.ceil(maxWriteBytes / lineBytes);
    assertEquals(outbox.backlog, 400 - batchLines);
    assertEquals(outbox.batchBytes, batchLines * lineBytes);
    const first = takeConfirmed(outbox);
    assert(first.length * lineBytes <= maxWriteBytes + lineBytes);
    const second = takeConfirmed(outbox);
    assertEquals(first.length + second.length, 400);
    const third = takeConfirmed(outbox);
    assertEquals(third[0].trimEnd(), "past 0");
    assert(third.length * 1_001 <= antiEntropyWriteBytes + 1_001);
    put(outbox, longReport(0));
    assertEquals(takeConfirmed(outbox), [longReport(0).line]);
    let count = third.length;
    for (let lines; (lines = takeConfirmed(outbox)).length > 0;) {
      count += lines.length;
    }
    assertEquals(count, 200);
  },
});

Deno.test({
  name: "Outbox sends idle lines at intervals when new reports keep coming",
  permissions: "none",
  fn() {
    const past = Array.from({ length: 200 }, (_, index) => `past ${index}`);
    const lines = past.map((text) => text.padEnd(1_000)).values();
    const outbox = new Outbox({ whenIdle: sourceOf(lines) });
    let idleLines = 0;
    for (let turn = 0; turn < 4; turn++) {
      for (let write = 0; write < maxNewsWrites; write++) {
        put(outbox, reportOf("kiwi", write));
        assertEquals(takeLines(outbox), [reportOf("kiwi", write).line]);
      }
      put(outbox, reportOf("pear", turn));
      const [first, ...others] = takeConfirmed(outbox);
      assertEquals(first, reportOf("pear", turn).line);
      const bytes = others.join("\n").length;
      assert(turn === 3 || bytes >= antiEntropyWriteBytes);
      assert(bytes <= antiEntropyWriteBytes + 1_001);
      idleLines += others.length;
    }
    assertEquals(idleLines, 200);
  },
});

Deno.test({
  name: "Outbox sends SYNCED after the reports that wait, not after later ones",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    outbox.onSync();
    assertEquals(takeLines(outbox), ["SYNCED"]);
    assertEquals(takeLines(outbox), []);
    put(outbox, reportOf("kiwi", 1));
    outbox.onSync();
    put(outbox, reportOf("kiwi", 2));
    const both = [1, 2].map((time) => reportOf("kiwi", time).line);
    assertEquals(takeAllLines(outbox), [...both, "SYNCED"]);
    // Reports are added as fast as they are written, so the backlog stays.
    let clients = 0;
    const putLong = () => {
      const long = `client-${clients++}`.padEnd(1_000, "x");
      put(outbox, reportOf(long, 1));
    };
    while (outbox.backlog < 5_000) putLong();
    put(outbox, reportOf("kiwi", 3));
    outbox.onSync();
    put(outbox, reportOf("pear", 3));
    const lines: string[] = [];
    for (let write = 0; write < 50; write++) {
      for (let index = 0; index < 300; index++) putLong();
      lines.push(...takeLines(outbox));
    }
    assert(outbox.backlog > 0);
    const [synced, report] = [
      lines.indexOf("SYNCED"),
      lines.indexOf(reportOf("kiwi", 3).line),
    ];
    assert(report >= 0 && report < synced, `${report} and ${synced}`);
  },
});

Deno.test({
  name: "Outbox sends SYNCED after all idle lines",
  permissions: "none",
  fn() {
    const past = Array.from({ length: 200 }, (_, index) => `past ${index}`);
    const lines = past.map((text) => text.padEnd(1_000)).values();
    const outbox = new Outbox({ whenIdle: sourceOf(lines) });
    outbox.onSync();
    const all: string[] = [];
    for (let write = 0; write < 10 * maxNewsWrites; write++) {
      put(outbox, reportOf("kiwi", all.length));
      all.push(...takeConfirmed(outbox));
    }
    const isPast = (line: string) => line.startsWith("past");
    assertEquals(all.filter(isPast).length, 200);
    const last = all.findLastIndex(isPast);
    assertEquals(all.indexOf("SYNCED"), last + 1);
    // A SYNC of an earlier connection is not answered.
    outbox.onSync();
    outbox.dropControlMessages();
    assertEquals(takeLines(outbox), []);
  },
});

Deno.test({
  name: "Outbox limits the IDs in a line, and sends each ID once",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    const count = 3_000;
    for (let fingerprint = 0; fingerprint < count; fingerprint++) {
      outbox.announce({ fingerprint, leaf: 1 });
      for (let time = 0; time < 2; time++) {
        outbox.requestReport({ fingerprint, leaf: 1 });
      }
    }
    outbox.sendDirective("PRUNE", "Hill");
    outbox.sendDirective("GRAFT", "Hill");
    for (let age = 0; age < 2; age++) outbox.announcements.age();
    const lines = takeAllLines(outbox);
    assertEquals(lines[0], "GRAFT Hill");
    for (const verb of ["HAVE", "WANT"]) {
      const counts = lines
        .filter((line) => line.startsWith(verb))
        .map((line) => line.split(" ").length - 1);
      assert(counts.every((ids) => ids <= maxLineIds), `${counts}`);
      assertEquals(counts.reduce((sum, ids) => sum + ids), count);
    }
    assertEquals(takeLines(outbox), []);
  },
});

Deno.test({
  name: "Outbox sends a PING at a heartbeat only if nothing else waits",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    assertEquals(outbox.takeHeartbeat().text, "PING\n");
    put(outbox, reportOf("kiwi", 1));
    assertEquals(outbox.takeHeartbeat().text, `${reportOf("kiwi", 1).line}\n`);
    assertEquals(outbox.waiting, 0);
  },
});

Deno.test({
  name: "Outbox removes a report that the neighbour sends, and no other",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    outbox.sendHorizon(timestampOf(1));
    const reports = ["kiwi", "pear", "plum"].map((id) => reportOf(id, 5));
    for (const report of reports) put(outbox, report);
    for (const report of [reports[1], reportOf("fig", 5), reports[1]]) {
      outbox.cancel(fingerprint(report.line));
    }
    const rest = [reports[0].line, reports[2].line];
    assertEquals(takeLines(outbox), ["HORIZON 1.000000000", ...rest]);
    // A batch that was taken no longer changes.
    put(outbox, reports[1]);
    outbox.cancel(fingerprint(reports[0].line));
    assertEquals(takeLines(outbox), [reports[1].line]);
  },
});

Deno.test({
  name: "Outbox sends HORIZON before the reports that raised it",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    put(outbox, reportOf("kiwi", 1));
    outbox.sendHorizon(timestampOf(1));
    put(outbox, reportOf("pear", 2));
    assertEquals(takeLines(outbox), [
      reportOf("kiwi", 1).line,
      "HORIZON 1.000000000",
      reportOf("pear", 2).line,
    ]);
    fallBehind(outbox);
    outbox.sendHorizon(timestampOf(2));
    put(outbox, reportOf("plum", 3));
    const lines = takeAllLines(outbox);
    assertEquals(lines.filter((line) => line.startsWith("HORIZON")), [
      "HORIZON 2.000000000",
    ]);
    assert(
      lines.indexOf("HORIZON 2.000000000") <
        lines.indexOf(reportOf("plum", 3).line),
    );
  },
});

Deno.test({
  name: "Outbox drops what waits for a slow neighbour beyond its limit",
  permissions: "none",
  fn() {
    const maxBytes = 100_000;
    // How often each is added goes far beyond the limit.
    const fill: [string, number, (outbox: Outbox, index: number) => void][] = [
      [
        "backlog",
        20_000,
        (outbox, index) => put(outbox, reportOf(`c-${index}`, 1)),
      ],
      [
        "long lines of three clients",
        100,
        (outbox, index) =>
          put(outbox, reportOf(`c-${index % 3}`.padEnd(40_000, "x"), index)),
      ],
      [
        "announcements",
        20_000,
        (outbox, fingerprint) => outbox.announce({ fingerprint, leaf: 1 }),
      ],
      [
        "requests",
        20_000,
        (outbox, fingerprint) => outbox.requestReport({ fingerprint, leaf: 1 }),
      ],
      [
        "requests of the neighbour",
        20_000,
        (outbox, fingerprint) => outbox.onWanted({ fingerprint, leaf: 1 }),
      ],
    ];
    for (const [what, times, add] of fill) {
      let drops = 0;
      const outbox = new Outbox({ maxBytes, onDropped: () => drops += 1 });
      let most = 0;
      for (let index = 0; index < times; index++) {
        add(outbox, index);
        most = Math.max(most, outbox.bytes);
      }
      assertEquals(drops, 1, what);
      assert(most <= maxBytes && most > maxBytes / 4, `${what}: ${most}`);
      // Until it reads again, nothing else is kept.
      assert(outbox.bytes < 4_096, `${what}: ${outbox.bytes} bytes are left`);
      takeLines(outbox);
      const fresh = reportOf("kiwi", 1);
      put(outbox, fresh);
      assertEquals(takeLines(outbox), [fresh.line], what);
      assertEquals([outbox.waiting, outbox.backlog], [0, 0], what);
    }
  },
});

Deno.test({
  name: "Outbox charges what is in it, and nothing that is gone",
  permissions: "none",
  fn() {
    const outbox = new Outbox();
    const empty = outbox.bytes;
    fallBehind(outbox);
    const start = outbox.bytes;
    for (const digits of [1, 9_000, 30, 2_000]) {
      put(outbox, reportOf("kiwi", 10 ** 9 + 1 / digits));
    }
    put(outbox, reportOf("pear", 1));
    outbox.drop("pear", 0);
    outbox.drop("kiwi", 0);
    assertEquals(outbox.bytes, start);
    put(outbox, reportOf("kiwi", 5));
    outbox.cancelOlder(reportOf("kiwi", 5));
    assertEquals(outbox.bytes, start);
    takeAllLines(outbox);
    assertEquals(outbox.bytes, empty);
  },
});

Deno.test({
  name: "Outbox sends no more of a catch-up than the neighbour has confirmed",
  permissions: "none",
  fn() {
    const past = Array.from({ length: 5_000 }, () => "past".padEnd(1_000));
    const outbox = new Outbox({ whenIdle: sourceOf(past.values()) });
    const all = takeAllLines(outbox);
    const bytes = all.join("\n").length;
    assert(bytes >= maxUnconfirmedBytes, `${bytes}`);
    assert(bytes < maxUnconfirmedBytes + antiEntropyWriteBytes + 2_000);
    const echoes = all.filter((line) => line.startsWith("ECHO "));
    assertEquals(
      echoes,
      echoes.map((_, index) => `ECHO ${index + 1}`),
    );
    assertEquals([takeLines(outbox), outbox.hasMore], [[], false]);
    // New reports do not wait for that.
    put(outbox, reportOf("kiwi", 1));
    assertEquals(takeLines(outbox), [reportOf("kiwi", 1).line]);
    outbox.onEchoed(2);
    assert(outbox.hasMore);
    const more = takeAllLines(outbox).join("\n").length;
    assert(more > echoEveryBytes && more < 4 * antiEntropyWriteBytes);
    // ECHOs are answered by the last one.
    for (let number = 1; number < 1_000; number++) outbox.onEcho(number);
    assertEquals(takeLines(outbox), ["ECHOED 999"]);
    // A new connection begins anew.
    outbox.dropControlMessages();
    assert(takeAllLines(outbox).includes("ECHO 1"));
  },
});
