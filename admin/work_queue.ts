/**
 * Divides the work of the administration ports into pieces, one in a turn of the
 * event loop. Between two pieces the runtime looks at its sockets and timers, so
 * that many pages and requests delay no client more than one does.
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";

/** The work of all administration ports of a process. */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  /** Whether a piece was done in this turn. */
  #isBusy = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Resolves when the next piece of work may be done: at once, or in a later
   * turn. A piece takes two milliseconds at most.
   */
  async next(): Promise<void> {
    if (this.#isBusy) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#isBusy = true;
      this.#scheduleNext();
    }
  }

  /** Lets all waiting pieces go on. */
  close(): void {
    this.#cancel?.();
    this.#isBusy = false;
    for (const resume of this.#waiting.splice(0)) resume();
  }

  #scheduleNext(): void {
    this.#cancel = this.#clock.after(0, () => {
      const resume = this.#waiting.shift();
      this.#isBusy = resume !== undefined;
      if (resume === undefined) return;
      this.#scheduleNext();
      resume();
    });
  }
}
