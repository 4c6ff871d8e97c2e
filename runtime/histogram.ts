/**
 * Histograms, whose memory does not grow with the number of values.
 *
 * @module
 */

/** The bins of a histogram. */
export interface Bins {
  /** The index of a value's bin, from 0. It never falls as the value rises. */
  indexOf(value: number): number;
  /** The largest value of a bin. */
  greatestIn(index: number): number;
}

/**
 * Bins with these upper bounds, and one for all larger values.
 *
 * @param bounds Upper bounds, in increasing order.
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
 * Bins whose width grows with the values. The first bins are one step wide. In
 * each of the others, the largest value exceeds the smallest by at most the
 * fraction 2 / `exactSteps`.
 *
 * @param exactSteps How many bins are one step wide: a power of two.
 * @param stepsPerUnit 1 if a step is 1, 1000 if it is 0.001.
 */
export function relativeBins(exactSteps: number, stepsPerUnit = 1): Bins {
  // Bins in each octave after the exact ones.
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

/** Counts values by bin. */
export class Histogram {
  readonly #bins: Bins;
  /** By the index of the bin. Most are missing. */
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

  /** The sum of all values. */
  get sum(): number {
    return this.#sum;
  }

  /** The exact largest value; 0 if there are none. */
  get max(): number {
    return this.#max;
  }

  /** Adds a value `times` times. A negative value counts as 0. */
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
   * A quantile, rounded up to the largest value of its bin. Undefined if there
   * are no values.
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

  /** How many values are in the first bin, the first two bins, and so on. */
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
