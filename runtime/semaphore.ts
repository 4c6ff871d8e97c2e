/**
 * Turns at asking questions, of which all clients together have so many. Who
 * waits for one gets it in the order of coming, one at a time, so that a client
 * with many questions does not keep others from theirs.
 *
 * @module
 */

/** Who asks questions. */
export interface PermitWaiter {
  /** There may be a turn: asks what was held, as far as it may. */
  onPermit(): void;
}

/** The turns of one server. */
export class FairSemaphore {
  #free: number;
  /** In the order of coming. */
  readonly #waiting = new Set<PermitWaiter>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a turn. False if there is none: then `onPermit` is called later. */
  tryAcquire(waiter: PermitWaiter): boolean {
    if (this.#free === 0) {
      this.#waiting.add(waiter);
      return false;
    }
    this.#free -= 1;
    return true;
  }

  /** Gives a turn back, and lets those who wait have it. */
  release(): void {
    this.#free += 1;
    for (const waiter of this.#waiting) {
      if (this.#free === 0) return;
      this.#waiting.delete(waiter);
      waiter.onPermit();
    }
  }
}
