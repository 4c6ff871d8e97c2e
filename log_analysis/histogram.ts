/**
 * A histogram of durations in little memory.
 *
 * @module
 */

/** Below this, in microseconds, every value has its own bin. */
const exactBelow = 256;

/** Above it, each octave has this many bins. */
const stepsPerOctave = 128;

/** Percentiles of durations, in whole microseconds. */
export interface Percentiles {
  readonly count: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

/** Counts durations, in microseconds. Percentiles are at most 0.8 % too high. */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #maxUs = -Infinity;

  /** How many durations were added. */
  get count(): number {
    return this.#count;
  }

  /** Adds a duration; a negative one counts as zero. */
  add(us: number): void {
    const value = Math.max(0, Math.round(us));
    const bin = binOf(value);
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + 1);
    this.#count += 1;
    if (value > this.#maxUs) this.#maxUs = value;
  }

  /** Adds the durations of another histogram. */
  addAll(other: Histogram): void {
    for (const [bin, count] of other.#counts) {
      this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + count);
    }
    this.#count += other.#count;
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs);
  }

  /**
   * The least value that a share `q` of all values, 0 to 1, does not exceed.
   * NaN if the histogram is empty.
   */
  quantile(q: number): number {
    if (this.#count === 0) return NaN;
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    for (const bin of [...this.#counts.keys()].sort((a, b) => a - b)) {
      seen += this.#counts.get(bin)!;
      if (seen >= rank) return Math.min(greatestOf(bin), this.#maxUs);
    }
    return this.#maxUs;
  }

  /** Undefined if nothing was added. */
  percentiles(): Percentiles | undefined {
    if (this.#count === 0) return undefined;
    return {
      count: this.#count,
      p50Us: this.quantile(0.5),
      p90Us: this.quantile(0.9),
      p99Us: this.quantile(0.99),
      maxUs: this.#maxUs,
    };
  }
}

/** The number of the bin for a value. */
function binOf(us: number): number {
  if (us < exactBelow) return us;
  const octave = Math.floor(Math.log2(us)) - 7;
  // 128 bins for each octave follow the exact ones.
  return octave * stepsPerOctave + Math.floor(us / 2 ** octave);
}

/** The greatest whole value in a bin. */
function greatestOf(bin: number): number {
  if (bin < exactBelow) return bin;
  const octave = Math.floor(bin / stepsPerOctave) - 1;
  const step = bin - octave * stepsPerOctave;
  return (step + 1) * 2 ** octave - 1;
}

/** The exact percentiles of some values; undefined if there are none. */
export function percentilesOf(
  values: Iterable<number>,
): Percentiles | undefined {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return undefined;
  const quantile = (q: number) =>
    sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1];
  return {
    count: sorted.length,
    p50Us: quantile(0.5),
    p90Us: quantile(0.9),
    p99Us: quantile(0.99),
    maxUs: sorted[sorted.length - 1],
  };
}
