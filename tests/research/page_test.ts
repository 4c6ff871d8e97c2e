import { goals } from "../../bench/goals.ts";
import { SetupError } from "../../cli/exit.ts";
import { linearScale, logScale } from "../../log_analysis/plots/scales.ts";
import { element, print } from "../../log_analysis/plots/svg.ts";
import { fillPage } from "../../research/page/fill_page.ts";
import { fitCost } from "../../research/page/herd_costs.ts";
import { cell, numbers, table, words } from "../../research/page/markdown.ts";
import { updatesPlot } from "../../research/page/updates_plot.ts";
import { combineResults } from "../../research/page/combine_results.ts";
import { fillParts } from "../../research/page/write_page.ts";
import { parts } from "../../research/performance_page.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "../assert.ts";
import {
  madeUpResults,
  madeUpSamples,
  scaledSamples,
} from "../bench/made_up_results.ts";
import { projectFolder } from "../end_to_end/process.ts";
import fc from "../fast_check.ts";
import { assertProperty } from "../property.ts";

const pure = { permissions: "none" } as const;

const partOf = (name: string, ...given: Parameters<typeof madeUpResults>) =>
  parts[name].text(madeUpResults(...given), "bench/results/x.json", []);

/** The numbers in the row of a subject. */
const rowOf = (part: string, label: string) =>
  part.split("\n").find((line) => line.startsWith(`| ${label} `))
    ?.split("|").slice(2, -1).map((text) => text.trim());

Deno.test(
  "a part without samples is not measured",
  pure,
  () => {
    for (const name of Object.keys(parts)) {
      if (name === "machine" || name === "goals") continue;
      assertEquals(partOf(name, []), "Not measured.", name);
    }
  },
);

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
    partOf("goals", scaledSamples(0.99, (name) => name.endsWith("PerSecond"))),
    `Of ${goals.length} goals, 9 reached, 8 missed, 0 not measured.`,
  );
});

