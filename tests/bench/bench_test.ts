import type { Results } from "../../bench/results.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { Program } from "../end_to_end/process.ts";

/** Runs the bench as a user does. */
const bench = (...args: readonly string[]) => runTask("bench", ...args);

async function runTask(...args: readonly string[]) {
  await using program = Program.start(["task", "--quiet", ...args]);
  const code = await program.ended();
  const { stderr, stdout } = program;
  return { code, stderr, stdout };
}

Deno.test({
  name: "the bench measures updates, and writes a file of results",
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

Deno.test("the bench measures the product, and experiments measure more", async () => {
  const measuresOf = async (task: string) => {
    const { code, stdout } = await runTask(task, "--help");
    assertEquals(code, 0);
    return stdout.match(/^MEASURES are of: (.*)$/m)![1].split(", ");
  };
  const product = await measuresOf("bench");
  assertEquals(product, [
    "updates",
    "herd of five",
    "propagation",
    "memory",
    "places",
    "start-up",
    "convergence",
    "hostile",
  ]);
  const all = await measuresOf("experiments");
  const more = ["herd sizes", "pauses", "slices", "threads"];
  for (const name of [...product, ...more, "growth", "code", "mistakes"]) {
    assert(all.includes(name), `${name}: ${all}`);
  }
});

Deno.test({
  name:
    "the bench starts a herd for each load, and counts crossings in its logs",
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
        // There are four other servers. Plain flooding needs eight crossings.
        assert(crossings > 3.9 && crossings < 8.1, `${crossings}`);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("a wrong flag of the bench is an error of one line", async () => {
  const { code, stderr } = await bench("--only=speed");
  assertEquals(code, 2);
  assertEquals(stderr.trim().split("\n").length, 1, stderr);
  assertStringIncludes(stderr, "found speed");
});

Deno.test({
  name: "the bench checks at its start that it can write its results",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { code, stderr } = await bench("--output=/dev/null/results.json");
    assertEquals(code, 1);
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
    assertStringIncludes(stderr, "cannot write /dev/null/results.json");
  },
});
