/**
 * How long things took: counted in classes that are a hundredth wide, so that
 * any number of them takes the same room.
 *
 * @module
 */

/** Shorter ones count as this long, in milliseconds. */
const shortestMs = 0.001;

/** Each class ends at so many times the one before. */
const growth = 1.01;

/** Durations, counted. */
export class Durations {
  /** How many there are of each class, by its number. */
  readonly #counts: number[] = [];
  #total = 0;
  #longestMs = 0;

  /** How many were added. */
  get total(): number {
    return this.#total;
  }

  /** The longest, in milliseconds, exactly; 0 if there is none. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** Adds one, in milliseconds. */
  add(ms: number): void {
    const times = Math.log(Math.max(ms, shortestMs) / shortestMs);
    const index = Math.floor(times / Math.log(growth));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
    this.#longestMs = Math.max(this.#longestMs, ms);
  }

  /**
   * What this share of all did not exceed, in milliseconds: at most a
   * hundredth too much. Undefined if there is none.
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
