/**
 * The text that the bench prints at its end: a table for each measure.
 *
 * @module
 */
import { formatNumber, formatRatio } from "./numbers.ts";
import type { Results } from "./results.ts";
import { middle, pointsOf, ratio, reasonFor, subjectsOf } from "./samples.ts";

/** A point whose values sum up the other points of its measure. */
const total = "total";

const legend = "Medians. In parentheses: the herd's value divided by this one.";

/**
 * A row for each point and subject, and a column for each value. The ratio in
 * parentheses is the median of the ratios within each round.
 */
function rowsOf(results: Results, measure: string): string[][] {
  const all = pointsOf(results, measure);
  const points = all.includes(total) ? [total] : all;
  const names = new Set(
    results.samples.filter((sample) =>
      sample.measure === measure && points.includes(sample.point)
    ).flatMap(({ values }) => Object.keys(values)),
  );
  const rows = points.flatMap((point) =>
    subjectsOf(results, measure).map((subject) => [
      `${point}, ${subject}`,
      ...[...names].map((value) => {
        const series = { measure, subject, point, value };
        const number = middle(results, series);
        if (number === undefined) return "";
        const share = ratio(results, { ...series, subject: "herd" }, series);
        return subject === "herd" || share === undefined
          ? formatNumber(number)
          : `${formatNumber(number)} (${formatRatio(share)})`;
      }),
    ])
  ).filter(([_, ...cells]) => cells.some((cell) => cell !== ""));
  return rows.length === 0 ? [] : [[measure, ...names], ...rows];
}

/** Aligns the first column to the left, and the others to the right. */
function align(rows: readonly (readonly string[])[]): string[] {
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = Math.max(...rows.map((other) => other[column].length));
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ").trimEnd()
  );
}

/** The tables of all measures, and the reasons for missing subjects. */
export function summarize(results: Results): string {
  const measures = new Set(
    [...results.samples, ...results.missing].map(({ measure }) => measure),
  );
  const tables = [...measures].map((measure) => {
    const reasons = subjectsOf(results, measure).flatMap((subject) => {
      const reason = reasonFor(results, measure, subject);
      return reason === undefined ? [] : [`${measure}, ${subject}: ${reason}`];
    });
    return [...align(rowsOf(results, measure)), ...reasons].join("\n");
  });
  return [legend, ...tables].join("\n\n");
}
