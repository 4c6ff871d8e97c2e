/**
 * The upgrade that docs/OPERATIONS.md describes: one server at a time, the next
 * one when the last one is ready, while clients go on.
 *
 * @module
 */
import fc from "../fast_check.ts";
import { assert, assertEquals } from "../assert.ts";
import { anySeed, assertProperty } from "../property.ts";
import { names } from "./process.ts";
import { upgrade } from "./rolling_restart.ts";

Deno.test("a herd is restarted one by one, and no client is told anything wrong", async () => {
  const property = fc.asyncProperty(anySeed, async (seed) => {
    const { answers, failures, moves } = await upgrade(seed, names);
    assertEquals(failures, []);
    assert(answers > 1_000, `${answers} answers`);
    assert(moves > 0);
  });
  await assertProperty(property, { numRuns: 1 });
});

Deno.test("a server that does not catch up is found out by its restart", async () => {
  const property = fc.asyncProperty(anySeed, async (seed) => {
    const { failures } = await upgrade(seed, ["Smith"], ["--no-catch-up"]);
    assert(failures.length > 0);
  });
  await assertProperty(property, { numRuns: 1 });
});
