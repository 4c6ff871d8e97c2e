import type { Context } from "../../bench/measure.ts";
import { slicePrograms } from "../../research/measures/slices.ts";
import { threadPrograms } from "../../research/measures/threads.ts";
import { type Programs, runOnEach, runtimes } from "../../research/runtimes.ts";
import { assert, assertEquals } from "../assert.ts";

/** The output of each installed runtime. */
async function runAll(programs: Programs, numbers: readonly number[]) {
  const absent: string[] = [];
  const context: Context = {
    cores: { servers: [], load: [], description: "" },
    round: 1,
    secondsAPoint: 1,
    folder: "",
    add: () => {},
    missing: (runtime) => absent.push(runtime),
  };
  const printed: Record<string, Record<string, number>> = {};
  await runOnEach(context, programs, numbers, [], (runtime, values) => {
    printed[runtime] = values;
  });
  assertEquals(
    runtimes.map(({ id }) => id).filter((id) => !absent.includes(id)),
    Object.keys(printed),
  );
  return printed;
}

Deno.test("a slice keeps its chunk in V8 only", async () => {
  const printed = await runAll(slicePrograms, [1_000]);
  assert("deno" in printed);
  for (const [runtime, { copy, slice }] of Object.entries(printed)) {
    const isV8 = runtime === "deno" || runtime === "node";
    assert(
      isV8 ? slice > 60_000 && slice < 70_000 : slice > 25 && slice < 2_000,
      `${runtime}: ${slice}`,
    );
    assert(copy > 25 && copy < 2_000, `${runtime}: ${copy}`);
  }
});

Deno.test("each runtime's threads count updates and messages", async () => {
  const printed = await runAll(threadPrograms, [10_000, 6_400]);
  assert("deno" in printed);
  for (const [runtime, values] of Object.entries(printed)) {
    assertEquals(Object.keys(values), [
      "oneThread",
      "twoThreads",
      "messageUs",
      "messageOf64Us",
    ], runtime);
    for (const value of Object.values(values)) {
      assert(value > 0 && Number.isFinite(value), `${runtime}: ${value}`);
    }
  }
});
