/**
 * The upgrade that docs/OPERATIONS.md describes: one server at a time, the next
 * one when the last one is ready, while clients go on.
 *
 * @module
 */
import { assert, assertEquals } from "../assert.ts";
import { names } from "./process.ts";
import { upgrade } from "./rolling_restart.ts";

Deno.test("a herd is restarted one by one, and no client is told anything wrong", async () => {
  const { answers, failures, moves } = await upgrade(1, names);
  assertEquals(failures, []);
  assert(answers > 1_000, `${answers} answers`);
  assert(moves >= names.length, `${moves} moves`);
});

Deno.test("a server that does not catch up is found out by its restart", async () => {
  const { failures } = await upgrade(2, ["Smith"], ["--no-catch-up"]);
  assert(failures.length > 0);
});
