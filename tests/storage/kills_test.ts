import { assert } from "../assert.ts";
import { killAgainAndAgain } from "./kills.ts";

Deno.test("50 kills at random writes lose nothing older than a second", async () => {
  const folder = await Deno.makeTempDir({ prefix: "herd-kills-" });
  const seed = 1 + Math.floor(Math.random() * 1e9);
  try {
    const { snapshots } = await killAgainAndAgain(50, seed, folder);
    assert(snapshots > 0, "no start was from a snapshot");
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
