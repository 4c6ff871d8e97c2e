/**
 * How long replies took.
 *
 * @module
 */
import { Histogram, relativeBins } from "../../runtime/histogram.ts";

/** Up to a second, each microsecond is counted by itself. */
const bins = relativeBins(2 ** 20);

/** Counts whole microseconds. */
export function createLatencies(): Histogram {
  return new Histogram(bins);
}

/** Milliseconds as whole microseconds. */
export function wholeUs(ms: number): number {
  return Math.round(ms * 1000);
}
