/**
 * A histogram of durations. Its bins grow by 1 %, so that any number of
 * durations takes the same memory.
 *
 * @module
 */

/** Shorter durations count as this long, in milliseconds. */
const shortestMs = 0.001;

/** The upper end of each bin, relative to the bin before. */
const growth = 1.01;

/** A histogram of durations. */
export class Durations {
  /** The number of durations in each bin. */
  readonly #counts: number[] = [];
  #total = 0;
  #longestMs = 0;

  /** How many durations were added. */
  get total(): number {
    return this.#total;
  }

  /** The exact longest duration, in milliseconds; 0 if there is none. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** Adds a duration, in milliseconds. */
  add(ms: number): void {
    const ratio = Math.log(Math.max(ms, shortestMs) / shortestMs);
    const index = Math.floor(ratio / Math.log(growth));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
    this.#longestMs = Math.max(this.#longestMs, ms);
  }

  /**
   * The duration that this share of all did not exceed, in milliseconds. It is
   * at most 1 % too high. Undefined if there are none.
   *
   * @param share From 0 to 1: 0.99 is the 99th percentile.
   */
  quantileMs(share: number): number | undefined {
    if (this.#total === 0) return undefined;
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    const index = this.#counts.findIndex((count = 0) =>
      (seen += count) >= rank
    );
    return Math.min(shortestMs * growth ** (index + 1), this.#longestMs);
  }
}
