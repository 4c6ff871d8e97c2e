/**
 * What the bench prints at its end: the herd against each rival first, as a
 * ratio within a round, and absolute numbers beside. Medians over the rounds.
 *
 * @module
 */
import { outcomes } from "../research/checkers/outcomes.ts";
import { formatNumber, formatOptional, formatRatio } from "./report/numbers.ts";
import {
  middle,
  pointsOf,
  ratio,
  reasonFor,
  type Series,
} from "./report/samples.ts";
import { subjectsOf } from "./report/subjects.ts";
import type { Results } from "./results.ts";

/** A value that is compared, by the measure that has it. */
interface Comparison {
  readonly measure: string;
  readonly value: string;
  readonly title: string;
}

/** Where the herd has rivals. */
const comparisons: readonly Comparison[] = [
  { measure: "updates", value: "updatesPerSecond", title: "updates a second" },
  { measure: "updates", value: "p99Us", title: "p99 in microseconds" },
  {
    measure: "updates",
    value: "serverCpuUs",
    title: "CPU microseconds an update",
  },
  { measure: "propagation", value: "p50Us", title: "p50 in microseconds" },
  { measure: "propagation", value: "p99Us", title: "p99 in microseconds" },
  { measure: "memory", value: "bytesAClient", title: "bytes a client" },
  { measure: "memory", value: "bytesAConnection", title: "bytes a connection" },
];

/** Which languages have their mistakes found, in all. */
function mistakesTable(results: Results): string | undefined {
  const measure = "mistakes";
  const rows = subjectsOf(results, measure).flatMap(({ id }) => {
    const numbers = outcomes.map((value) =>
      middle(results, { measure, subject: id, point: "total", value })
    );
    return numbers.some((number) => number !== undefined)
      ? [[id, ...numbers.map((number) => formatOptional(number))]]
      : [];
  });
  if (rows.length === 0) return undefined;
  return [measure, ...alignTable([["", ...outcomes], ...rows])].join("\n");
}

/** Where the herd is alone, or a ratio to it says little. */
const ownMeasures = [
  "herd of five",
  "herd sizes",
  "pauses",
  "slices",
  "threads",
  "places",
  "start-up",
  "convergence",
  "growth",
  "code",
];

const isPresent = (results: Results, series: Series) =>
  middle(results, series) !== undefined;

/** Who was measured in rows, points in columns: a ratio and a number each. */
function comparisonTable(
  results: Results,
  { measure, title, value }: Comparison,
): string | undefined {
  const subjects = subjectsOf(results, measure);
  const seriesOf = (subject: string, point: string): Series => ({
    measure,
    subject,
    point,
    value,
  });
  const points = pointsOf(results, measure).filter((point) =>
    subjects.some(({ id }) => isPresent(results, seriesOf(id, point)))
  );
  if (points.length === 0) return undefined;
  const measured = subjects.filter(({ id }) =>
    points.some((point) => isPresent(results, seriesOf(id, point)))
  );
  const rows = measured.map(({ id }) => [
    id,
    ...points.flatMap((point) => [
      id === "herd" ? "" : formatOptional(
        ratio(results, seriesOf("herd", point), seriesOf(id, point)),
        formatRatio,
      ),
      formatOptional(middle(results, seriesOf(id, point))),
    ]),
  ]);
  return [
    `${measure}: ${title} (herd / other, and the other's own)`,
    ...alignTable([
      ["", ...points.flatMap((point) => ["", point])],
      ...rows,
    ]),
  ].join("\n");
}

/**
 * Points in rows, values in columns. A value that a point lacks is a gap. Where
 * there are others than the herd, each has rows of its own.
 */
function ownTable(results: Results, measure: string): string | undefined {
  const points = pointsOf(results, measure);
  if (points.length === 0) return undefined;
  const subjects = subjectsOf(results, measure).map(({ id }) => id);
  const isAlone = subjects.every((subject) => subject === "herd");
  const values = [
    ...new Set(
      results.samples.filter((sample) => sample.measure === measure)
        .flatMap((sample) => Object.keys(sample.values)),
    ),
  ];
  const rows = subjects.flatMap((subject) =>
    points.map((point) => [
      isAlone ? point : `${subject}, ${point}`,
      ...values.map((value) => {
        const number = middle(results, { measure, subject, point, value });
        return number === undefined ? "" : formatNumber(number);
      }),
    ])
  ).filter(([_, ...cells]) => cells.some((cell) => cell !== ""));
  return [measure, ...alignTable([["", ...values], ...rows])].join("\n");
}

/** Who is missing, and what to do about it. */
function missingTable(
  results: Results,
  measure: string,
): string | undefined {
  const rows = subjectsOf(results, measure).flatMap(({ id }) => {
    const reason = reasonFor(results, measure, id);
    return reason === undefined ? [] : [`  ${id}  ${reason}`];
  });
  return rows.length === 0 ? undefined : rows.join("\n");
}

/** Columns that stand below each other: words on the left, then numbers. */
function alignTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) =>
    Math.max(...rows.map((row) => row[column].length))
  );
  return rows.map((row) => {
    const [first, ...others] = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])
    );
    return `  ${[first, ...others].join("  ")}`.trimEnd();
  });
}

/** All tables, as plain text. */
export function summarize(results: Results): string {
  const measures = new Set(comparisons.map(({ measure }) => measure));
  const compared = [...measures].flatMap((measure) => [
    ...comparisons.filter((comparison) => comparison.measure === measure)
      .map((comparison) => comparisonTable(results, comparison)),
    missingTable(results, measure),
  ]);
  const own = ownMeasures.flatMap((measure) => [
    ownTable(results, measure),
    missingTable(results, measure),
  ]);
  const mistakes = [
    mistakesTable(results),
    missingTable(results, "mistakes"),
  ];
  return [...compared, ...own, ...mistakes].filter((text) => text !== undefined)
    .join("\n\n");
}
