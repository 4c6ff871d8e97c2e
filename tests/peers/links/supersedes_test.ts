import { backoffCapMs, backoffFloorMs } from "../../../peers/limits.ts";
import { Backoff } from "../../../peers/links/dialer.ts";
import { supersedes } from "../../../peers/links/link.ts";
import { assert, assertEquals } from "../../assert.ts";

Deno.test({
  name: "supersedes() lets both sides keep the same connection of two",
  permissions: "none",
  fn() {
    // Hill and Smith have dialled each other.
    const byHill = { dialer: "Hill", incarnation: "x" };
    const bySmith = { dialer: "Smith", incarnation: "x" };
    assertEquals(supersedes(byHill, bySmith), true);
    assertEquals(supersedes(bySmith, byHill), false);
  },
});

Deno.test({
  name: "supersedes() prefers a new incarnation and a second dialling",
  permissions: "none",
  fn() {
    const first = { dialer: "Hill", incarnation: "1" };
    assertEquals(
      supersedes({ dialer: "Smith", incarnation: "2" }, first),
      true,
    );
    assertEquals(
      supersedes({ dialer: "Hill", incarnation: "1" }, first),
      true,
    );
  },
});

Deno.test({
  name: "Backoff stays between its floor and its cap, and grows",
  permissions: "none",
  fn() {
    for (const chance of [0, 0.3, 0.999]) {
      const backoff = new Backoff(() => chance);
      for (let count = 0; count < 20; count++) {
        const ms = backoff.nextMs();
        assert(ms >= backoffFloorMs && ms <= backoffCapMs, String(ms));
      }
    }
    const backoff = new Backoff(() => 0.999);
    for (let count = 0; count < 20; count++) backoff.nextMs();
    assertEquals(backoff.nextMs(), backoffCapMs);
    backoff.reset();
    assert(backoff.nextMs() <= backoffFloorMs * 3);
  },
});
