/**
 * What the bench writes down: one flat list of samples, so that a plot or a
 * table is a filter and a median away.
 *
 * @module
 */

/** What one measurement of one subject gave, in one round. */
export interface Sample {
  /** What was measured: `updates`, `propagation`, ... */
  readonly measure: string;
  /** Who was measured: `herd`, or a rival. */
  readonly subject: string;
  /** Under which load or in which size: `50x16`, `two hops, idle`, ... */
  readonly point: string;
  /** Counted from 1. Samples of one round were taken side by side. */
  readonly round: number;
  /** Numbers by name; the name ends in the unit. */
  readonly values: Readonly<Record<string, number>>;
}

/** A rival that is not installed here. */
export interface Missing {
  readonly measure: string;
  readonly subject: string;
  /** Why, and what to type: `apt-get install redis-server`. */
  readonly reason: string;
}

/** The machine that the numbers belong to. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** How processes were kept apart, in words. */
  readonly pinning: string;
}

/** A whole run of the bench: the shape of the files in `bench/results/`. */
export interface Results {
  readonly version: 1;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  readonly machine: Machine;
  /** By program: `deno`, `redis-server`, ... */
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  /** How long each load lasted, in seconds, after its warm-up. */
  readonly secondsAPoint: number;
  readonly samples: readonly Sample[];
  readonly missing: readonly Missing[];
}

/** The middle value; of an even number the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}
