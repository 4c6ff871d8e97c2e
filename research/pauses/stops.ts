/**
 * Stops of a program, and their sums.
 *
 * @module
 */

/** One stop of a program, or several of which only the sum is known. */
export interface Stop {
  /** When the last one ended, in milliseconds since 1970. */
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

/** The sum of all stops within a span of time; 0 if there is none. */
export interface Pauses {
  readonly pausesPerSecond: number;
  readonly longestMs: number;
  readonly meanMs: number;
  /** The share of the time in which the program was stopped. */
  readonly pausedShare: number;
}

/**
 * Adds up the stops that ended within a span of time.
 *
 * @param fromMs The start of the span, in milliseconds since 1970.
 * @param untilMs Its end.
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
