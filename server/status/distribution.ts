/**
 * Counts durations in fixed buckets. Adding is cheap, and the difference of two
 * readings describes the time between them.
 *
 * @module
 */

import { boundedBins, Histogram } from "../../runtime/histogram.ts";
import { quantileOf } from "./values.js";

/** A reading of the counts. */
export interface Distribution {
  /** The number of values. */
  readonly count: number;
  /** The sum of the values. */
  readonly sum: number;
  /**
   * Increasing upper bounds, each with the number of values up to it. Values
   * above the last bound are in `count` only.
   */
  readonly buckets: readonly (readonly [bound: number, count: number])[];
}

/** Bounds from 50 microseconds to a minute, in seconds. */
const bounds: readonly number[] = [
  ...[50e-6, 100e-6, 200e-6, 500e-6],
  ...[1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 100e-3, 200e-3, 500e-3],
  ...[1, 2, 5, 10, 20, 60],
];

const bins = boundedBins(bounds);

/** Counts durations. */
export class DurationCounter {
  readonly #histogram = new Histogram(bins);

  /** @param seconds If negative, as clocks may differ, it counts as 0. */
  add(seconds: number): void {
    this.#histogram.add(seconds);
  }

  /** The counts so far. */
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

/** A reading without values. */
export const emptyDistribution: Distribution = new DurationCounter().read();

/**
 * A quantile of the values, as a value: `share` 0.5 is the median. Infinite if
 * it is above all bounds; undefined if there are no values.
 *
 * @param earlier An earlier reading, whose values are left out.
 * @param share From 0 to 1.
 */
export function quantile(
  later: Distribution,
  earlier: Distribution | undefined,
  share: number,
): number | undefined {
  const total = later.count - (earlier?.count ?? 0);
  if (total <= 0) return undefined;
  const buckets = later.buckets.map(([bound, count], index) =>
    [bound, count - (earlier?.buckets[index]?.[1] ?? 0)] as const
  );
  return quantileOf(buckets, total, share);
}
