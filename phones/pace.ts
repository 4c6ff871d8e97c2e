/**
 * How fast the phones of a run begin, and how often they act. Thousands of
 * phones that all connected at once would be a burst that no herd has from real
 * phones, and one process can send only so many requests.
 *
 * @module
 */

/** Mean time between two reports of a phone, in milliseconds. */
export const reportEveryMs = 3_000;

/** Most phones that begin in a second. */
const phonesPerSecond = 1_000;

/** Most reports of all phones in a second. With more phones, each is slower. */
const reportsPerSecond = 2_000;

/** The pace of a run. */
export interface Pace {
  /** The time in which phones begin one after the other, in milliseconds. */
  readonly rampMs: number;
  /** By what factor each phone is slower than one of a few. */
  readonly slowdown: number;
}

/** The pace of a run with this number of phones. */
export function paceOf(phones: number): Pace {
  const reportsMs = phones / reportsPerSecond * 1_000;
  return {
    rampMs: Math.max(reportEveryMs, phones / phonesPerSecond * 1_000),
    slowdown: Math.max(1, reportsMs / reportEveryMs),
  };
}
