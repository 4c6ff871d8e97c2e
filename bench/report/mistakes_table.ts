/**
 * Who finds which mistake: a row a mistake, a column a language.
 *
 * @module
 */
import { type Outcome, outcomeOf, outcomes } from "../checkers/outcomes.ts";
import type { Results } from "../results.ts";
import {
  blocks,
  cell,
  notMeasured,
  paragraph,
  table,
  words,
} from "./markdown.ts";
import { nothing } from "./numbers.ts";
import { middle, pointsOf, reasonFor } from "./samples.ts";

const measure = "mistakes";

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

/** What becomes of each mistake, and how often; then who was not tried. */
export function mistakesTable(results: Results): string {
  const ids = Object.keys(languages);
  const valueOf = (subject: string, point: string, value: string) =>
    middle(results, { measure, subject, point, value });
  const mistakes = pointsOf(results, measure).filter((point) =>
    point !== "total"
  );
  const rows = mistakes.map((point) => [
    cell(point),
    ...ids.map((id) => {
      const [checked, run, impossible] = ["checked", "run", "impossible"]
        .map((value) => valueOf(id, point, value));
      return checked === undefined && impossible === undefined
        ? nothing
        : names[outcomeOf({ checked, run, impossible })];
    }),
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
    ...ids.map((id) => `${valueOf(id, "total", outcome) ?? nothing}`),
  ]);
  return blocks(
    rows.length === 0 ? "" : table(
      ["mistake", ...Object.values(languages)].map(words),
      [...rows, ...totals],
    ),
    ...absent.map((text) => paragraph(cell(text))),
  );
}
