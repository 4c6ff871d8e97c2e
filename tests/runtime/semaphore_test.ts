import { FairSemaphore } from "../../runtime/semaphore.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";

/** Work that the test ends, and the names of the work that has begun. */
function createWork() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (name: string) => () => {
    begun.push(name);
    ends.set(name, Promise.withResolvers<string>());
    return ends.get(name)!.promise;
  };
  return { begun, ends, work };
}

const forever = new AbortController().signal;

Deno.test({
  name: "run() limits concurrent work to the permits; the rest waits in order",
  permissions: "none",
  async fn() {
    const { begun, ends, work } = createWork();
    const semaphore = new FairSemaphore(2);
    const taken = ["a", "b", "c", "d"]
      .map((name) => semaphore.run(forever, work(name)));
    await drainMicrotasks();
    assertEquals(begun, ["a", "b"]);
    ends.get("b")!.resolve("B");
    await drainMicrotasks();
    assertEquals(begun, ["a", "b", "c"]);
    ends.get("a")!.reject(new Error("a failed"));
    await assertRejects(() => taken[0], Error, "a failed");
    assertEquals(begun, ["a", "b", "c", "d"]);
    ends.get("c")!.resolve("C");
    ends.get("d")!.resolve("D");
    assertEquals(await Promise.all(taken.slice(1)), ["B", "C", "D"]);
    // All permits are free again.
    for (const name of ["e", "f", "g"]) semaphore.run(forever, work(name));
    await drainMicrotasks();
    assertEquals(begun.slice(4), ["e", "f"]);
  },
});

Deno.test({
  name: "run() skips work whose signal has aborted",
  permissions: "none",
  async fn() {
    const { begun, ends, work } = createWork();
    const semaphore = new FairSemaphore(1);
    semaphore.run(forever, work("a"));
    const impatient = new AbortController();
    const given = semaphore.run(impatient.signal, work("b"));
    semaphore.run(forever, work("c"));
    impatient.abort(new Error("no more"));
    await assertRejects(() => given, Error, "no more");
    assertEquals(begun, ["a"]);
    ends.get("a")!.resolve("A");
    await drainMicrotasks();
    assertEquals(begun, ["a", "c"]);
    await assertRejects(
      () => semaphore.run(impatient.signal, work("d")),
      Error,
      "no more",
    );
    assertEquals(begun, ["a", "c"]);
  },
});

Deno.test({
  name:
    "release() calls the waiters in order, and skips those that take no permit",
  permissions: "none",
  fn() {
    const semaphore = new FairSemaphore(1);
    const taken: string[] = [];
    const waiter = (name: string, wanted: number) => {
      const self = {
        onPermit() {
          while (wanted > 0 && semaphore.tryAcquire(self)) {
            wanted -= 1;
            taken.push(name);
          }
        },
      };
      return self;
    };
    const [many, leaving, other] = [
      waiter("many", 2),
      waiter("leaving", 0),
      waiter("other", 1),
    ];
    assertEquals(semaphore.tryAcquire(many), true);
    for (const one of [many, leaving, other]) semaphore.tryAcquire(one);
    for (const expected of [["many"], ["many", "other"]]) {
      semaphore.release();
      assertEquals(taken, expected);
    }
    semaphore.release();
    assertEquals(taken, ["many", "other", "many"]);
  },
});
