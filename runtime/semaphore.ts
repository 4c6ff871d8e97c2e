/**
 * Permits for work of which only a limited amount may run at once. Waiters get
 * a permit in the order in which they asked, one each time: a client with many
 * queries does not delay the queries of others.
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
  /** In the order in which they asked. */
  readonly #waiting = new Set<PermitWaiter>();

  /** @param permits How many there are. */
  constructor(permits: number) {
    this.#free = permits;
  }

  /** Takes a permit. False if none is free: `onPermit` is called later. */
  tryAcquire(waiter: PermitWaiter): boolean {
    if (this.#free === 0) {
      this.#waiting.add(waiter);
      return false;
    }
    this.#free -= 1;
    return true;
  }

  /** Returns a permit, and calls the waiters while there is a free one. */
  release(): void {
    this.#free += 1;
    for (const waiter of this.#waiting) {
      if (this.#free === 0) return;
      this.#waiting.delete(waiter);
      waiter.onPermit();
    }
  }

  /**
   * Does the work with a permit.
   *
   * @throws The signal's reason, if it aborts before there is a permit.
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

  /** Undefined if the permit is there already. */
  #acquire(signal: AbortSignal): Promise<void> | undefined {
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    const waiter: PermitWaiter = {
      onPermit: () => {
        if (this.tryAcquire(waiter)) resolve();
      },
    };
    if (this.tryAcquire(waiter)) return undefined;
    // After the permit has come, this changes nothing.
    signal.addEventListener("abort", () => {
      this.#waiting.delete(waiter);
      reject(signal.reason);
    }, { once: true });
    return promise;
  }
}
