/**
 * How values are distributed, counted in fixed buckets: cheap to add to, and
 * the difference of two readings tells of the time between them.
 *
 * @module
 */

import { boundedBins, Histogram } from "../../runtime/histogram.ts";

/** A reading. */
export interface Distribution {
  /** How many values there were. */
  readonly count: number;
  /** What they add up to. */
  readonly sum: number;
  /**
   * Upper bounds, rising, each with the number of values up to it. Values above
   * the last one are in `count` only.
   */
  readonly buckets: readonly (readonly [bound: number, count: number])[];
}

/** Bounds for what takes from 50 us to a minute, in seconds. */
const bounds: readonly number[] = [
  ...[50e-6, 100e-6, 200e-6, 500e-6],
  ...[1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 100e-3, 200e-3, 500e-3],
  ...[1, 2, 5, 10, 20, 60],
];

const bins = boundedBins(bounds);

/** Counts durations. */
export class DurationCounter {
  readonly #histogram = new Histogram(bins);

  /** @param seconds Counts as 0 if it is negative, as clocks may differ. */
  add(seconds: number): void {
    this.#histogram.add(seconds);
  }

  /** What was counted so far. */
  read(): Distribution {
    const { count, sum } = this.#histogram;
    const counts = this.#histogram.cumulative(bounds.length);
    return {
      count,
      sum,
      buckets: bounds.map((bound, index) => [bound, counts[index]]),
    };
  }
}

/**
 * What a share of the values is at most: 0.5 for the median. Within a bucket
 * values are taken to be spread evenly. Infinite if it is above all bounds;
 * undefined if there are no values.
 *
 * @param earlier If given, values that it counts are left out.
 */
export function quantile(
  later: Distribution,
  earlier: Distribution | undefined,
  share: number,
): number | undefined {
  const total = later.count - (earlier?.count ?? 0);
  if (total <= 0) return undefined;
  const rank = share * total;
  let lowerBound = 0;
  let below = 0;
  for (const [index, [bound, count]] of later.buckets.entries()) {
    const upTo = count - (earlier?.buckets[index]?.[1] ?? 0);
    if (upTo >= rank && upTo > below) {
      const part = Math.max(rank - below, 0) / (upTo - below);
      return lowerBound + (bound - lowerBound) * part;
    }
    lowerBound = bound;
    below = upTo;
  }
  return Infinity;
}
