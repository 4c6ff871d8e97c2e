/**
 * How long to wait before dialling again. Decorrelated jitter: each wait is
 * drawn between the floor and three times the last one, up to a cap, so that
 * servers that lost the same neighbour do not come back in step.
 * (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
 *
 * @module
 */
import { backoffCapMs, backoffFloorMs } from "../limits.ts";

/** A growing, random wait. */
export class Backoff {
  readonly #random: () => number;
  #lastMs = backoffFloorMs;

  /** @param random Gives numbers from 0 up to 1 (exclusive). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next wait, in milliseconds. */
  nextMs(): number {
    const span = this.#lastMs * 3 - backoffFloorMs;
    this.#lastMs = Math.min(
      backoffCapMs,
      backoffFloorMs + this.#random() * span,
    );
    return this.#lastMs;
  }

  /** Begins again at the floor. */
  reset(): void {
    this.#lastMs = backoffFloorMs;
  }
}
