import { Semaphore } from "../../places/semaphore.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";

/** Work that ends when the test says so, and what has begun so far. */
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
  name: "Turns lets so many go on at once; the rest wait in order",
  permissions: "none",
  async fn() {
    const { begun, ends, work } = createWork();
    const semaphore = new Semaphore(2);
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
    // All are free again.
    for (const name of ["e", "f", "g"]) semaphore.run(forever, work(name));
    await drainMicrotasks();
    assertEquals(begun.slice(4), ["e", "f"]);
  },
});

Deno.test({
  name: "Turns passes over those who gave up waiting",
  permissions: "none",
  async fn() {
    const { begun, ends, work } = createWork();
    const semaphore = new Semaphore(1);
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
