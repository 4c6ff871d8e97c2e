/**
 * What becomes of updates sent to one server: a row a subject, a column a load.
 *
 * @module
 */
import type { Results } from "../results.ts";
import {
  blocks,
  cell,
  notMeasured,
  numbers,
  paragraph,
  table,
  words,
} from "./markdown.ts";
import {
  formatNumber,
  formatOptional,
  formatRatio,
  formatShare,
  nothing,
} from "./numbers.ts";
import {
  middle,
  pointsOf,
  ratio,
  reasonFor,
  type Series,
  updates,
} from "./samples.ts";
import { subjectsOf } from "./subjects.ts";

/** Leaves out those who have no numbers. */
function updatesTable(
  results: Results,
  at: (subject: string, point: string) => string,
  absent: readonly (readonly string[])[] = [],
): string {
  const points = pointsOf(results, "updates");
  if (points.length === 0) return notMeasured;
  const rows = subjectsOf(results, "updates").map(({ id, label }) => [
    label,
    ...points.map((point) => at(id, point)),
  ]);
  const isEmpty = ([_, ...cells]: readonly string[]) =>
    cells.every((text) => text === nothing);
  return table(
    [words("server"), ...points.map((point) => numbers(cell(point)))],
    [...rows.filter((row) => !isEmpty(row)), ...absent],
  );
}

/** Updates a second, and before them their ratio to the bare echo. */
export function rateTable(results: Results): string {
  const shareAndRate = (subject: string, point: string) => {
    const own = updates(subject, point, "updatesPerSecond");
    const echo = updates("echo", point, "updatesPerSecond");
    const rate = middle(results, own);
    if (rate === undefined) return nothing;
    const share = formatOptional(ratio(results, own, echo), formatRatio);
    return `${share} (${formatNumber(rate)})`;
  };
  return updatesTable(results, shareAndRate, absentRows(results));
}

/** A row for each who is not installed, which says what to do about it. */
function absentRows(results: Results): string[][] {
  return subjectsOf(results, "updates").flatMap(({ id, label }) => {
    const reason = reasonFor(results, "updates", id);
    const cells = pointsOf(results, "updates").map(() => nothing);
    return reason === undefined
      ? []
      : [[`${label}: ${cell(reason)}`, ...cells]];
  });
}

/** Microseconds: p50, p99 and p99.9. */
export function latencyTable(results: Results): string {
  return updatesTable(results, (subject, point) => {
    const cells = ["p50Us", "p99Us", "p999Us"].map((value) =>
      formatOptional(middle(results, updates(subject, point, value)))
    );
    return cells.every((text) => text === nothing)
      ? nothing
      : cells.join(" / ");
  });
}

/** What an update costs the server, and how busy the generator was. */
export function costTables(results: Results): string {
  const tableOf = (
    value: Series["value"],
    format: (value: number) => string,
  ) =>
    updatesTable(
      results,
      (subject, point) =>
        formatOptional(middle(results, updates(subject, point, value)), format),
    );
  const server = tableOf("serverCpuUs", formatNumber);
  if (server === notMeasured) return notMeasured;
  return blocks(
    paragraph("CPU time of the server for one update, in microseconds:"),
    server,
    paragraph("How busy the core was that makes the load:"),
    tableOf("loadCpuShare", formatShare),
  );
}
