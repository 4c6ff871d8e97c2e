import fc from "../fast_check.ts";
import { formatMeasured, type Goal, goals, judge } from "../../bench/goals.ts";
import type { Sample } from "../../bench/results.ts";
import { cell, numbers, table, words } from "../../bench/report/markdown.ts";
import {
  formatMicroseconds,
  formatNumber,
} from "../../bench/report/numbers.ts";
import { fillPage, PageError } from "../../bench/report/page.ts";
import { plots } from "../../bench/report/plots.ts";
import {
  newest,
  parseResults,
  ResultsError,
} from "../../bench/report/read_results.ts";
import { middle, ratio, updates } from "../../bench/report/samples.ts";
import { linearScale, logScale } from "../../log_analysis/plots/scales.ts";
import { fitCost } from "../../research/page/herd_costs.ts";
import { sections } from "../../bench/report/sections.ts";
import { element, print } from "../../log_analysis/plots/svg.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "../assert.ts";
import { assertProperty } from "../property.ts";
import { projectFolder } from "../end_to_end/process.ts";
import {
  madeUpRates as rounds,
  madeUpResults,
  madeUpSamples,
} from "./made_up_results.ts";

const pure = { permissions: "none" } as const;

const rate = (subject: string) => updates(subject, "50x1", "updatesPerSecond");

/** All numbers of these subjects, times a factor. */
const scaled = (factor: number, isMeant: (name: string) => boolean) =>
  madeUpSamples.map((sample) =>
    sample.subject !== "herd" ? sample : {
      ...sample,
      values: Object.fromEntries(
        Object.entries(sample.values).map(([name, value]) =>
          isMeant(name) ? [name, value * factor] : [name, value]
        ),
      ),
    }
  );

const isRate = (name: string) => name.endsWith("PerSecond");

const goalNamed = (what: string): Goal =>
  goals.find((goal) => goal.what === what)!;

const surroundings = {
  goals,
  path: "bench/results/x.json",
  plots: new Map([["updates", "Updates"]]),
};

const partOf = (name: string, ...given: Parameters<typeof madeUpResults>) =>
  sections(madeUpResults(...given), surroundings).get(name)!;

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
    // Of 0.5, 0.9 and 1.25; that of the medians would be the last one.
    assertEquals(ratio(results, rate("herd"), rate("echo")), 0.9);
    assertEquals(ratio(results, rate("herd"), rate("redis")), undefined);
    assertEquals(ratio(results, rate("herd"), rate("node")), undefined);
  },
);

Deno.test(
  "every goal is reached at its limit, and not a little beyond",
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
    const dearer = scaled(1.01, (name) => !isRate(name));
    const fallen = goals.map((goal) =>
      goal.direction === "at least"
        ? goal.measure(madeUpResults(worse))
        : goal.measure(madeUpResults(dearer))
    );
    assertEquals(
      goals.map((goal, at) => judge(goal, fallen[at])),
      goals.map(() => "falls short"),
    );
    assertEquals(verdicts([]), all("not measured"));
  },
);

