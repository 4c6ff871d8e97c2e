/**
 * A semaphore: permits for work of which a limited amount may run at once.
 * Waiters get permits in the order of their requests, one permit at a time, so
 * that a client with many queries does not delay the queries of others.
 *
 * @module
 */

/** Something that waits for a permit. */
export interface PermitWaiter {
  /** A permit may be free. The waiter takes one with `tryAcquire`. */
  onPermit(): void;
}

/** A fixed number of permits. */
export class FairSemaphore {
  #free: number;
  /** In the order of their requests. */
  readonly #waiting = new Set<PermitWaiter>();

  /** @param permits How many permits there are. */
  constructor(permits: number) {
    this.#free = permits;
  }

  /**
   * Takes a permit. If none is free, returns false and calls `onPermit` later.
   */
  tryAcquire(waiter: PermitWaiter): boolean {
    if (this.#free === 0) {
      this.#waiting.add(waiter);
      return false;
    }
    this.#free -= 1;
    return true;
  }

  /** Returns a permit. Calls waiters as long as a permit is free. */
  release(): void {
    this.#free += 1;
    for (const waiter of this.#waiting) {
      if (this.#free === 0) return;
      this.#waiting.delete(waiter);
      waiter.onPermit();
    }
  }

  /**
   * Runs work with a permit.
   *
   * @throws The signal's reason, if it aborts before a permit is free.
   */
  async run<Result>(
    signal: AbortSignal,
    work: () => Promise<Result>,
  ): Promise<Result> {
    signal.throwIfAborted();
    const permit = this.#acquire(signal);
    if (permit !== undefined) await permit;
    try {
      return await work();
    } finally {
      this.release();
    }
  }

  /** Undefined if a permit was free. Otherwise resolves when there is one. */
  #acquire(signal: AbortSignal): Promise<void> | undefined {
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    const waiter: PermitWaiter = {
      onPermit: () => {
        if (this.tryAcquire(waiter)) resolve();
      },
    };
    if (this.tryAcquire(waiter)) return undefined;
    // This has no effect once the permit was taken.
    signal.addEventListener("abort", () => {
      this.#waiting.delete(waiter);
      reject(signal.reason);
    }, { once: true });
    return promise;
  }
}
