/**
 * The outcomes of a mistake.
 *
 * @module
 */

/**
 * `found`: by the checker, before the program runs. `failsWhenRun`: by the
 * runtime, in the exit status or on stderr. `silent`: the program ends without
 * an error. `impossible`: the language has no such mistake.
 */
export const outcomes = [
  "found",
  "failsWhenRun",
  "silent",
  "impossible",
] as const;

/** One of these. */
export type Outcome = typeof outcomes[number];

/** A sample of one mistake in one language: 0 for no, 1 for yes. */
export interface Seen {
  /** Whether the checker found it. */
  readonly checked?: number;
  /** Whether it failed when it ran; undefined if it could not run. */
  readonly run?: number;
  readonly impossible?: number;
}

/** The first outcome that applies. */
export function outcomeOf({ checked, impossible, run }: Seen): Outcome {
  if (impossible === 1) return "impossible";
  if (checked === 1) return "found";
  return run === 1 ? "failsWhenRun" : "silent";
}

/** How many mistakes of a language have each outcome. */
export function totalsOf(seen: readonly Seen[]): Record<Outcome, number> {
  const totals = { found: 0, failsWhenRun: 0, silent: 0, impossible: 0 };
  for (const one of seen) totals[outcomeOf(one)] += 1;
  return totals;
}
