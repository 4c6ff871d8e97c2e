/**
 * The rates at which the phones of a run start and act. Real phones do not
 * connect by thousands at the same moment, and one process can send only a
 * limited number of requests.
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
  /** The factor by which each phone is slower than in a small run. */
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
