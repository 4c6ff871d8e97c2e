/**
 * Processes many items, some at the same time.
 *
 * @module
 */

/** How many programs run at the same time. */
const atOnce = 2;

/**
 * Processes the items, two at a time. After an error it starts no other item,
 * and waits for those that it has started.
 */
export async function forEachOf<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  // All workers share it. It ends for all when a loop over it ends early.
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
