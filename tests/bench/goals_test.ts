import { formatMeasured, type Goal, goals, judge } from "../../bench/goals.ts";
import { formatMicroseconds, formatNumber } from "../../bench/numbers.ts";
import type { Sample } from "../../bench/results.ts";
import { middle, ratio, updates } from "../../bench/samples.ts";
import { assertEquals } from "../assert.ts";
import fc from "../fast_check.ts";
import { assertProperty } from "../property.ts";
import {
  madeUpRates as rounds,
  madeUpResults,
  madeUpSamples,
  scaledSamples as scaled,
} from "./made_up_results.ts";

const pure = { permissions: "none" } as const;

const rate = (subject: string) => updates(subject, "50x1", "updatesPerSecond");

const isRate = (name: string) => name.endsWith("PerSecond");

const goalNamed = (what: string): Goal =>
  goals.find((goal) => goal.what === what)!;

Deno.test(
  "a ratio is taken within each round, and is missing without one",
  pure,
  () => {
    const results = madeUpResults([
      ...rounds("herd", 10, 90, 50),
      ...rounds("echo", 20, 100, 40),
      ...rounds("redis", 0, 0, 0),
    ]);
    assertEquals(middle(results, rate("herd")), 50);
    assertEquals(middle(results, rate("echo")), 40);
    // The median of 0.5, 0.9 and 1.25. The ratio of the medians is 1.25.
    assertEquals(ratio(results, rate("herd"), rate("echo")), 0.9);
    assertEquals(ratio(results, rate("herd"), rate("redis")), undefined);
    assertEquals(ratio(results, rate("herd"), rate("node")), undefined);
  },
);

Deno.test(
  "every goal is reached at its limit, and missed just beyond it",
  pure,
  () => {
    const verdicts = (samples: readonly Sample[]) =>
      goals.map((goal) => {
        const results = madeUpResults(samples);
        return `${goal.what}: ${judge(goal, goal.measure(results))}`;
      });
    const all = (verdict: string) =>
      goals.map(({ what }) => `${what}: ${verdict}`);
    assertEquals(verdicts(madeUpSamples), all("reached"));
    const worse = scaled(0.99, isRate);
    const costlier = scaled(1.01, (name) => !isRate(name));
    const missed = goals.map((goal) =>
      goal.direction === "at least"
        ? goal.measure(madeUpResults(worse))
        : goal.measure(madeUpResults(costlier))
    );
    assertEquals(
      goals.map((goal, at) => judge(goal, missed[at])),
      goals.map(() => "falls short"),
    );
    assertEquals(verdicts([]), all("not measured"));
  },
);

Deno.test("a goal for every load names the worst one", pure, () => {
  const slow = madeUpSamples.map((sample) =>
    sample.subject === "node" && sample.point === "50x16"
      ? { ...sample, values: { updatesPerSecond: 500 } }
      : sample
  );
  const goal = goalNamed("every load against our node:net rival");
  assertEquals(
    formatMeasured(goal, goal.measure(madeUpResults(slow))),
    "1.20 (at 50x16)",
  );
  const without = slow.filter(({ point }) => point !== "4x256");
  assertEquals(goal.measure(madeUpResults(without)), {
    reason: "nothing at 4x256",
  });
});

Deno.test("a goal for every attack names the worst one", pure, () => {
  const texts = (samples: readonly Sample[]) =>
    [
      "a timer of 5 ms in an attacked server, p99.9",
      "the same, longest",
    ].map((what) => {
      const goal = goalNamed(what);
      return formatMeasured(goal, goal.measure(madeUpResults(samples)));
    });
  assertEquals(texts(madeUpSamples), [
    "10 ms (burst of queries)",
    "50 ms (4 MB of places)",
  ]);
  const without = madeUpSamples.filter(({ measure }) => measure !== "hostile");
  assertEquals(texts(without), [
    "nothing at any attack",
    "nothing at any attack",
  ]);
});

Deno.test(
  "CPU of the herd is shown for both ways, and the greater one counts",
  pure,
  () => {
    const goal = goalNamed("CPU an update at 8x16, all five servers together");
    assertEquals(
      formatMeasured(goal, goal.measure(madeUpResults())),
      "20 µs (20 sent to one server, 18 to each)",
    );
  },
);

Deno.test("no number is rounded to the other side of its limit", pure, () => {
  const goal = goalNamed("50x1 against the bare echo");
  const texts = [0.7496, 0.74999, 0.75, 0.7504, 0.749999999999].map((value) =>
    formatMeasured(goal, { value })
  );
  assertEquals(texts, ["0.7496", "0.74999", "0.75", "0.75", "0.749999999999"]);
  assertProperty(fc.property(
    fc.constantFrom(...goals),
    fc.double({ min: 0.99, max: 1.01, noNaN: true }),
    (goal, factor) => {
      const value = goal.limit * factor;
      const shown = Number.parseFloat(
        formatMeasured(goal, { value }).replaceAll(",", ""),
      );
      assertEquals(judge(goal, { value: shown }), judge(goal, { value }));
    },
  ));
});

Deno.test(
  "numbers have three digits and a suitable unit",
  pure,
  () => {
    assertEquals(
      [0.04567, 1.5, 13, 123_456].map((value) => formatNumber(value)),
      [
        "0.0457",
        "1.50",
        "13",
        "123,000",
      ],
    );
    assertEquals([0.5, 999.4, 999.6, 1234, 2_500_000].map(formatMicroseconds), [
      "0.500 µs",
      "999 µs",
      "1.00 ms",
      "1.23 ms",
      "2.50 s",
    ]);
  },
);
