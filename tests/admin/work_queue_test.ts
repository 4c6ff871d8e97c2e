import { WorkQueue } from "../../admin/work_queue.ts";
import { assertEquals } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";

Deno.test({
  name: "WorkQueue lets one piece of work go on in a turn, in order",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const work = new WorkQueue(clock);
    const done: number[] = [];
    for (const index of [0, 1, 2]) work.next().then(() => done.push(index));
    await drainMicrotasks();
    assertEquals(done, [0]);
    await clock.advance(0);
    assertEquals(done, [0, 1, 2]);
    assertEquals(clock.timers, 0);
    await work.next();
    work.next().then(() => done.push(3));
    work.close();
    await drainMicrotasks();
    assertEquals(done, [0, 1, 2, 3]);
  },
});
