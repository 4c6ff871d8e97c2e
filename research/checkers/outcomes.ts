/**
 * What becomes of a mistake.
 *
 * @module
 */

/**
 * Where a mistake shows: `found` by the checker before the program runs;
 * `failsWhenRun` if the runtime says something, by its exit status or on stderr;
 * `silent` if the program ends as if all was well; `impossible` if the language
 * knows no such mistake.
 */
export const outcomes = [
  "found",
  "failsWhenRun",
  "silent",
  "impossible",
] as const;

/** One of these. */
export type Outcome = typeof outcomes[number];

/** What a sample of one mistake in one language says: 0 for no, 1 for yes. */
export interface Seen {
  /** The checker complained. */
  readonly checked?: number;
  /** It failed when it ran; not there for what could not be run. */
  readonly run?: number;
  readonly impossible?: number;
}

/** The first that applies counts. */
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
