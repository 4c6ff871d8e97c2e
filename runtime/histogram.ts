/**
 * Counts values by size, in memory that does not grow with their number.
 *
 * @module
 */

/** Which values are counted together. */
export interface Bins {
  /** The number of the bin of a value, from 0 on. A greater value is not before. */
  indexOf(value: number): number;
  /** The greatest value in a bin. */
  greatestIn(index: number): number;
}

/**
 * Bins that end at the given values, and one for all that is greater.
 *
 * @param bounds Rising.
 */
export function boundedBins(bounds: readonly number[]): Bins {
  return {
    indexOf(value) {
      let index = 0;
      while (index < bounds.length && value > bounds[index]) index += 1;
      return index;
    },
    greatestIn: (index) => bounds[index] ?? Infinity,
  };
}

/**
 * Bins whose width grows with the values. The first ones are one step wide. In
 * the others, the greatest value is at most 2 / `exactSteps` above the least.
 *
 * @param exactSteps How many bins are one step wide: a power of two.
 * @param stepsPerUnit 1 if a step is 1, 1000 if it is 0.001.
 */
export function relativeBins(exactSteps: number, stepsPerUnit = 1): Bins {
  // The others are so many in each octave.
  const octaveBins = exactSteps / 2;
  const exactOctaves = Math.log2(octaveBins);
  return {
    indexOf(value) {
      const steps = Math.ceil(value * stepsPerUnit);
      if (steps < exactSteps) return steps;
      const octave = Math.floor(Math.log2(steps)) - exactOctaves;
      return octave * octaveBins + Math.floor(steps / 2 ** octave);
    },
    greatestIn(index) {
      if (index < exactSteps) return index / stepsPerUnit;
      const octave = Math.floor(index / octaveBins) - 1;
      const end = (index - octave * octaveBins + 1) * 2 ** octave;
      return (end - 1) / stepsPerUnit;
    },
  };
}

/** Values, counted. */
export class Histogram {
  readonly #bins: Bins;
  /** By the number of the bin; most of them are empty. */
  readonly #counts: number[] = [];
  #count = 0;
  #sum = 0;
  #max = 0;

  constructor(bins: Bins) {
    this.#bins = bins;
  }

  /** How many values were added. */
  get count(): number {
    return this.#count;
  }

  /** What they add up to. */
  get sum(): number {
    return this.#sum;
  }

  /** The greatest, exactly; 0 if there is none. */
  get max(): number {
    return this.#max;
  }

  /** Adds a value, as often as given. A negative one counts as 0. */
  add(value: number, times = 1): void {
    const counted = Math.max(value, 0);
    this.#increase(this.#bins.indexOf(counted), times);
    this.#count += times;
    this.#sum += counted * times;
    if (counted > this.#max) this.#max = counted;
  }

  /** Adds all values of another histogram, which must have the same bins. */
  addAll(other: Histogram): void {
    other.#counts.forEach((count, index) => this.#increase(index, count));
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
  }

  /**
   * The value that this share of all values does not exceed: exactly, or the
   * greatest value of its bin. Undefined if there are no values.
   *
   * @param share From 0 to 1: 0.99 for the 99th percentile.
   */
  quantile(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    const index = this.#counts.findIndex((count = 0) =>
      (seen += count) >= rank
    );
    return Math.min(this.#bins.greatestIn(index), this.#max);
  }

  /** How many values are in the first bin, in the first two, and so on. */
  cumulative(bins: number): number[] {
    let seen = 0;
    return Array.from(
      { length: bins },
      (_, index) => seen += this.#counts[index] ?? 0,
    );
  }

  #increase(index: number, times: number): void {
    this.#counts[index] = (this.#counts[index] ?? 0) + times;
  }
}
