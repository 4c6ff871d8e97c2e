import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "./assert.ts";
import { Program, projectFolder } from "./end_to_end/process.ts";
import { closingLines, countTests, slow } from "./run_tests.ts";

/** A report that Deno 2.9.6 wrote. */
const report = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="9" failures="2" errors="1" time="0.218">
    <testsuite name="./a_test.ts" tests="8" disabled="4" errors="1" failures="2">
        <testcase name="steps" classname="./a_test.ts" time="0.004" line="1" col="6">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="left &gt; right" classname="./a_test.ts" time="0.000" line="3" col="6">
        </testcase>
        <testcase name="never run" classname="./a_test.ts" time="0.000" line="4" col="6">
            <error message="Cancelled"/>
        </testcase>
        <testcase name="a (not run: needs awk, sed)" classname="./a_test.ts" time="0.000" line="5" col="6">
            <skipped/>
        </testcase>
        <testcase name="b (not run: needs sed)" classname="./a_test.ts" time="0.000" line="6" col="6">
            <skipped/>
        </testcase>
        <testcase name="left out (not run: needs ed)" classname="./a_test.ts" line="8" col="6">
            <skipped/>
        </testcase>
        <testcase name="on Windows" classname="./a_test.ts" time="0.000" line="7" col="6">
            <skipped/>
        </testcase>
        <testcase name="steps &gt; one &gt; two" classname="./a_test.ts" time="0.001" line="1" col="43">
            <failure message="Uncaught Error: in step">Error: in step</failure>
        </testcase>
    </testsuite>
    <testsuite name="./b_test.ts" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="steps &gt; elsewhere" classname="./b_test.ts" time="0.000" line="2" col="6">
        </testcase>
    </testsuite>
</testsuites>
`;

Deno.test({
  name: "tests are counted, and steps are not",
  permissions: "none",
  fn() {
    assertEquals(countTests(report), {
      passed: 2,
      failed: 2,
      skipped: 3,
      notRun: 2,
      missing: ["awk", "sed"],
    });
    assertEquals(countTests("").passed, 0);
  },
});

Deno.test({
  name: "the last lines say how many tests were not run and the reason",
  permissions: "none",
  fn() {
    const counts = { passed: 3, failed: 0, skipped: 0, notRun: 0, missing: [] };
    assertEquals(closingLines(counts), ["3 passed, 0 failed"]);
    assertEquals(closingLines({ ...counts, skipped: 1 }), [
      "3 passed, 0 failed, 1 skipped",
    ]);
    assertEquals(
      closingLines({ ...counts, skipped: 1, notRun: 1, missing: ["awk"] }),
      [
        "1 test was not run. Missing programs: awk. " +
        "To install them, run: sh tools/install_test_programs.sh",
        "3 passed, 0 failed, 1 skipped",
      ],
    );
  },
});

/** Runs the tests on a machine with a shell and no other program. */
class BareMachine implements Disposable {
  readonly #folder = Deno.makeTempDirSync();

  constructor() {
    Deno.symlinkSync("/bin/sh", `${this.#folder}/sh`);
  }

  async run(...words: readonly string[]) {
    await using program = Program.start([
      ...["run", "--frozen", "--allow-read", "--allow-write", "--allow-run"],
      ...["tests/run_tests.ts", ...words],
    ], { env: { PATH: this.#folder } });
    const status = await program.ended();
    return { status, stderr: program.stderr, stdout: program.stdout };
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

Deno.test("tests whose programs are missing are skipped, counted and reported", async () => {
  using machine = new BareMachine();
  const { status, stdout } = await machine.run("tests/examples/track_test.ts");
  assertEquals(status, 0, stdout);
  const lines = stdout.trimEnd().split("\n");
  const [deno, empty, ...closing] = lines.slice(-4);
  assertMatch(deno, /^ok \| 1 passed \| 0 failed \| 8 ignored /);
  assertEquals([empty, ...closing], [
    "",
    "8 tests were not run. Missing programs: dash, nc, python3. " +
    "To install them, run: sh tools/install_test_programs.sh",
    "1 passed, 0 failed, 8 skipped",
  ]);
  assert(
    lines.some((line) =>
      line.startsWith(
        "track.sh has the syntax of a POSIX shell (not run: needs dash) ... " +
          "ignored",
      )
    ),
    stdout,
  );
});

Deno.test("test:all names the missing programs before it runs tests", async () => {
  using machine = new BareMachine();
  const { status, stderr, stdout } = await machine.run(
    "--all",
    "tests/log_analysis/plots/",
  );
  assertEquals([status, stdout], [1, ""]);
  assertMatch(
    stderr,
    /^tests: missing programs: .*\bchromium\b.*; to install them, run: sh tools\/install_test_programs\.sh\n$/,
  );
});

Deno.test("flags are passed to deno test, and test:quick skips the slow tests", async () => {
  using machine = new BareMachine();
  // All tests of this folder are slow.
  const none = await machine.run("--quick", "tests/examples/");
  assertEquals([none.status, none.stdout], [1, ""]);
  assertStringIncludes(none.stderr, "No test modules found");
  const bad = await machine.run("tests/needs_test.ts", "--no-such-flag");
  assertEquals(bad.status === 0, false);
  assert(bad.stderr.includes("--no-such-flag"), bad.stderr);
});

Deno.test("every slow test exists", () => {
  for (const path of slow) Deno.statSync(projectFolder + path);
});
