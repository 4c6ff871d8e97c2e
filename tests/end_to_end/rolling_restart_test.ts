/**
 * The rolling restart of docs/OPERATIONS.md: servers are restarted one at a
 * time, each when the previous one is ready, while clients continue.
 *
 * @module
 */
import fc from "../fast_check.ts";
import { assert, assertEquals } from "../assert.ts";
import { anySeed, assertProperty } from "../property.ts";
import { names } from "./process.ts";
import { restartUnderLoad } from "./rolling_restart.ts";

Deno.test("during a rolling restart no client gets a wrong answer", async () => {
  const property = fc.asyncProperty(anySeed, async (seed) => {
    const { answers, failures, moves } = await restartUnderLoad(seed, names);
    assertEquals(failures, []);
    assert(answers > 1_000, `${answers} answers`);
    assert(moves > 0);
  });
  await assertProperty(property, { numRuns: 1 });
});

Deno.test("a rolling restart finds a server that does not catch up", async () => {
  const property = fc.asyncProperty(anySeed, async (seed) => {
    const flags = ["--no-catch-up"];
    const { failures } = await restartUnderLoad(seed, ["Smith"], flags);
    assert(failures.length > 0);
  });
  await assertProperty(property, { numRuns: 1 });
});
