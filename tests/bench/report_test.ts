import { formatMeasured, type Goal, goals, judge } from "../../bench/goals.ts";
import { newestOf, productParts } from "../../bench/report.ts";
import { cell, numbers, table, words } from "../../bench/report/markdown.ts";
import {
  formatMicroseconds,
  formatNumber,
} from "../../bench/report/numbers.ts";
import { fillPage } from "../../bench/report/page.ts";
import { middle, ratio, updates } from "../../bench/report/samples.ts";
import type { Sample } from "../../bench/results.ts";
import { SetupError } from "../../cli/exit.ts";
import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "../assert.ts";
import fc from "../fast_check.ts";
import { assertProperty } from "../property.ts";
import {
  madeUpRates as rounds,
  madeUpResults,
  madeUpSamples,
} from "./made_up_results.ts";

const pure = { permissions: "none" } as const;

const rate = (subject: string) => updates(subject, "50x1", "updatesPerSecond");

/** Samples in which some of the herd's numbers are multiplied. */
const scaled = (factor: number, isScaled: (name: string) => boolean) =>
  madeUpSamples.map((sample) =>
    sample.subject !== "herd" ? sample : {
      ...sample,
      values: Object.fromEntries(
        Object.entries(sample.values).map(([name, value]) =>
          isScaled(name) ? [name, value * factor] : [name, value]
        ),
      ),
    }
  );

const isRate = (name: string) => name.endsWith("PerSecond");

const goalNamed = (what: string): Goal =>
  goals.find((goal) => goal.what === what)!;

/** The numbers in the row of a subject. */
const rowOf = (part: string, label: string) =>
  part.split("\n").find((line) => line.startsWith(`| ${label} `))
    ?.split("|").slice(2, -1).map((text) => text.trim());

const partOf = (name: string, ...given: Parameters<typeof madeUpResults>) =>
  productParts[name].text(madeUpResults(...given), "bench/results/x.json");

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
  "a subject that is not installed has a row with the command to install it",
  pure,
  () => {
    const samples = madeUpSamples.filter(({ subject }) => subject !== "redis");
    const measures = ["updates", "memory", "propagation"];
    const missing = measures.map((measure) => ({
      measure,
      subject: "redis",
      reason: "`apt-get install redis-server` | or so",
    }));
    const words = "not installed: `apt-get install redis-server` \\| or so";
    const updatesPart = partOf("updates", samples, missing);
    assertStringIncludes(updatesPart, `| Redis, GEOADD: ${words} |`);
    const memoryPart = partOf("memory", samples, missing);
    assertStringIncludes(memoryPart, "| Redis, SET |");
    assertStringIncludes(memoryPart, words);
    assertStringIncludes(partOf("propagation", samples, missing), words);
    assert(!partOf("latency", samples, missing).includes("Redis"));
    const row = partOf("goals", samples, missing).split("\n")
      .find((line) => line.startsWith("| 50x1 against Redis"))!;
    assertStringIncludes(row, words);
    assertStringIncludes(row, "| not measured |");
  },
);

Deno.test("the goals are counted", pure, () => {
  assertStringIncludes(
    partOf("goals", scaled(0.99, isRate)),
    `Of ${goals.length} goals, 6 reached, 8 missed, 0 not measured.`,
  );
});

Deno.test("a part without samples is not measured", pure, () => {
  for (const name of Object.keys(productParts)) {
    if (name === "machine" || name === "goals") continue;
    assertEquals(partOf(name, []), "Not measured.", name);
  }
});

Deno.test(
  "the tables hold ratios, numbers and sizes in their order",
  pure,
  () => {
    assertStringIncludes(partOf("updates"), "|   0.75 (720) |");
    assertStringIncludes(partOf("latency"), " 139 / 278 / 556 |");
    assertStringIncludes(partOf("propagation"), "2.00 |");
    assertStringIncludes(partOf("memory"), "8,190 B |");
    assert(
      /server killed.*105[^]*0 clients[^]*100,000 clients/
        .test(partOf("convergence")),
    );
    const startUp = partOf("start-up");
    assertEquals(rowOf(startUp, "herd"), ["250", "120", "–"]);
    assertEquals(rowOf(startUp, "Java"), ["–", "990", "61.5"]);
    assertEquals(rowOf(partOf("memory"), "node:net"), [
      "a client, at 500,000 clients",
      "415 B",
    ]);
    assertStringIncludes(
      partOf("machine"),
      "[bench/results/x.json](../bench/results/x.json)",
    );
  },
);

Deno.test("a table is aligned, and its cells are escaped", pure, () => {
  assertEquals(
    table([words("a"), numbers("µs")], [["long", "1"], ["é", "1,000"]]),
    [
      "| a    |    µs |",
      "| ---- | ----: |",
      "| long |     1 |",
      "| é    | 1,000 |",
    ].join("\n"),
  );
  assertEquals(
    cell("a | b\n*c* <d> `e | *f*` x86_64 _g_"),
    "a \\| b \\*c\\* \\<d\\> `e \\| *f*` x86_64 \\_g\\_",
  );
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

const page = `# Title

<!-- bench:one -->

old

<!-- /bench:one -->

<!-- bench:two --> within a line is no place.

<!-- bench:two -->
<!-- /bench:two -->
`;

Deno.test("only the text between the comments is replaced", pure, () => {
  const parts = new Map([["two", "new $& 2"], ["one", "new 1"]]);
  const filled = fillPage(page, parts);
  assertEquals(
    filled,
    page.replace("old", "new 1").replace(
      "<!-- bench:two -->\n<!-- /",
      () => "<!-- bench:two -->\n\nnew $& 2\n\n<!-- /",
    ),
  );
  assertEquals(fillPage(filled, parts), filled);
});

Deno.test(
  "places that differ from the parts are an error",
  pure,
  () => {
    const parts = new Map([["one", "1"], ["two", "2"]]);
    const twice = page + page;
    const cases: readonly (readonly [string, string])[] = [
      ["", "no place for one"],
      [page.replace("<!-- bench:one -->", ""), "/bench:one --> without"],
      [page.replace("<!-- /bench:one -->", ""), "bench:one --> without"],
      [page.replace("<!-- /bench:two -->", ""), "bench:two --> without"],
      [twice, "two places for one"],
      [`${page}<!-- bench:six -->\n<!-- /bench:six -->\n`, "a place for six"],
    ];
    for (const [text, message] of cases) {
      assertThrows(() => fillPage(text, parts), SetupError, message);
    }
  },
);

Deno.test("the newest results are those that started last", pure, () => {
  const entries = ["2026-02-01", "2026-02-03", "2026-02-02"].map((day) => ({
    startedMs: Date.parse(`${day}T00:00:00Z`),
  }));
  assertEquals(newestOf(entries), entries[1]);
  assertEquals(newestOf([]), undefined);
});
