/**
 * The end of a run. Thousands of phones wait for it at the same time, and a
 * listener of an AbortSignal takes time in proportion to all others.
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";
import { FairSemaphore, type PermitWaiter } from "../runtime/semaphore.ts";

/** Calls back when a signal aborts. */
export class Ending {
  readonly #signal: AbortSignal;
  readonly #callbacks = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => {
      for (const callback of this.#callbacks) callback();
    });
  }

  get hasCome(): boolean {
    return this.#signal.aborted;
  }

  /** Calls back once; the returned function cancels that. */
  onEnd(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** Waits until the delay has passed or the end has come. Never rejects. */
  sleep(clock: Clock, delayMs: number): Promise<void> {
    if (this.hasCome) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        cancelTimer();
        cancelEnd();
        resolve();
      };
      const cancelTimer = clock.after(delayMs, done);
      const cancelEnd = this.onEnd(done);
    });
  }
}

/** The end of something that is never ended early. */
export const noEnding = new Ending(new AbortController().signal);

/** A number of permits for which phones wait until the end. */
export class Permits {
  readonly #semaphore: FairSemaphore;

  constructor(count: number) {
    this.#semaphore = new FairSemaphore(count);
  }

  /** Takes a permit, in order. False if the end comes before. */
  acquire(ending: Ending): Promise<boolean> {
    if (ending.hasCome) return Promise.resolve(false);
    return new Promise((resolve) => {
      let cancel = () => {};
      const waiter: PermitWaiter = {
        onPermit: () => {
          if (ending.hasCome || !this.#semaphore.tryAcquire(waiter)) return;
          cancel();
          resolve(true);
        },
      };
      waiter.onPermit();
      cancel = ending.onEnd(() => resolve(false));
    });
  }

  release(): void {
    this.#semaphore.release();
  }
}
