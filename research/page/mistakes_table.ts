/**
 * The table of mistakes: a row for each mistake, a column for each language.
 *
 * @module
 */
import { nothing } from "../../bench/numbers.ts";
import type { Results } from "../../bench/results.ts";
import { middle, reasonFor } from "../../bench/samples.ts";
import { type Outcome, outcomes } from "../checkers/outcomes.ts";
import {
  blocks,
  cell,
  notMeasured,
  paragraph,
  table,
  words,
} from "./markdown.ts";
import { measure, mistakeOutcomes } from "./mistake_outcomes.ts";

/** The languages, by their names in the samples. */
const languages = {
  typescript: "TypeScript",
  python: "Python",
  java: "Java",
  javascript: "JavaScript",
};

const names: Readonly<Record<Outcome, string>> = {
  found: "found",
  failsWhenRun: "fails",
  silent: "silent",
  impossible: "impossible",
};

/** The outcome of each mistake, the totals, and the languages without samples. */
export function mistakesTable(results: Results): string {
  const ids = Object.keys(languages);
  const rows = mistakeOutcomes(results, ids).map(({ mistake, outcomes }) => [
    cell(mistake),
    ...ids.map((id) => id in outcomes ? names[outcomes[id]] : nothing),
  ]);
  const absent = Object.entries(languages).flatMap(([id, language]) => {
    const reason = reasonFor(results, measure, id);
    return reason === undefined ? [] : [`${language}: ${reason}.`];
  });
  const failed = reasonFor(results, measure, "herd");
  if (failed !== undefined) absent.push(`${failed}.`);
  if (rows.length === 0 && absent.length === 0) return notMeasured;
  const totals = outcomes.map((outcome) => [
    `all: ${names[outcome]}`,
    ...ids.map((subject) =>
      `${
        middle(results, { measure, subject, point: "total", value: outcome }) ??
          nothing
      }`
    ),
  ]);
  return blocks(
    rows.length === 0 ? "" : table(
      ["mistake", ...Object.values(languages)].map(words),
      [...rows, ...totals],
    ),
    ...absent.map((text) => paragraph(cell(text))),
  );
}
