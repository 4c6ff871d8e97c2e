/**
 * The outcome of each mistake in each language.
 *
 * @module
 */
import type { Results } from "../../bench/results.ts";
import { middle, pointsOf } from "../../bench/samples.ts";
import { type Outcome, outcomeOf } from "../checkers/outcomes.ts";

/** The measure. */
export const measure = "mistakes";

/** A mistake, and its outcome by language, if it was tried there. */
export interface MistakeOutcomes {
  readonly mistake: string;
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** All mistakes, in the order in which they were tried. */
export function mistakeOutcomes(
  results: Results,
  languages: readonly string[],
): MistakeOutcomes[] {
  const mistakes = pointsOf(results, measure).filter((point) =>
    point !== "total"
  );
  return mistakes.map((mistake) => ({
    mistake,
    outcomes: Object.fromEntries(languages.flatMap((subject) => {
      const [checked, run, impossible] = ["checked", "run", "impossible"].map(
        (value) => middle(results, { measure, subject, point: mistake, value }),
      );
      return checked === undefined && impossible === undefined
        ? []
        : [[subject, outcomeOf({ checked, run, impossible })]];
    })),
  }));
}
