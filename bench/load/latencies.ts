/**
 * Counts how long replies take.
 *
 * @module
 */
import { Histogram, relativeBins } from "../../runtime/histogram.ts";

/** Up to a second, each bin is one microsecond wide. */
const bins = relativeBins(2 ** 20);

/** Times in whole microseconds. */
export class Latencies extends Histogram {
  constructor() {
    super(bins);
  }

  addMs(ms: number, times = 1): void {
    this.add(Math.round(ms * 1000), times);
  }

  /** The time that this share of all does not exceed; NaN if there is none. */
  quantileUs(share: number): number {
    return this.quantile(share) ?? NaN;
  }
}
