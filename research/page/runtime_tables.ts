/**
 * Measures that compare runtimes: what collecting garbage, keeping parts of texts,
 * threads and starting cost in each.
 *
 * @module
 */
import type { Results } from "../../bench/results.ts";
import {
  cell,
  notMeasured,
  numbers,
  table,
  words,
} from "../../bench/report/markdown.ts";
import {
  formatNumber,
  formatOptional,
  formatRatio,
  nothing,
} from "../../bench/report/numbers.ts";
import {
  middle,
  pointsOf,
  ratio,
  reasonFor,
} from "../../bench/report/samples.ts";
import { subjectsOf } from "../../bench/report/subjects.ts";

/** A column of numbers: its title, and what stands there for a subject. */
interface Column {
  readonly title: string;
  readonly at: (subject: string) => string;
}

/** A row for each who was measured; one who was not has the reason there. */
function subjectsTable(
  results: Results,
  measure: string,
  title: string,
  columns: readonly Column[],
): string {
  const rows = subjectsOf(results, measure).map(({ id, label }) => {
    const cells = columns.map(({ at }) => at(id));
    const reason = reasonFor(results, measure, id);
    return cells.every((text) => text === nothing) && reason !== undefined
      ? [`${label}: ${cell(reason)}`, ...cells]
      : [label, ...cells];
  });
  return rows.length === 0 ? notMeasured : table(
    [words(title), ...columns.map(({ title }) => numbers(title))],
    rows,
  );
}

/** Columns of a measure's values: a title, a point, a value, a format. */
function columnsOf(
  results: Results,
  measure: string,
  columns: readonly (readonly [
    title: string,
    point: string,
    value: string,
    format?: (value: number) => string,
  ])[],
): Column[] {
  return columns.map(([title, point, value, format]) => ({
    title,
    at: (subject) =>
      formatOptional(
        middle(results, { measure, subject, point, value }),
        format,
      ),
  }));
}

/** As a percentage with a place behind the dot: many are below one. */
const formatSmallShare = (share: number) => `${(share * 100).toFixed(1)} %`;

/** How often and for how long collecting garbage stops a server. */
export function pausesTable(results: Results): string {
  const measure = "pauses";
  // There is one load only.
  const [point = ""] = pointsOf(results, measure);
  return subjectsTable(
    results,
    measure,
    "server",
    columnsOf(results, measure, [
      ["pauses a second", point, "pausesPerSecond"],
      ["mean (ms)", point, "meanMs"],
      ["longest (ms)", point, "longestMs"],
      ["of the time", point, "pausedShare", formatSmallShare],
      ["updates a second", point, "updatesPerSecond"],
      ["CPU an update (µs)", point, "serverCpuUs"],
      ["memory (MiB)", point, "memoryMiB"],
    ]),
  );
}

/** What an ID keeps that was taken out of a chunk. */
export function slicesTable(results: Results): string {
  const measure = "slices";
  const format = (bytes: number) => `${formatNumber(bytes)} B`;
  return subjectsTable(
    results,
    measure,
    "runtime",
    columnsOf(results, measure, [
      ["an ID as a slice", "slice", "bytesAnId", format],
      ["as a copy", "copy", "bytesAnId", format],
    ]),
  );
}

/** What a second thread buys, and what it costs to tell it something. */
export function threadsTable(results: Results): string {
  const measure = "threads";
  const value = "updatesPerSecond";
  const [one, two, message, messages] = columnsOf(results, measure, [
    ["1 thread, updates a second", "1 thread", value],
    ["2 threads", "2 threads", value],
    ["CPU to hand a line over (µs)", "message", "cpuUs"],
    ["64 at a time (µs)", "message of 64", "cpuUs"],
  ]);
  const gain: Column = {
    title: "2 against 1",
    at: (subject) =>
      formatOptional(
        ratio(
          results,
          { measure, subject, point: "2 threads", value },
          { measure, subject, point: "1 thread", value },
        ),
        formatRatio,
      ),
  };
  const columns = [one, two, gain, message, messages];
  return subjectsTable(results, measure, "runtime", columns);
}

/** How long a server takes to come up: a column a way to start. */
export function startUpTable(results: Results): string {
  const measure = "start-up";
  return subjectsTable(
    results,
    measure,
    "milliseconds until",
    columnsOf(
      results,
      measure,
      pointsOf(results, measure).map((
        point,
      ) => [cell(point), point, "milliseconds"]),
    ),
  );
}
