import {
  operationTimeoutMs,
  OperationTimer,
  timeoutBeatMs,
} from "../../runtime/operation_timer.ts";
import { assert, assertEquals } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";

/** A clock that counts the timers that were started. */
class CountingClock extends ManualClock {
  started = 0;

  override after(delayMs: number, callback: () => void): () => void {
    this.started += 1;
    return super.after(delayMs, callback);
  }
}

Deno.test({
  name: "OperationTimer starts no timer for each of many operations",
  permissions: "none",
  async fn() {
    const clock = new CountingClock();
    const timer = new OperationTimer(clock, () => {});
    for (let count = 0; count < 1_000; count++) {
      await timer.run("writing", clock.advance(1));
    }
    assert(clock.started <= 1_000 / timeoutBeatMs + 1, `${clock.started}`);
    // The last beat starts no other one.
    await clock.advance(timeoutBeatMs);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "OperationTimer gives an operation all of its time, whenever it begins",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const hangs: string[] = [];
    const timer = new OperationTimer(clock, ({ message }) => {
      hangs.push(message);
    });
    await timer.run("reading", clock.advance(timeoutBeatMs - 1));
    const { promise, resolve } = Promise.withResolvers<void>();
    const writing = timer.run("writing", promise);
    await clock.advance(operationTimeoutMs);
    assertEquals(hangs, []);
    await clock.advance(1);
    assertEquals(hangs, ["writing has taken more than 5 s"]);
    assertEquals([timer.isHanging, clock.timers], [true, 0]);
    resolve();
    await writing;
    await drainMicrotasks();
    assertEquals(timer.isHanging, false);
  },
});

Deno.test({
  name: "OperationTimer leaves no timer behind when it is stopped",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const timer = new OperationTimer(clock, () => {});
    await timer.run("writing", Promise.resolve());
    assertEquals(clock.timers, 1);
    timer.stop();
    assertEquals(clock.timers, 0);
  },
});
