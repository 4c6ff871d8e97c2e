import type { Results, Sample } from "../../bench/results.ts";
import { summarize } from "../../bench/summary.ts";
import { assert, assertEquals } from "../assert.ts";
import { madeUpResults } from "./made_up_results.ts";

/** The tables, without the legend. */
const tablesOf = (results: Results) =>
  summarize(results).split("\n\n").slice(1).join("\n\n");

/** One value of a measure in each round. */
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
  name: "the summary compares within rounds, and names what is missing",
  permissions: "none",
  fn() {
    assertEquals(
      summarize(madeUpResults([])),
      "Medians. In parentheses: the herd's value divided by this one.",
    );
    const results = madeUpResults([
      ...rates("herd", "1x1", 100, 200, 300),
      // The ratios are 2, 0.5 and 1, so the median is 1: not 200 / 300.
      ...rates("redis", "1x1", 50, 400, 300),
      ...rates("herd", "50x16", 1_000),
    ], [{ measure: "updates", subject: "java", reason: "apt-get install x" }]);
    assertEquals(
      tablesOf(results),
      `updates      updatesPerSecond
1x1, herd                 200
1x1, redis         300 (1.00)
50x16, herd             1,000
updates, java: not installed: apt-get install x`,
    );
  },
});

Deno.test({
  name: "a value that a point lacks is a gap",
  permissions: "none",
  fn() {
    const results = madeUpResults([
      ...rounds("threads", "deno", "1 thread", "updatesPerSecond", [100]),
      ...rounds("threads", "node", "1 thread", "updatesPerSecond", [200]),
      ...rounds("threads", "node", "message", "cpuUs", [4, 1, 2]),
    ]);
    assertEquals(
      tablesOf(results),
      `threads         updatesPerSecond  cpuUs
1 thread, deno               100
1 thread, node               200
message, node                         2`,
    );
  },
});

Deno.test({
  name: "of a measure with a total only the total is shown",
  permissions: "none",
  fn() {
    const results = madeUpResults([
      ...rounds("mistakes", "java", "absent key", "checked", [1]),
      ...rounds("mistakes", "java", "total", "found", [12]),
    ], [{ measure: "mistakes", subject: "python", reason: "apt-get x" }]);
    assertEquals(
      tablesOf(results),
      `mistakes     found
total, java     12
mistakes, python: not installed: apt-get x`,
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
      assert(lines.some((line) => line.startsWith(`${measure} `)), measure);
    }
  },
});
