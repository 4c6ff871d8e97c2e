/**
 * A semaphore whose waiters are served in order and can be aborted.
 *
 * @module
 */

/** Limits how many tasks run at once. */
export class Semaphore {
  #permits: number;
  /** In the order of arrival. */
  readonly #waiting = new Set<() => void>();

  constructor(permits: number) {
    this.#permits = permits;
  }

  /**
   * Runs the task as soon as there is a permit.
   *
   * @throws The signal's reason, if it aborts before there is a permit.
   */
  async run<Result>(
    signal: AbortSignal,
    task: () => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    if (this.#permits > 0) this.#permits -= 1;
    else await this.#acquire(signal);
    try {
      return await task();
    } finally {
      this.#release();
    }
  }

  #acquire(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(resolve);
      // Has no effect once the permit was granted.
      signal.addEventListener("abort", () => {
        this.#waiting.delete(resolve);
        reject(signal.reason);
      }, { once: true });
    });
  }

  /** Passes the permit to the waiter that has waited longest. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#permits += 1;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }
}
