import {
  complaints,
  type Language,
  languages,
  type Program,
} from "../../research/checkers/languages.ts";
import {
  outcomeOf,
  type Seen,
  totalsOf,
} from "../../research/checkers/outcomes.ts";
import { forEachOf } from "../../research/checkers/run.ts";
import { versionOf } from "../../research/checkers/versions.ts";
import {
  mistakeNames,
  mistakesOf,
  tryOut,
} from "../../research/measures/mistakes.ts";
import { mistakesTable } from "../../research/page/mistakes_table.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertThrows,
} from "../assert.ts";
import { madeUpResults, madeUpSamples } from "../bench/made_up_results.ts";
import { projectFolder } from "../end_to_end/process.ts";
import { needs } from "../needs.ts";

const pure = { permissions: "none" } as const;

Deno.test(
  "a version of a program has its own lines and those of both",
  pure,
  () => {
    const program = "both\none // right\ntwo # wrong\nnot // wrong at all\n";
    assertEquals(
      versionOf(program, "right"),
      "both\none // right\nnot // wrong at all\n",
    );
    assertEquals(
      versionOf(program, "wrong"),
      "both\ntwo # wrong\nnot // wrong at all\n",
    );
    assertThrows(
      () => versionOf("both\n", "right"),
      TypeError,
      "expected lines",
    );
  },
);

const programNamed = (path: string): Program => ({
  mistake: "m",
  version: "wrong",
  path,
});

Deno.test("a checker reports the programs that it names", pure, () => {
  const programs = ["/a.py", "/b.py", "/c.py"].map(programNamed);
  const output = {
    code: 1,
    stdout: "/b.py:3: error",
    stderr: "in /a.py: what",
  };
  assertEquals([...complaints(programs, output)], programs.slice(0, 2));
  const content = { code: 0, stdout: "Check /a.py\n", stderr: "" };
  assertEquals(complaints(programs, content).size, 0);
  // A warning is a complaint. A checker that failed has no result.
  assertEquals(
    complaints(programs, { ...content, stderr: "/c.py:1: warning" }).size,
    1,
  );
  const failed = { code: 2, stdout: "", stderr: "no such flag" };
  assertThrows(() => complaints(programs, failed), Error, "no such flag");
});

Deno.test("a mistake has the first outcome that applies", pure, () => {
  const seen: readonly Seen[] = [
    { checked: 1, run: 1 },
    { checked: 1, run: 0 },
    { checked: 1 },
    { checked: 0, run: 1 },
    { checked: 0, run: 0 },
    { checked: 0, run: 0 },
    { impossible: 1 },
  ];
  assertEquals(
    seen.map(outcomeOf).join(),
    [
      ...["found", "found", "found"],
      ...["failsWhenRun", "silent", "silent", "impossible"],
    ].join(),
  );
  assertEquals(totalsOf(seen), {
    found: 3,
    failsWhenRun: 1,
    silent: 2,
    impossible: 1,
  });
});

Deno.test("every language has every mistake, or the reason why it is impossible", async () => {
  const page = await Deno.readTextFile(
    `${projectFolder}research/mistakes/README.md`,
  );
  const names = mistakeNames();
  assert(names.length >= 16);
  for (const mistake of names) {
    assert(
      page.includes(`| \`${mistake}\` `),
      `${mistake} is not in README.md`,
    );
    const folder = `${projectFolder}research/mistakes/${mistake}`;
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(
      files,
      languages.filter(({ impossible }) => !(mistake in impossible))
        .map(({ file }) => file).sort(),
      mistake,
    );
  }
});

