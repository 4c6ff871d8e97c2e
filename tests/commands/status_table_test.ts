import { formatStatus } from "../../commands/status_table.ts";
import type { Survey } from "../../commands/survey.ts";
import { DurationCounter } from "../../status/distribution.ts";
import type { LinkStatus, ServerFacts } from "../../status/status.ts";
import { createPaint } from "../../terminal/paint.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { serverFacts } from "../fakes/observed_server.ts";

const paint = createPaint(false);

function surveyOf(
  time: number,
  facts: Partial<ServerFacts>,
  silent: Survey["silent"] = [],
): Survey {
  const server = {
    ...serverFacts("Hill", { startedAt: 1_000, ...facts }),
    software: "1.2.3",
    memoryBytes: 0,
  };
  return { time, servers: [server], silent };
}

const link: LinkStatus = {
  neighbour: "Smith",
  isUp: true,
  since: 1_000,
  isCaughtUp: true,
  waitingReports: 0,
  reportsReceived: 0,
  bytesSent: 0,
  losses: 0,
  lastFailure: null,
};

/** The cells of the first server's row. */
const cellsOf = (text: string) => text.split("\n")[1].split(/ {2,}/);

Deno.test({
  name: "formatStatus() shows counts since the start",
  permissions: "none",
  fn() {
    const durations = new DurationCounter();
    for (let count = 0; count < 100; count++) durations.add(0.0015);
    const text = formatStatus(
      surveyOf(8_200, {
        clients: 12_345,
        connections: { open: 2, accepted: 9 },
        lines: { iamat: 1_000, whatsat: 20, invalid: 3 },
        links: [link, { ...link, neighbour: "Jaquez", waitingReports: 1_200 }],
        propagationSeconds: durations.read(),
      }),
      { paint },
    );
    assertEquals(cellsOf(text), [
      "Hill",
      "ready",
      "2 h",
      "12,345",
      "2",
      "1,000",
      "20",
      "3",
      "1.50 / 1.99",
      "- / -",
      "Smith, Jaquez 1,200 behind",
    ]);
    assertStringIncludes(text, "since the start");
  },
});

Deno.test({
  name: "formatStatus() shows rates and latencies since an earlier survey",
  permissions: "none",
  fn() {
    const durations = new DurationCounter();
    for (let count = 0; count < 100; count++) durations.add(10);
    const lines = { iamat: 1_000, whatsat: 20, invalid: 3 };
    const earlier = surveyOf(2_000, {
      lines,
      whatsatSeconds: durations.read(),
    });
    durations.add(0.00001);
    const later = surveyOf(2_002, {
      lines: { ...lines, iamat: 1_100 },
      whatsatSeconds: durations.read(),
    });
    const cells = cellsOf(formatStatus(later, { earlier, paint }));
    assertEquals(cells.slice(5, 10), ["50", "0", "0", "- / -", "0.03 / 0.05"]);
    // It was started anew meanwhile, and counts from 0.
    const restarted = surveyOf(2_002, {
      startedAt: 2_001,
      lines: { ...lines, iamat: 40 },
    });
    const after = cellsOf(formatStatus(restarted, { earlier, paint }));
    assertEquals(after[5], "20");
  },
});

Deno.test({
  name: "formatStatus() says what needs attention",
  permissions: "none",
  fn() {
    const silent = [
      { name: "Smith", address: "127.0.0.1:8202", reason: "nobody answers" },
    ];
    const text = formatStatus(
      surveyOf(2_000, {
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
    const [, , answerless, , ...concerns] = text.split("\n");
    assertEquals(answerless.trim(), "Smith   no answer");
    assertEquals(concerns, [
      "Hill: no neighbour is linked",
      "Hill: Smith is not linked (Connection refused)",
      "Hill: the log cannot be written: No space left on device",
      "Hill: 7 lines are missing in the log",
      "Hill: the limit pipelined was reached 2 times",
      "Smith: 127.0.0.1:8202: nobody answers",
    ]);
  },
});

Deno.test({
  name: "formatStatus() lets nothing steer the terminal",
  permissions: "none",
  fn() {
    const text = formatStatus(
      surveyOf(2_000, {
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
