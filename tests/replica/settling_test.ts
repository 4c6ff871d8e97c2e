import { ReplicaError, Settling } from "../../replica/settling.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";

Deno.test({
  name: "Settling has nothing to wait for while nothing is pending",
  permissions: "none",
  fn() {
    const settling = new Settling();
    assertEquals(settling.settled(), undefined);
    settling.begin();
    settling.settle();
    assertEquals(settling.settled(), undefined);
    assertEquals(settling.failure, undefined);
  },
});

Deno.test({
  name: "Settling waits until all that was begun has settled, again and again",
  permissions: "none",
  async fn() {
    const settling = new Settling();
    for (let chunk = 0; chunk < 2; chunk++) {
      let isSettled = false;
      settling.begin();
      settling.settled()!.then(() => isSettled = true);
      settling.begin();
      settling.settle();
      await drainMicrotasks();
      assertEquals(isSettled, false);
      settling.settle();
      await drainMicrotasks();
      assertEquals(isSettled, true);
    }
  },
});

Deno.test({
  name: "Settling that has failed rejects, whoever waits and whatever settles",
  permissions: "none",
  async fn() {
    const settling = new Settling();
    settling.begin();
    settling.begin();
    const waiting = settling.settled()!;
    settling.fail("no room");
    settling.fail("no connection");
    settling.settle();
    settling.settle();
    await assertRejects(() => waiting, ReplicaError, "no room");
    const late = settling.settled();
    assert(late !== undefined);
    await assertRejects(() => late, ReplicaError, "no room");
    assertEquals(settling.failure?.message, "no room");
  },
});

Deno.test({
  name: "Settling that is cancelled keeps nobody waiting, and has not failed",
  permissions: "none",
  async fn() {
    const settling = new Settling();
    settling.begin();
    const waiting = settling.settled()!;
    settling.cancel();
    await assertRejects(() => waiting, ReplicaError, "over");
    await assertRejects(() => settling.settled()!, ReplicaError, "over");
    assertEquals(settling.failure, undefined);
    settling.settle();
    assertEquals(settling.settled(), undefined);
  },
});
