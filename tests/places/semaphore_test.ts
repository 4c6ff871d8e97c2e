import { Semaphore } from "../../places/semaphore.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { drainMicrotasks } from "../fakes/manual_clock.ts";

/** Tasks that the test ends, and the names of those that have begun. */
function createTasks() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const task = (name: string) => () => {
    begun.push(name);
    ends.set(name, Promise.withResolvers<string>());
    return ends.get(name)!.promise;
  };
  return { begun, ends, task };
}

const neverAborted = new AbortController().signal;

Deno.test({
  name:
    "Semaphore runs a limited number of tasks at once; the rest wait in order",
  permissions: "none",
  async fn() {
    const { begun, ends, task } = createTasks();
    const semaphore = new Semaphore(2);
    const results = ["a", "b", "c", "d"]
      .map((name) => semaphore.run(neverAborted, task(name)));
    await drainMicrotasks();
    assertEquals(begun, ["a", "b"]);
    ends.get("b")!.resolve("B");
    await drainMicrotasks();
    assertEquals(begun, ["a", "b", "c"]);
    ends.get("a")!.reject(new Error("a failed"));
    await assertRejects(() => results[0], Error, "a failed");
    assertEquals(begun, ["a", "b", "c", "d"]);
    ends.get("c")!.resolve("C");
    ends.get("d")!.resolve("D");
    assertEquals(await Promise.all(results.slice(1)), ["B", "C", "D"]);
    // All permits are free again.
    for (const name of ["e", "f", "g"]) semaphore.run(neverAborted, task(name));
    await drainMicrotasks();
    assertEquals(begun.slice(4), ["e", "f"]);
  },
});

Deno.test({
  name: "Semaphore skips waiters that were aborted",
  permissions: "none",
  async fn() {
    const { begun, ends, task } = createTasks();
    const semaphore = new Semaphore(1);
    semaphore.run(neverAborted, task("a"));
    const controller = new AbortController();
    const aborted = semaphore.run(controller.signal, task("b"));
    semaphore.run(neverAborted, task("c"));
    controller.abort(new Error("no more"));
    await assertRejects(() => aborted, Error, "no more");
    assertEquals(begun, ["a"]);
    ends.get("a")!.resolve("A");
    await drainMicrotasks();
    assertEquals(begun, ["a", "c"]);
    await assertRejects(
      () => semaphore.run(controller.signal, task("d")),
      Error,
      "no more",
    );
    assertEquals(begun, ["a", "c"]);
  },
});
