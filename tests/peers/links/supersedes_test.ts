import { backoffCapMs, backoffFloorMs } from "../../../peers/limits.ts";
import { Backoff } from "../../../peers/links/dialer.ts";
import { supersedes } from "../../../peers/links/link.ts";
import { assert, assertEquals } from "../../assert.ts";

Deno.test({
  name: "replaces() lets both sides keep the same one of two connections",
  permissions: "none",
  fn() {
    // Hill and Smith dialled each other. Each knows the other's incarnation.
    const byHill = { dialler: "Hill", incarnation: "x" };
    const bySmith = { dialler: "Smith", incarnation: "x" };
    assertEquals(supersedes(byHill, bySmith), true);
    assertEquals(supersedes(bySmith, byHill), false);
  },
});

Deno.test({
  name: "replaces() prefers a neighbour's new life and its second dialling",
  permissions: "none",
  fn() {
    const former = { dialler: "Hill", incarnation: "1" };
    assertEquals(
      supersedes({ dialler: "Smith", incarnation: "2" }, former),
      true,
    );
    assertEquals(
      supersedes({ dialler: "Hill", incarnation: "1" }, former),
      true,
    );
  },
});

Deno.test({
  name: "Backoff stays between floor and cap, and grows when chance is high",
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
