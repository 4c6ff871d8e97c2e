import { ReplicaError, Settling } from "../../replica/settling.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";

Deno.test({
  name: "settled() is undefined while nothing is pending",
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
  name:
    "settled() resolves when all confirmations have arrived, again and again",
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
  name: "fail() rejects present and future waits, also after settle()",
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
  name: "cancel() rejects waits without a failure",
  permissions: "none",
  async fn() {
    const settling = new Settling();
    settling.begin();
    const waiting = settling.settled()!;
    settling.cancel();
    await assertRejects(() => waiting, ReplicaError, "has ended");
    await assertRejects(() => settling.settled()!, ReplicaError, "has ended");
    assertEquals(settling.failure, undefined);
    settling.settle();
    assertEquals(settling.settled(), undefined);
  },
});
