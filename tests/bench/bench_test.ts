import type { Results } from "../../bench/results.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { Program } from "../end_to_end/process.ts";

/** Runs the bench as a user does. */
async function bench(...args: readonly string[]) {
  await using program = Program.start(["task", "--quiet", "bench", ...args]);
  const code = await program.ended();
  const { stderr, stdout } = program;
  return { code, stderr, stdout };
}

Deno.test({
  name: "the bench measures, and writes down what",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "bench-" });
    const output = `${folder}/results.json`;
    try {
      const { code, stderr, stdout } = await bench(
        "--rounds=1",
        "--seconds=1",
        "--only=updates",
        "--subjects=herd,echo",
        `--output=${output}`,
      );
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, "1/1 updates, 4x256, echo: ");
      assertStringIncludes(stdout, output);
      const results: Results = JSON.parse(await Deno.readTextFile(output));
      assertEquals([results.rounds, results.secondsAPoint], [1, 1]);
      assertEquals(results.versions.deno, Deno.version.deno);
      assertEquals(results.missing, []);
      assertEquals(
        results.samples.map(({ point, subject }) => `${point} ${subject}`),
        ["1x1", "50x1", "50x16", "4x256"].flatMap((point) => [
          `${point} herd`,
          `${point} echo`,
        ]),
      );
      for (const { measure, round, values } of results.samples) {
        assertEquals([measure, round], ["updates", 1]);
        assertEquals(Object.keys(values), [
          "updatesPerSecond",
          "p50Us",
          "p99Us",
          "p999Us",
          "serverCpuUs",
          "loadCpuShare",
        ]);
        assert(Object.values(values).every(Number.isFinite));
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("the bench names all that it measures", async () => {
  const { code, stdout } = await bench("--help");
  assertEquals(code, 0);
  const [, measures] = stdout.match(/^MEASURES are of: (.*)$/m)!;
  for (const name of ["memory", "pauses", "slices", "threads", "start-up"]) {
    assert(measures.split(", ").includes(name), `${name}: ${measures}`);
  }
});

Deno.test({
  name: "the bench starts a herd for each load, and counts in its logs",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "bench-" });
    const output = `${folder}/results.json`;
    try {
      const { code, stderr } = await bench(
        "--rounds=1",
        "--seconds=0.2",
        "--only=herd of five",
        `--output=${output}`,
      );
      assertEquals(code, 0, stderr);
      const { samples }: Results = JSON.parse(await Deno.readTextFile(output));
      assertEquals(samples.map(({ point }) => point), [
        "8x16 at one",
        "8x16 at each",
      ]);
      for (const { values } of samples) {
        const { cpuUs, crossings, updatesPerSecond } = values;
        assert(cpuUs > 0 && updatesPerSecond > 0);
        // Four other servers; eight is what plain flooding takes.
        assert(crossings > 3.9 && crossings < 8.1, `${crossings}`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("the bench says in one line what is wrong with its flags", async () => {
  const { code, stderr } = await bench("--only=speed");
  assertEquals(code, 2);
  assertEquals(stderr.trim().split("\n").length, 1, stderr);
  assertStringIncludes(stderr, "found speed");
});

Deno.test({
  name: "the bench says before it begins that it cannot write its results",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, stderr } = await bench("--output=/dev/null/results.json");
    assertEquals(code, 1);
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
    assertStringIncludes(stderr, "cannot write /dev/null/results.json");
  },
});
