/**
 * Tests that the fuzzer's output is enough to find a fault again.
 *
 * @module
 */
import { cpSync } from "node:fs";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { Program, projectFolder } from "../end_to_end/process.ts";

/** All files that the fuzzer needs. */
const parts = [
  "cli",
  "gateways",
  "identity",
  "log",
  "packages",
  "peers",
  "places",
  "protocol",
  "replica",
  "runtime",
  "server/status",
  "sessions",
  "tests/fakes",
  "tests/fuzz",
  "tests/peers",
  "tests/sessions",
  "deno.json",
  "deno.lock",
  "herd.json",
  "import_map.json",
];

/** The only input of the corpus. It does not show the fault. */
const onlyInput = "iamat";

/** Copies the project, with a parser that ignores everything after NUL. */
function copyWithFault(): string {
  const folder = Deno.makeTempDirSync({ prefix: "fuzz-" });
  for (const part of parts) {
    cpSync(projectFolder + part, `${folder}/${part}`, { recursive: true });
  }
  const path = `${folder}/protocol/command.ts`;
  const text = Deno.readTextFileSync(path);
  const faulty = text.replace(
    "splitFields(line,",
    'splitFields(line.split("\\0")[0],',
  );
  assert(faulty !== text);
  Deno.writeTextFileSync(path, faulty);
  for (const name of corpusOf(folder)) {
    if (name !== onlyInput) Deno.removeSync(corpusFile(folder, name));
  }
  return folder;
}

const corpusFile = (folder: string, name: string) =>
  `${folder}/tests/fuzz/corpus/commands/${name}`;

const corpusOf = (folder: string) =>
  [...Deno.readDirSync(corpusFile(folder, ""))].map(({ name }) => name).sort();

/** Runs the program, which must find the fault; returns its output. */
async function findFault(folder: string, args: string): Promise<string> {
  await using program = Program.start([
    "run",
    "--no-check",
    "--allow-read=.",
    "--allow-write=tests/fuzz/corpus",
    "tests/fuzz/fuzz.ts",
    ...args.split(" "),
  ], { cwd: folder });
  assertEquals(await program.ended(), 1, program.stdout + program.stderr);
  assertEquals(program.stderr, "fuzz: faults found in commands\n");
  return program.stdout.replace(/\(\d+\/s\)/, "(some/s)");
}

Deno.test("the seed or the input of a fault finds it again", async () => {
  const folder = copyWithFault();
  try {
    const output = await findFault(folder, "--target commands --seconds 60");
    const [, again] = output.match(/^ {2}again: deno task fuzz (.*)$/m) ?? [];
    const [, file] =
      output.match(/ in tests\/fuzz\/corpus\/commands\/(\S+):/) ??
        [];
    assertMatch(
      output,
      /^seed (\d+)\n[^]*\n {2}again: .*--target commands --seed \1 --runs \d+\n/,
    );
    assertEquals(corpusOf(folder), [file, onlyInput]);
    // The input is in the corpus, so the fault is found at once.
    const runs = await findFault(folder, "--target commands --runs 2");
    assertMatch(runs, /^commands: 2 runs /m);
    // With the original corpus, the printed command repeats the search.
    Deno.removeSync(corpusFile(folder, file));
    assertEquals(await findFault(folder, again), output);
    const [seed] = output.split("\n");
    Deno.removeSync(corpusFile(folder, file));
    const other = await findFault(folder, "--target commands --seconds 60");
    assert(!other.startsWith(`${seed}\n`), seed);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
