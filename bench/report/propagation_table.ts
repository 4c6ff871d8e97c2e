/**
 * How long an update is on its way: a row a way, columns for each who was
 * measured.
 *
 * @module
 */
import type { Results } from "../results.ts";
import { cell, notMeasured, numbers, table, words } from "./markdown.ts";
import {
  formatMicroseconds,
  formatOptional,
  formatRatio,
  nothing,
  withCommas,
} from "./numbers.ts";
import { middle, pointsOf, propagation, ratio, reasonFor } from "./samples.ts";
import { subjectsOf } from "./subjects.ts";

/** The ways; after them a row for each who is not installed. */
export function propagationTable(results: Results): string {
  const points = pointsOf(results, "propagation");
  const subjects = subjectsOf(results, "propagation");
  if (points.length === 0) return notMeasured;
  const isPresent = (id: string) =>
    points.some((point) =>
      middle(results, propagation(id, point, "p50Us")) !== undefined
    );
  const present = subjects.filter(({ id }) => isPresent(id));
  const rivals = present.filter(({ id }) => id !== "herd");
  const rows = points.map((point) => [
    cell(withCommas(point)),
    ...present.flatMap(({ id }) =>
      ["p50Us", "p99Us"].map((value) =>
        formatOptional(
          middle(results, propagation(id, point, value)),
          formatMicroseconds,
        )
      )
    ),
    ...rivals.map(({ id }) =>
      formatOptional(
        ratio(
          results,
          propagation("herd", point, "p50Us"),
          propagation(id, point, "p50Us"),
        ),
        formatRatio,
      )
    ),
  ]);
  const columns = [
    words("way"),
    ...present.flatMap(({ label }) => [
      numbers(`${label}, p50`),
      numbers(`${label}, p99`),
    ]),
    ...rivals.map(({ label }) => numbers(`p50 against ${label}`)),
  ];
  const absent = subjects.filter(({ id }) => !isPresent(id)).map((subject) => {
    const reason = reasonFor(results, "propagation", subject.id);
    const text = `${subject.label}: ${reason ?? "nothing measured"}`;
    return [cell(text), ...columns.slice(1).map(() => nothing)];
  });
  return table(columns, [...rows, ...absent]);
}
