import fc from "./fast_check.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "./assert.ts";
import { Program, projectFolder } from "./end_to_end/process.ts";
import { anySeed, assertProperty } from "./property.ts";

const command =
  "deno test -P --frozen --config tests/deno.json tests/failing_properties.ts";

/** Runs a command as it would be typed; returns its output. */
async function outputOf(typed: string): Promise<string> {
  const [words, args] = typed.split("deno test ");
  const [name, value] = words.trim().split("=");
  await using program = Program.start(
    ["test", "--no-check", ...args.split(" ")],
    { env: name === "" ? {} : { [name]: value } },
  );
  assertEquals(await program.ended(), 1);
  return program.stdout + program.stderr;
}

/** The messages that a run of the command prints about failing properties. */
async function failuresOf(typed: string): Promise<string[]> {
  const output = await outputOf(typed);
  return output.match(/(?<=^error: Error: )the property [^]*?\nagain: .*$/gm) ??
    [];
}

Deno.test("a failing property prints its seed and the command that repeats it", async () => {
  const failures = await failuresOf(command);
  assertEquals(failures.length, 3);
  const end = `\nagain: HERD_TEST_SEED=\\1 ${command}$`;
  const found = "^the property does not hold for \\[\\d+\\]\n";
  for (const failure of failures.slice(0, 2)) {
    assertMatch(failure, RegExp(`${found}seed (\\d+), path [\\d:]+${end}`));
  }
  const rejected = "^the property rejects too many inputs\n";
  assertMatch(failures[2], RegExp(`${rejected}seed (\\d+)${end}`));
  for (const [index, failure] of failures.entries()) {
    const [, again] = failure.split("\nagain: ");
    assertEquals((await failuresOf(again))[index], failure);
  }
  const later = await failuresOf(command);
  const seeds = [...failures, ...later].join().match(/seed \d+/g);
  assertEquals(new Set(seeds).size, 6);
});

Deno.test("an invalid seed is refused", async () => {
  const expected = "HERD_TEST_SEED: expected a whole number from 1 to ";
  for (const seed of ["", "kiwi", "2147483648"]) {
    const output = await outputOf(`HERD_TEST_SEED=${seed} ${command}`);
    assertStringIncludes(output, `${expected}2147483647, found ${seed}\n`);
  }
});

Deno.test({
  name: "examples are tried in every run, and before all other inputs",
  permissions: "none",
  fn() {
    const tried: number[] = [];
    const property = fc.property(anySeed, (seed) => {
      tried.push(seed);
    });
    assertProperty(property, { examples: [[7], [8]], numRuns: 5 });
    assertEquals(tried.slice(0, 2), [7, 8]);
    assertEquals(tried.length, 5);
    // Small seeds are not preferred.
    assert(tried.slice(2).some((seed) => seed > 1_000_000), tried.join());
  },
});

Deno.test("all tests assert properties through assertProperty()", async () => {
  for await (const path of testFiles("tests/")) {
    if (path === "tests/property.ts") continue;
    const text = await Deno.readTextFile(projectFolder + path);
    assertEquals(text.match(/\bfc\s*\.(assert|check)\(/)?.[0], undefined, path);
  }
});

async function* testFiles(folder: string): AsyncGenerator<string> {
  for await (
    const { isDirectory, name } of Deno.readDir(projectFolder + folder)
  ) {
    if (isDirectory) yield* testFiles(`${folder}${name}/`);
    else if (name.endsWith(".ts")) yield folder + name;
  }
}

Deno.test("CI sets no seeds", async () => {
  for (const path of [".ci/run", ".github/workflows/ci.yml", "deno.json"]) {
    const text = await Deno.readTextFile(projectFolder + path);
    assertEquals(text.match(/--seed\b|HERD_TEST_SEED/)?.[0], undefined, path);
  }
});
