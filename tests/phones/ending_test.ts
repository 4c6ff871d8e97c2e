import { Ending, noEnding, Permits } from "../../phones/ending.ts";
import { assertEquals } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";

Deno.test({
  name: "Ending.sleep() ends after its delay, or at the end",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const end = new AbortController();
    const ending = new Ending(end.signal);
    const woken: string[] = [];
    ending.sleep(clock, 10).then(() => woken.push("early"));
    ending.sleep(clock, 1_000).then(() => woken.push("late"));
    await clock.advance(10);
    assertEquals(woken, ["early"]);
    end.abort();
    await drainMicrotasks();
    assertEquals(woken, ["early", "late"]);
    await ending.sleep(clock, 1_000);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "Permits are given in order, until the end",
  permissions: "none",
  async fn() {
    const end = new AbortController();
    const ending = new Ending(end.signal);
    const permits = new Permits(1);
    const given: string[] = [];
    const acquire = (name: string) =>
      permits.acquire(ending).then((has) => given.push(`${name} ${has}`));
    for (const name of ["a", "b", "c"]) acquire(name);
    await drainMicrotasks();
    assertEquals(given, ["a true"]);
    permits.release();
    await drainMicrotasks();
    assertEquals(given, ["a true", "b true"]);
    end.abort();
    await drainMicrotasks();
    assertEquals(given, ["a true", "b true", "c false"]);
    // The permit was not given to what has stopped to wait.
    permits.release();
    assertEquals(await permits.acquire(noEnding), true);
    assertEquals(await permits.acquire(ending), false);
  },
});
