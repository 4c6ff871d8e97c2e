/**
 * Measures that are mostly about the herd itself: a row a point, a column a
 * value.
 *
 * @module
 */
import type { Results } from "../results.ts";
import {
  blocks,
  cell,
  notMeasured,
  numbers,
  table,
  words,
} from "./markdown.ts";
import {
  formatMicroseconds,
  formatNumber,
  formatOptional,
  nothing,
  withCommas,
} from "./numbers.ts";
import { middle, pointsOf, reasonFor, sizesOf } from "./samples.ts";
import { subjectsOf } from "./subjects.ts";

/** A column of a table: its title, the value's name, and how to print it. */
export interface ValueColumn {
  readonly title: string;
  readonly value: string;
  readonly format?: (value: number) => string;
}

/** What a table shows. */
export interface Shape {
  readonly measure: string;
  /** Over the names of the points. */
  readonly title: string;
  readonly points: readonly string[];
  readonly columns: readonly ValueColumn[];
}

/** A table of the herd alone, or why there is none. */
export function pointsTable(
  results: Results,
  { columns, measure, points, title }: Shape,
): string {
  const subject = "herd";
  const reason = reasonFor(results, measure, subject);
  if (points.length === 0 && reason === undefined) return notMeasured;
  const rows = points.length === 0
    ? [[cell(reason!), ...columns.map(() => nothing)]]
    : points.map((point) => [
      cell(withCommas(point)),
      ...columns.map(({ format, value }) =>
        formatOptional(
          middle(results, { measure, subject, point, value }),
          format,
        )
      ),
    ]);
  return table(
    [words(title), ...columns.map(({ title }) => numbers(title))],
    rows,
  );
}

/** What the five servers do for an update, all together. */
export function herdTable(results: Results): string {
  const measure = "herd of five";
  return pointsTable(results, {
    measure,
    title: "load",
    points: pointsOf(results, measure),
    columns: [
      { title: "updates a second", value: "updatesPerSecond" },
      { title: "CPU an update, all five (µs)", value: "cpuUs" },
      { title: "link crossings an update", value: "crossings" },
    ],
  });
}

/** Answers to WHATSAT. */
export function placesTable(results: Results): string {
  return pointsTable(results, {
    measure: "places",
    title: "WHATSAT for",
    points: pointsOf(results, "places"),
    columns: [
      { title: "answers a second", value: "answersPerSecond" },
      { title: "p50", value: "p50Us", format: formatMicroseconds },
      { title: "p99", value: "p99Us", format: formatMicroseconds },
    ],
  });
}

/** What more servers and more clients cost. */
export function growthTables(results: Results): string {
  const measure = "growth";
  const tables = [
    pointsTable(results, {
      measure,
      title: "herd",
      points: sizesOf(results, measure, "servers"),
      columns: [
        { title: "link crossings an update", value: "crossings" },
        { title: "most hops", value: "hops" },
        { title: "mean hops", value: "hopsMean" },
      ],
    }),
    pointsTable(results, {
      measure,
      title: "in memory",
      points: sizesOf(results, measure, "clients"),
      columns: [{ title: "CPU an update (µs)", value: "acceptUs" }],
    }),
  ].filter((text) => text !== notMeasured);
  return tables.length === 0 ? notMeasured : blocks(...tables);
}

const memoryRows = [
  {
    point: "client",
    value: "bytesAClient",
    what: () => "a client, at 500,000 clients",
  },
  {
    point: "connection",
    value: "bytesAConnection",
    // Fewer where a process may not open so many files.
    what: (connections = 5000) =>
      `a connection, at ${formatNumber(connections, 4)} idle ones`,
  },
];

/** Memory for one more of something. */
export function memoryTable(results: Results): string {
  const measure = "memory";
  const rows = subjectsOf(results, measure).flatMap(({ id, label }) => {
    const found = memoryRows.flatMap(({ point, value, what }) => {
      const valueOf = (value: string) =>
        middle(results, { measure, subject: id, point, value });
      const bytes = valueOf(value);
      return bytes === undefined
        ? []
        : [[label, what(valueOf("connections")), `${formatNumber(bytes)} B`]];
    });
    const reason = reasonFor(results, measure, id);
    return found.length === 0 && reason !== undefined
      ? [[label, cell(reason), nothing]]
      : found;
  });
  return rows.length === 0
    ? notMeasured
    : table([words("server"), words("for"), numbers("memory")], rows);
}
