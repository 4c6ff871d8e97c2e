import type { Sample } from "../../bench/results.ts";
import { summarize } from "../../bench/summary.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { madeUpResults } from "./made_up_results.ts";

/** One value of a measure, in three rounds. */
function rounds(
  measure: string,
  subject: string,
  point: string,
  name: string,
  values: readonly number[],
): Sample[] {
  return values.map((value, index) => ({
    measure,
    subject,
    point,
    round: index + 1,
    values: { [name]: value },
  }));
}

const rates = (subject: string, point: string, ...values: readonly number[]) =>
  rounds("updates", subject, point, "updatesPerSecond", values);

Deno.test({
  name: "the summary compares within rounds, and says who is missing",
  permissions: "none",
  fn() {
    const results = madeUpResults([
      ...rates("herd", "1x1", 100, 200, 300),
      // The ratios are 2, 0.5 and 1, so the median is 1: not 200 / 300.
      ...rates("redis", "1x1", 50, 400, 300),
      ...rates("herd", "50x16", 1_000),
    ], [{ measure: "updates", subject: "java", reason: "apt-get install x" }]);
    assertEquals(
      summarize(results),
      `updates: updates a second (herd / other, and the other's own)
               1x1     50x16
  herd         200     1,000
  redis  1.00  300  –      –

  java  not installed: apt-get install x`,
    );
  },
});

Deno.test({
  name: "measures of the herd alone have a row a point",
  permissions: "none",
  fn() {
    const results = madeUpResults([
      ...rounds("growth", "herd", "2 servers", "hops", [1]),
      ...rounds("growth", "herd", "1000 clients", "acceptUs", [1, 4, 2]),
    ]);
    assertStringIncludes(
      summarize(results),
      `growth
                hops  acceptUs
  2 servers        1
  1000 clients               2`,
    );
  },
});

Deno.test({
  name: "where others are measured too, each has its rows",
  permissions: "none",
  fn() {
    const results = madeUpResults([
      ...rounds("threads", "deno", "1 thread", "updatesPerSecond", [100]),
      ...rounds("threads", "node", "1 thread", "updatesPerSecond", [200]),
      ...rounds("threads", "node", "message", "cpuUs", [4, 1, 2]),
    ], [{ measure: "threads", subject: "java", reason: "apt-get install x" }]);
    assertEquals(
      summarize(results),
      `threads
                  updatesPerSecond  cpuUs
  deno, 1 thread               100
  node, 1 thread               200
  node, message                         2

  java  not installed: apt-get install x`,
    );
  },
});

Deno.test({
  name: "the mistakes are summed up by language",
  permissions: "none",
  fn() {
    const results = madeUpResults([
      ...rounds("mistakes", "java", "absent key", "checked", [1]),
      ...rounds("mistakes", "java", "total", "found", [12]),
    ], [{ measure: "mistakes", subject: "python", reason: "apt-get x" }]);
    assertEquals(
      summarize(results),
      `mistakes
        found  failsWhenRun  silent  impossible
  java     12             –       –           –

  python  not installed: apt-get x`,
    );
  },
});

Deno.test({
  name: "no measure is left out of the summary",
  permissions: "none",
  fn() {
    const results = madeUpResults();
    const lines = summarize(results).split("\n");
    for (const { measure } of results.samples) {
      const isShown = lines.some((line) =>
        line === measure || line.startsWith(`${measure}: `)
      );
      assert(isShown, measure);
    }
  },
});