/** Calls something with a folder that is gone afterwards. */
async function withFolder<T>(act: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  try {
    return await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Some outcomes, among them each kind that a language has. */
const expected: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  typescript: {
    misspelt_field: "found",
    unhandled_error: "failsWhenRun",
    swapped_numbers: "silent",
  },
  python: {
    misspelt_field: "found",
    // Only in strict mode.
    never_equal: "found",
    index_out_of_bounds: "failsWhenRun",
    number_too_large: "impossible",
    swapped_numbers: "silent",
  },
  java: {
    misspelt_field: "found",
    // Found only when the other programs have no errors.
    used_before_set: "found",
    unhandled_error: "found",
    index_out_of_bounds: "failsWhenRun",
    swapped_numbers: "silent",
  },
  javascript: {
    misspelt_field: "silent",
    unhandled_error: "failsWhenRun",
    swapped_numbers: "silent",
  },
};

for (const language of languages) {
  const withLanguage = needs(...language.needs.map(({ name }) => name));
  withLanguage.test(
    `mistakes in ${language.id} are found, and right versions pass`,
    () =>
      withFolder(async (folder) => {
        const seen = await tryOut(language, folder);
        assertEquals([...seen.keys()].sort(), mistakeNames());
        for (
          const [mistake, outcome] of Object.entries(expected[language.id])
        ) {
          assertEquals(outcomeOf(seen.get(mistake)!), outcome, mistake);
        }
      }),
  );
}

Deno.test(
  "after an error no item is started, and the started ones end",
  pure,
  async () => {
    const output: string[] = [];
    await assertRejects(
      () =>
        forEachOf([1, 2, 3, 4, 5], async (item) => {
          output.push(`begin ${item}`);
          for (let turn = 0; turn < item * 10; turn++) await Promise.resolve();
          output.push(`end ${item}`);
          if (item === 2) throw new Error("no");
        }),
      Error,
      "no",
    );
    assertEquals(
      output,
      [1, 2].map((item) => `begin ${item}`).concat(
        ...["end 1", "begin 3", "end 2", "end 3"],
      ),
    );
  },
);

/** A language in which every program succeeds. */
const calm: Language = {
  id: "calm",
  needs: [],
  file: "program.mjs",
  check: () => Promise.resolve(new Set()),
  run: () => Promise.resolve({ code: 0, stdout: "", stderr: "" }),
  impossible: {},
};

Deno.test("a right version that fails is an error", async () => {
  await withFolder(async (folder) => {
    const strict: Language = {
      ...calm,
      check: (programs) => Promise.resolve(new Set(programs)),
    };
    await assertRejects(
      () => tryOut(strict, folder),
      Error,
      "right.mjs: the checker complains",
    );
    for (const ended of [{ code: 1, stderr: "" }, { code: 0, stderr: "!" }]) {
      const broken: Language = {
        ...calm,
        run: () => Promise.resolve({ ...ended, stdout: "" }),
      };
      await assertRejects(
        () => tryOut(broken, folder),
        Error,
        `right.mjs: ${ended.stderr}`,
      );
    }
  });
});

Deno.test("mistakes are tried once, if the language is installed", async () => {
  const output: string[] = [];
  const need = {
    name: "a program that is not there",
    command: ["no-such-program"],
    version: /./,
    install: "apt-get install nothing",
  } as const;
  const measure = mistakesOf([
    { ...calm, id: "absent", needs: [need] },
    { ...calm, impossible: { absent_key: "there are none" } },
  ]);
  await withFolder(async (folder) => {
    for (const round of [1, 2]) {
      await measure.run({
        cores: { servers: [], load: [], description: "" },
        folder,
        round,
        secondsAPoint: 1,
        missing: (...words) => void output.push(words.join(": ")),
        add: (subject, point, values) =>
          void output.push(`${subject}: ${point}: ${JSON.stringify(values)}`),
      });
    }
  });
  const count = mistakeNames().length;
  assertEquals(output.length, count + 2);
  assertEquals(output.slice(0, 3), [
    "absent: apt-get install nothing",
    'calm: absent key: {"impossible":1}',
    'calm: check then act: {"checked":0,"run":0}',
  ]);
  assertEquals(
    output.at(-1),
    `calm: total: {"found":0,"failsWhenRun":0,"silent":${
      count - 1
    },"impossible":1}`,
  );
});

Deno.test(
  "the page has rows for mistakes and totals, and names missing languages",
  pure,
  () => {
    const without = madeUpSamples.filter(({ subject }) => subject !== "python");
    const part = (samples = madeUpSamples, missing = false) =>
      mistakesTable(
        madeUpResults(
          samples,
          missing
            ? [{
              measure: "mistakes",
              subject: "python",
              reason: "apt-get install mypy",
            }]
            : [],
        ),
      ).split("\n").map((line) => line.replace(/ +/g, " "));
    const rows = part();
    assert(
      rows.includes("| absent key | found | impossible | fails | silent |"),
    );
    assert(rows.includes("| all: silent | – | – | 7 | – |"), rows.join("\n"));
    assert(!rows.some((row) => row.startsWith("| total ")), rows.join("\n"));
    const others = part(without, true);
    assert(others.includes("| absent key | found | – | fails | silent |"));
    assertEquals(others.at(-1), "Python: not installed: apt-get install mypy.");
  },
);
