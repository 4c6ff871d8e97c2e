import { ownTurn } from "../../places/fetch_body.ts";
import { assertEquals } from "../assert.ts";

Deno.test("bodies that arrive together are processed in different turns", async () => {
  let turn = 0;
  let next: ReturnType<typeof setImmediate>;
  const count = () => {
    turn += 1;
    next = setImmediate(count);
  };
  next = setImmediate(count);
  const turns: number[] = [];
  await Promise.all(
    [0, 1, 2].map(() => ownTurn().then(() => turns.push(turn))),
  );
  clearImmediate(next);
  assertEquals(new Set(turns).size, 3);
  assertEquals(turns, turns.toSorted((one, other) => one - other));
});