Deno.test(
  "the tables hold ratios, numbers and sizes in their order",
  pure,
  () => {
    assertStringIncludes(partOf("updates"), "|   0.75 (720) |");
    assertStringIncludes(partOf("latency"), " 139 / 278 / 556 |");
    assertStringIncludes(partOf("propagation"), "2.00 |");
    assertStringIncludes(partOf("memory"), "8,190 B |");
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

Deno.test("the tables of herds have sizes in their order", pure, () => {
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
});

Deno.test(
  "a table of runtimes has a row for each runtime, with gaps",
  pure,
  () => {
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
    const missing = [{
      measure: "threads",
      subject: "java",
      reason: "failed: x",
    }];
    assertStringIncludes(
      partOf("threads", madeUpSamples, missing),
      "| Java: failed: x | ",
    );
  },
);

Deno.test("the model of the cost is the line that fits best", pure, () => {
  const exact = [1, 2, 5, 12].map((servers) => ({
    servers,
    cpuUs: 2 + 3 * (servers - 1),
  }));
  const { firstUs, furtherUs, mostOff } = fitCost(exact)!;
  const round = (value: number) => Number(value.toFixed(9));
  assertEquals([firstUs, furtherUs, mostOff].map(round), [2, 3, 0]);
  // Any other line has a greater sum of squares.
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
  assertMatch(words, /all servers, .* greatest error is then [1-9]/);
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
  "every plot has a description, and stays in its frame",
  pure,
  () => {
    const missing = [
      { measure: "updates", subject: "java", reason: "not installed" },
    ];
    for (const [name, { plot: draw }] of Object.entries(parts)) {
      if (draw === undefined) continue;
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
      // The x of each point in a list.
      within(/["\s]([\d.-]+),[\d.-]+(?=["\s])/g, 840);
    }
  },
);

Deno.test(
  "a plot shows which subjects are not installed, and cuts long bars",
  pure,
  () => {
    const { svg } = updatesPlot(madeUpResults(madeUpSamples, [
      { measure: "updates", subject: "java", reason: "not installed" },
    ]))!;
    assertEquals(svg.match(/>not installed</g)?.length, 4);
    const failing = [{
      measure: "updates",
      subject: "java",
      reason: "failed: x",
    }];
    const { svg: other } = updatesPlot(
      madeUpResults(madeUpSamples, failing),
    )!;
    assertEquals(other.match(/>failed</g)?.length, 4);
    // A bar that is cut has five corners, and another one four.
    const corners = [...svg.matchAll(/points="([^"]+)"/g)]
      .map(([, points]) => points.split(" ").length);
    assertEquals(corners.filter((count) => count === 5).length, 4);
  },
);

Deno.test("docs/PERFORMANCE.md has a place for every part", async () => {
  const text = await Deno.readTextFile(`${projectFolder}docs/PERFORMANCE.md`);
  const { page, plots } = fillParts(text, parts, {
    path: "x.json",
    results: madeUpResults(),
    older: [],
  });
  assertEquals([...plots.keys()], [
    "updates",
    "latency",
    "propagation",
    "growth",
  ]);
  assertStringIncludes(
    page,
    `![${plots.get("updates")!.title}](plots/updates.svg)`,
  );
});

/** Runs a program of the project, and returns what it wrote. */
async function run(...args: readonly string[]) {
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: projectFolder,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("the page can be written twice, and `deno fmt` changes nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [file, page] = [`${folder}/r.json`, `${folder}/PERFORMANCE.md`];
    const report = (...words: readonly string[]) =>
      run(
        "run",
        `--allow-read=${folder}`,
        `--allow-write=${folder}`,
        "research/performance_page.ts",
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
      output: `${page}: made of ${file}, 4 plots\n`,
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
    assertEquals(formatted.code, 0, formatted.output);

    await Deno.writeTextFile(file, JSON.stringify(madeUpResults([])));
    assertEquals((await report(file, "--docs", folder)).code, 0);
    assertEquals([...Deno.readDirSync(`${folder}/plots`)], []);

    await Deno.writeTextFile(file, '{ "version": 3 }');
    assertEquals(await report(file, "--docs", folder), {
      code: 1,
      output: `bench:report: ${file}: version: expected 1, found 3\n`,
    });
    assertEquals(await report(`${folder}/none`, "--docs", folder), {
      code: 1,
      output: `bench:report: ${folder}/none: there is no such file\n`,
    });
    assertEquals((await report("a", "b")).code, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

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

Deno.test(
  "each measure is from the newest results that have it",
  pure,
  () => {
    const fileOf = (day: string, points: readonly string[][]) => ({
      path: `bench/results/${day}.json`,
      results: {
        ...madeUpResults(points.map(([measure, point]) => ({
          measure,
          point,
          subject: "herd",
          round: 1,
          values: {},
        }))),
        startedAt: `${day}T01:02:03.000Z`,
      },
    });
    const combined = combineResults([
      fileOf("2026-02-01", [["growth", "1"], ["places", "1"], ["pauses", "1"]]),
      fileOf("2026-02-03", [["hostile", "3"], ["growth", "3"]]),
      fileOf("2026-02-02", [["hostile", "2"], ["places", "2"]]),
    ])!;
    assertEquals(combined.path, "bench/results/2026-02-03.json");
    assertEquals(
      combined.results.samples.map(({ measure, point }) =>
        `${measure} ${point}`
      ),
      ["hostile 3", "growth 3", "places 2", "pauses 1"],
    );
    assertEquals(combined.older.map(({ measures }) => measures), [
      ["places"],
      ["pauses"],
    ]);
    const { older, path, results } = combined;
    const text = parts.machine.text(results, path, older)
      .replaceAll(/\s+/g, " ");
    assertMatch(text, /2026-02-03.json\), begun on 2026-02-03 at 01:02 UTC/);
    assertMatch(text, /begun on 2026-02-01 at .* Only: pauses\. \| machine/);
    assertEquals(combineResults([]), undefined);
  },
);
