/**
 * Goes through many programs, some at the same time.
 *
 * @module
 */

/** How many of our programs run at the same time. */
const atOnce = 2;

/**
 * Does something with each item, two at a time. After an error no other one is
 * begun, and those that were begun have ended.
 */
export async function forEachOf<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  // One for all workers: it ends for all when a loop over it ends early.
  const waiting = (function* () {
    yield* items;
  })();
  const workers = Array.from({ length: atOnce }, async () => {
    for (const item of waiting) await act(item);
  });
  for (const worker of await Promise.allSettled(workers)) {
    if (worker.status === "rejected") throw worker.reason;
  }
}
