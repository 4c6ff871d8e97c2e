/**
 * Runs the tests, and prints at the end how many were not run and the reason:
 *
 *     deno task test          skips tests whose programs are missing
 *     deno task test:quick    also skips the slow tests
 *     deno task test:all      fails if a program is missing
 *
 * Further arguments are passed to `deno test`: flags, and paths below tests/.
 * Without a path all tests run.
 *
 * @module
 */
import { runProgram, SetupError } from "../cli/exit.ts";
import { installCommand, missingFor, missingOf } from "./needs.ts";

/**
 * The tests that `deno task test:quick` skips: those that take seconds of CPU
 * time, and most of those that start servers.
 */
export const slow = [
  "tests/admin/positions_test.ts",
  "tests/bench/",
  "tests/browser/",
  "tests/client/client_test.ts",
  "tests/conversation/",
  "tests/deploy/",
  "tests/end_to_end/",
  "tests/examples/",
  "tests/fuzz/fuzz_test.ts",
  "tests/hostile/",
  "tests/library_test.ts",
  "tests/log/parse_test.ts",
  "tests/peers/replication/anti_entropy_test.ts",
  "tests/peers/replication/bounds_test.ts",
  "tests/peers/replication/sync_test.ts",
  "tests/phones/run_test.ts",
  "tests/places/gazetteer_test.ts",
  "tests/places/provider_test.ts",
  "tests/places/redact_test.ts",
  "tests/places/trim_test.ts",
  "tests/readme_test.ts",
  "tests/research/",
  "tests/run_tests_test.ts",
  "tests/simulation/coverage_test.ts",
  "tests/simulation/herd_test.ts",
  "tests/simulation/mutation_test.ts",
  "tests/simulation/shrink_test.ts",
  "tests/soak/",
  "tests/storage/crash_test.ts",
  "tests/storage/history/postgres/postgres_test.ts",
  "tests/storage/kills_test.ts",
];

/** The results of the tests. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** Tests that were skipped because programs are missing. */
  notRun: number;
  /** The missing programs. */
  missing: readonly string[];
}

/** Counts the tests, without their steps, in a JUnit report of `deno test`. */
export function countTests(junitXml: string): Counts {
  const names = new Set<string>();
  const counts = { passed: 0, failed: 0, skipped: 0, notRun: 0 };
  const missing = new Set<string>();
  // A test that --filter excludes has no time.
  const cases = junitXml.matchAll(
    /<testcase name="([^"]*)" classname="([^"]*)" time=[^>]*>\s*(<(?:skipped|failure|error))?/g,
  );
  for (const [, name, file, outcome] of cases) {
    // A step is named `test > step`, and follows its test.
    const ends = [...name.matchAll(/ &gt; /g)].map(({ index }) => index);
    if (ends.some((end) => names.has(`${file} ${name.slice(0, end)}`))) {
      continue;
    }
    names.add(`${file} ${name}`);
    if (outcome === undefined) counts.passed += 1;
    else if (outcome === "<skipped") counts.skipped += 1;
    else counts.failed += 1;
    const programs = missingFor(name);
    if (programs.length > 0) counts.notRun += 1;
    for (const program of programs) missing.add(program);
  }
  return { ...counts, missing: [...missing].sort() };
}

/** The last lines of the output. */
export function closingLines(counts: Counts): string[] {
  const { failed, missing, notRun, passed, skipped } = counts;
  const sum = `${passed} passed, ${failed} failed`;
  const lines = [skipped === 0 ? sum : `${sum}, ${skipped} skipped`];
  if (notRun > 0) {
    const tests = notRun === 1 ? "1 test was" : `${notRun} tests were`;
    lines.unshift(
      `${tests} not run. Missing programs: ${missing.join(", ")}. ` +
        `To install them, run: ${installCommand}`,
    );
  }
  return lines;
}

/** Runs `deno test`; returns its exit status. */
async function runDenoTest(args: readonly string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-P", "--frozen", "--config=tests/deno.json", ...args],
  }).spawn();
  // A signal that stops this program stops the tests.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // The tests have ended already.
      }
    });
  }
  return (await child.status).code;
}

async function runTests(words: readonly string[]): Promise<void> {
  const isAll = words[0] === "--all";
  const isQuick = words[0] === "--quick";
  const args = words.slice(isAll || isQuick ? 1 : 0);
  if (isAll) {
    const missing = missingOf();
    if (missing.length > 0) {
      throw new SetupError(
        `missing programs: ${missing.join(", ")}; ` +
          `to install them, run: ${installCommand}`,
      );
    }
  }
  const isChoice = args.some((word) => word.startsWith("tests/"));
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    Deno.exitCode = await runDenoTest([
      `--junit-path=${report}`,
      // Parallel tests share the environment. No quick test reads a variable
      // that another one sets. `deno task check` checks the types.
      ...(isQuick
        ? ["--parallel", "--no-check", `--ignore=${slow.join()}`]
        : []),
      ...args,
      ...(isChoice ? [] : ["tests/"]),
    ]);
    const xml = await Deno.readTextFile(report);
    // If Deno cannot start tests, it prints the reason and writes no report.
    if (xml === "") return;
    const counts = countTests(xml);
    // The report does not contain errors outside of tests.
    if (Deno.exitCode !== 0 && counts.failed === 0) counts.failed = 1;
    for (const line of closingLines(counts)) console.log(line);
  } finally {
    await Deno.remove(report);
  }
}

if (import.meta.main) {
  await runProgram("tests", () => runTests(Deno.args));
}
