/**
 * What stopped a program, and what that comes to.
 *
 * @module
 */

/** One stop of a program, or several that are known by their sum only. */
export interface Stop {
  /** When the last of them ended, in milliseconds since 1970. */
  readonly endMs: number;
  readonly count: number;
  readonly totalMs: number;
  readonly longestMs: number;
}

/** A single stop. */
export const stop = (endMs: number, ms: number): Stop => ({
  endMs,
  count: 1,
  totalMs: ms,
  longestMs: ms,
});

/** What all stops of a time come to; 0 where there was none. */
export interface Pauses {
  readonly pausesPerSecond: number;
  readonly longestMs: number;
  readonly meanMs: number;
  /** The part of the time in which the program stood still, 0 to 1. */
  readonly pausedShare: number;
}

/**
 * Adds up the stops that ended within a time.
 *
 * @param fromMs In milliseconds since 1970, as `untilMs` is.
 */
export function sumStops(
  stops: readonly Stop[],
  fromMs: number,
  untilMs: number,
): Pauses {
  const counted = stops.filter(({ endMs }) =>
    endMs >= fromMs && endMs < untilMs
  );
  const sum = (numberOf: (stop: Stop) => number) =>
    counted.reduce((sum, stop) => sum + numberOf(stop), 0);
  const count = sum(({ count }) => count);
  const totalMs = sum(({ totalMs }) => totalMs);
  const tookMs = untilMs - fromMs;
  return {
    pausesPerSecond: count * 1000 / tookMs,
    longestMs: Math.max(0, ...counted.map(({ longestMs }) => longestMs)),
    meanMs: count === 0 ? 0 : totalMs / count,
    pausedShare: totalMs / tookMs,
  };
}
