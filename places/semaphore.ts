/**
 * Turns at something of which only so much may go on at once. Who comes when
 * all are taken waits, in order.
 *
 * @module
 */

/** So many turns. */
export class Semaphore {
  #free: number;
  /** In the order of coming. */
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Does the work when there is a turn for it.
   *
   * @throws The signal's reason, if it aborts before there is a turn.
   */
  async run<Result>(
    signal: AbortSignal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#acquire(signal);
    try {
      return await work();
    } finally {
      this.#release();
    }
  }

  #acquire(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(resolve);
      // After the turn has come, there is nothing here that it could undo.
      signal.addEventListener("abort", () => {
        this.#waiting.delete(resolve);
        reject(signal.reason);
      }, { once: true });
    });
  }

  /** Hands a turn to who has waited longest. */
  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }
}