Deno.test("a goal for every load takes the worst and names it", pure, () => {
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
  "CPU of the herd is shown for both ways, and the dearer one counts",
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
  "a rival that is not installed is a row that says what to type",
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

Deno.test("a part without samples says so", pure, () => {
  const parts = sections(madeUpResults([]), surroundings);
  for (const [name, part] of parts) {
    if (name === "machine" || name === "goals") continue;
    assertStringIncludes(part, "Not measured.", name);
  }
});

Deno.test(
  "the tables hold ratios, numbers and sizes in their order",
  pure,
  () => {
    assertStringIncludes(partOf("updates"), "![Updates](plots/updates.svg)");
    assertStringIncludes(partOf("updates"), "|   0.75 (720) |");
    assertStringIncludes(partOf("latency"), " 139 / 278 / 556 |");
    assertStringIncludes(partOf("propagation"), "2.00 |");
    assertStringIncludes(partOf("memory"), "8,190 B |");
    assert(
      /5 servers[^]*40 servers[^]*1,000 clients[^]*1,000,000 clients/.test(
        partOf("growth"),
      ),
    );
    assert(
      /1 server, at one[^]*3 .* one[^]*12 .* one[^]*3 .* each[^]*12 .* each/
        .test(partOf("sizes")),
    );
    assert(
      /server killed.*105[^]*0 clients[^]*100,000 clients[^]*5 servers.*507/
        .test(partOf("convergence")),
    );
    assertStringIncludes(
      partOf("machine"),
      "[bench/results/x.json](../bench/results/x.json)",
    );
  },
);

Deno.test("a table of runtimes has a row for each, and its gaps", pure, () => {
  const rowOf = (part: string, label: string) =>
    part.split("\n").find((line) => line.startsWith(`| ${label} `))
      ?.split("|").slice(2, -1).map((text) => text.trim());
  const pauses = partOf("pauses");
  assertEquals(rowOf(pauses, "herd")?.slice(2, 4), ["0.500", "0.8 %"]);
  assertEquals(rowOf(pauses, "Java, Serial")?.slice(2, 4), ["17.5", "7.3 %"]);
  assertEquals(rowOf(pauses, "Java, ZGC")?.slice(2, 4), ["0", "0.0 %"]);
  assertEquals(rowOf(partOf("slices"), "Deno"), ["65,600 B", "51.1 B"]);
  assertEquals(rowOf(partOf("slices"), "CPython"), ["74 B", "–"]);
  assertEquals(rowOf(partOf("threads"), "Node"), [
    "1,000,000",
    "1,900,000",
    "1.90",
    "1.90",
    "0.260",
  ]);
  assertEquals(rowOf(partOf("start-up"), "herd"), ["250", "120", "–"]);
  assertEquals(rowOf(partOf("start-up"), "Java"), ["–", "990", "61.5"]);
  assertEquals(rowOf(partOf("memory"), "node:net"), [
    "a client, at 500,000 clients",
    "415 B",
  ]);
  const missing = [{
    measure: "threads",
    subject: "java",
    reason: "failed: x",
  }];
  assertStringIncludes(
    partOf("threads", madeUpSamples, missing),
    "| Java: failed: x | ",
  );
});

Deno.test("what a further server costs is the line through all", pure, () => {
  const exact = [1, 2, 5, 12].map((servers) => ({
    servers,
    cpuUs: 2 + 3 * (servers - 1),
  }));
  const { firstUs, furtherUs, mostOff } = fitCost(exact)!;
  const round = (value: number) => Number(value.toFixed(9));
  assertEquals([firstUs, furtherUs, mostOff].map(round), [2, 3, 0]);
  // Where none goes through all, any other line is further off.
  const bent = [1, 2, 3].map((servers) => ({
    servers,
    cpuUs: [1, 1, 4][servers - 1],
  }));
  const line = fitCost(bent)!;
  const errors = bent.map(({ cpuUs, servers }) =>
    (line.firstUs + line.furtherUs * (servers - 1)) / cpuUs - 1
  );
  const squares = (firstUs: number, furtherUs: number) =>
    bent.reduce(
      (sum, { cpuUs, servers }) =>
        sum + ((firstUs + furtherUs * (servers - 1)) / cpuUs - 1) ** 2,
      0,
    );
  assertEquals(line.mostOff, Math.max(...errors.map(Math.abs)));
  for (
    const [first, further] of [[0.01, 0], [-0.01, 0], [0, 0.01], [0, -0.01]]
  ) {
    assert(
      squares(line.firstUs + first, line.furtherUs + further) >
        squares(line.firstUs, line.furtherUs),
    );
  }
  assertEquals(
    fitCost([{ servers: 2, cpuUs: 5 }, { servers: 2, cpuUs: 6 }]),
    undefined,
  );
  const words = partOf("sizes").replaceAll("\n", " ");
  assertMatch(
    words,
    /one server, .* is 2(\.00)? µs for .* 3(\.00)? µs for each/,
  );
  assertMatch(words, /all servers, .* no size is off by more than [1-9]/);
});

Deno.test("a table is aligned, and no cell can end its row", pure, () => {
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
  "numbers have three digits and the unit that suits them",
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

By hand: <!-- bench:two --> is no place.

<!-- bench:two -->
<!-- /bench:two -->
`;

Deno.test("only what is between the comments is replaced", pure, () => {
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
  "a page with other comments than parts is one clear error",
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
      assertThrows(() => fillPage(text, parts), PageError, message);
    }
  },
);

Deno.test("results come back as they were written", pure, () => {
  const results = madeUpResults(madeUpSamples, [
    { measure: "updates", subject: "java", reason: "not installed" },
  ]);
  assertEquals(parseResults(JSON.stringify(results)), results);
});

Deno.test("a file that is no results names what is wrong", pure, () => {
  const results = JSON.parse(JSON.stringify(madeUpResults()));
  const [sample] = results.samples;
  const cases: readonly (readonly [unknown, string])[] = [
    [[], "the file: expected an object, found []"],
    [{ ...results, version: 2 }, "version: expected 1, found 2"],
    [{ ...results, startedAt: "2026" }, "startedAt: expected a time"],
    [
      { ...results, startedAt: "2026-13-01T00:00:00Z" },
      "startedAt: expected a time",
    ],
    [{ ...results, machine: {} }, "machine.processor: expected a text"],
    [{ ...results, versions: { deno: 2 } }, "versions.deno: expected a text"],
    [{ ...results, samples: {} }, "samples: expected a list"],
    [
      { ...results, samples: [sample, { ...sample, values: { p50Us: null } }] },
      "samples[1].values.p50Us: expected a number, found null",
    ],
    [
      { ...results, missing: [{ measure: "updates" }] },
      "missing[0].subject: expected a text, found nothing",
    ],
  ];
  for (const [json, message] of cases) {
    assertThrows(
      () => parseResults(JSON.stringify(json)),
      ResultsError,
      message,
    );
  }
  assertThrows(() => parseResults("{"), ResultsError, "not JSON");
  const huge = JSON.stringify(results).replace('"rounds":2', '"rounds":1e999');
  assertThrows(() => parseResults(huge), ResultsError, "rounds: expected");
});

Deno.test("the newest results are those that were begun last", pure, () => {
  const entries = ["2026-02-01", "2026-02-03", "2026-02-02"].map((day) => ({
    results: { ...madeUpResults(), startedAt: `${day}T00:00:00Z` },
  }));
  assertEquals(newest(entries), entries[1]);
  assertEquals(newest([]), undefined);
});

Deno.test("a scale holds all its values, and keeps their order", pure, () => {
  const positive = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
  assertProperty(fc.property(fc.array(positive, { minLength: 1 }), (values) => {
    const span = { from: 10, to: 110 };
    const greatest = Math.max(...values);
    for (const scale of [linearScale(greatest, span), logScale(values, span)]) {
      const { at, ticks } = scale;
      assert(ticks.length >= 2 && ticks.length <= 25, `${ticks}`);
      const places = values.toSorted((one, other) => one - other).map(at);
      for (const [index, place] of places.entries()) {
        assert(place >= 10 - 1e-6 && place <= 110 + 1e-6, `${place}`);
        assert(index === 0 || places[index - 1] <= place);
      }
    }
    const { at, ticks } = linearScale(greatest, span);
    assertEquals(at(0), 10);
    assertEquals(Math.round(at(ticks.at(-1)!) * 1e6), 110e6);
  }));
  assertEquals(logScale([3, 400], { from: 0, to: 1 }).ticks, [
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
  ]);
  assertEquals(linearScale(42, { from: 0, to: 1 }).ticks, [
    0,
    10,
    20,
    30,
    40,
    50,
  ]);
});

Deno.test(
  "SVG is escaped, and its lines are broken between attributes",
  pure,
  () => {
    assertEquals(
      print(element("text", { x: 1.26, class: 'a"b' }, "<&>")),
      '<text x="1.3" class="a&quot;b">&lt;&amp;&gt;</text>',
    );
    const long = print(
      element("g", {}, [element("a", { b: "c".repeat(70), d: "e", f: "g" })]),
    );
    assertEquals(
      long,
      `<g>\n  <a b="${"c".repeat(70)}"\n    d="e" f="g" />\n</g>`,
    );
  },
);

Deno.test(
  "every plot has words for who cannot see it, and stays in its frame",
  pure,
  () => {
    const missing = [
      { measure: "updates", subject: "java", reason: "not installed" },
    ];
    for (const [name, draw] of Object.entries(plots)) {
      assertEquals(draw(madeUpResults([])), undefined);
      const { svg, title } = draw(madeUpResults(madeUpSamples, missing))!;
      assertStringIncludes(svg, `<title>${title}</title>`);
      assert(
        /role="img"/.test(svg) && /<desc>[^<]{40,}<\/desc>/.test(svg),
        name,
      );
      assert(!/NaN|Infinity|undefined/.test(svg), name);
      const [, height] = svg.match(/viewBox="0 0 840 (\d+)"/)!;
      const within = (pattern: RegExp, most: number) => {
        for (const [, number] of svg.matchAll(pattern)) {
          assert(Number(number) >= 0 && Number(number) <= most, name + number);
        }
      };
      within(/\s(?:c?x|x[12])="([^"]+)"/g, 840);
      within(/\s(?:c?y|y[12])="([^"]+)"/g, Number(height));
      // Of a list of points, those across.
      within(/["\s]([\d.-]+),[\d.-]+(?=["\s])/g, 840);
    }
  },
);

Deno.test(
  "a plot shows who is not installed, and cuts who is far above",
  pure,
  () => {
    const { svg } = plots.updates(madeUpResults(madeUpSamples, [
      { measure: "updates", subject: "java", reason: "not installed" },
    ]))!;
    assertEquals(svg.match(/>not installed</g)?.length, 4);
    const failing = [{
      measure: "updates",
      subject: "java",
      reason: "failed: x",
    }];
    const { svg: other } = plots.updates(
      madeUpResults(madeUpSamples, failing),
    )!;
    assertEquals(other.match(/>failed</g)?.length, 4);
    // An arrow has five corners, a bar four.
    const corners = [...svg.matchAll(/points="([^"]+)"/g)]
      .map(([, points]) => points.split(" ").length);
    assertEquals(corners.filter((count) => count === 5).length, 4);
  },
);

Deno.test("docs/PERFORMANCE.md has a place for every part", async () => {
  const text = await Deno.readTextFile(`${projectFolder}docs/PERFORMANCE.md`);
  fillPage(text, sections(madeUpResults(), surroundings));
});

/** Runs a program of the project, and returns what it wrote. */
async function run(...args: readonly string[]) {
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: projectFolder,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("the report can be written twice, and formatting changes nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [file, page] = [`${folder}/r.json`, `${folder}/PERFORMANCE.md`];
    const report = (...words: readonly string[]) =>
      run(
        "run",
        `--allow-read=${folder}`,
        `--allow-write=${folder}`,
        "bench/report.ts",
        ...words,
      );
    await Deno.copyFile(`${projectFolder}docs/PERFORMANCE.md`, page);
    await Deno.writeTextFile(
      file,
      JSON.stringify(
        madeUpResults(
          madeUpSamples.filter(({ subject }) => subject !== "nats"),
          [{
            measure: "propagation",
            subject: "nats",
            reason: "`apt-get install nats-server` | <b>*it*</b>",
          }],
        ),
      ),
    );
    assertEquals(await report(file, "--docs", folder), {
      code: 0,
      said: `${page}: made of ${file}, 4 plots\n`,
    });
    const first = await Deno.readTextFile(page);
    assertEquals((await report(file, "--docs", folder)).code, 0);
    assertEquals(await Deno.readTextFile(page), first);
    const formatted = await run(
      "fmt",
      "--check",
      "--no-config",
      page,
      `${folder}/plots`,
    );
    assertEquals(formatted.code, 0, formatted.said);

    await Deno.writeTextFile(file, JSON.stringify(madeUpResults([])));
    assertEquals((await report(file, "--docs", folder)).code, 0);
    assertEquals([...Deno.readDirSync(`${folder}/plots`)], []);

    await Deno.writeTextFile(file, '{ "version": 3 }');
    assertEquals(await report(file, "--docs", folder), {
      code: 1,
      said: `bench:report: ${file}: version: expected 1, found 3\n`,
    });
    assertEquals(await report(`${folder}/none`, "--docs", folder), {
      code: 1,
      said: `bench:report: ${folder}/none: there is no such file\n`,
    });
    assertEquals((await report("a", "b")).code, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
