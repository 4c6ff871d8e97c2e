/**
 * How often each duration was seen, to the microsecond.
 *
 * @module
 */

/** Longer ones are counted as this long, in microseconds. */
const longestUs = 1_000_000;

/** Durations, counted. */
export class Histogram {
  readonly #counts = new Float64Array(longestUs + 1);
  #total = 0;

  /** Adds a duration in milliseconds, `times` times. */
  add(milliseconds: number, times: number): void {
    const us = Math.round(milliseconds * 1000);
    this.#counts[us < longestUs ? us : longestUs] += times;
    this.#total += times;
  }

  /** How many were added. */
  get total(): number {
    return this.#total;
  }

  /** The duration, in microseconds, that this share of all did not exceed. */
  quantileUs(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (let us = 0; us <= longestUs; us++) {
      seen += this.#counts[us];
      if (seen >= rank) return us;
    }
    return NaN;
  }
}
