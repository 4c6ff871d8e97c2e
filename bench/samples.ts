/**
 * Finds numbers among the samples. A number is the median over the rounds. A
 * ratio is the median of the ratios within each round, because both sides had
 * the same conditions there.
 *
 * @module
 */
import { median, type Results } from "./results.ts";

/** A number that each round has at most once. */
export interface Series {
  readonly measure: string;
  readonly subject: string;
  readonly point: string;
  /** The name of the value, such as `p50Us`. */
  readonly value: string;
}

const seriesOf =
  (measure: string) =>
  (subject: string, point: string, value: string): Series => ({
    measure,
    subject,
    point,
    value,
  });

/** A number of the measure `updates`. */
export const updates = seriesOf("updates");

/** A number of the measure `propagation`. */
export const propagation = seriesOf("propagation");

/** The number of each round that has it. */
function byRound(
  { samples }: Results,
  { measure, point, subject, value }: Series,
): Map<number, number> {
  return new Map(
    samples.filter((sample) =>
      sample.measure === measure && sample.subject === subject &&
      sample.point === point && value in sample.values
    ).map(({ round, values }) => [round, values[value]]),
  );
}

const medianOf = (values: readonly number[]) =>
  values.length === 0 ? undefined : median(values);

/** The median over the rounds; undefined if no round has the number. */
export function middle(results: Results, series: Series): number | undefined {
  return medianOf([...byRound(results, series).values()]);
}

/** One number divided by another; undefined if no round has both. */
export function ratio(
  results: Results,
  one: Series,
  other: Series,
): number | undefined {
  const others = byRound(results, other);
  return medianOf(
    [...byRound(results, one)]
      .filter(([round]) => (others.get(round) ?? 0) > 0)
      .map(([round, value]) => value / others.get(round)!),
  );
}

/** The subjects of a measure that have samples, or a reason for their lack. */
export function subjectsOf(
  { missing, samples }: Results,
  measure: string,
): string[] {
  return [
    ...new Set(
      [...samples, ...missing].filter((row) => row.measure === measure)
        .map(({ subject }) => subject),
    ),
  ];
}

/** The points of a measure, in the order of their first samples. */
export function pointsOf({ samples }: Results, measure: string): string[] {
  return [
    ...new Set(
      samples.filter((sample) => sample.measure === measure)
        .map(({ point }) => point),
    ),
  ];
}

/** The points `2 servers`, `5 servers`, ...: those of one unit, ascending. */
export function sizesOf(
  results: Results,
  measure: string,
  unit: string,
): string[] {
  return pointsOf(results, measure)
    .filter((point) => new RegExp(`^\\d+ ${unit}$`).test(point))
    .sort((one, other) => sizeOf(one) - sizeOf(other));
}

/** The number of `5 servers`. */
export const sizeOf = (point: string) => Number.parseInt(point);

/** Why a subject has no samples; undefined if the results give no reason. */
export function reasonFor(
  { missing }: Results,
  measure: string,
  subject: string,
): string | undefined {
  const reason = missing.find((row) =>
    row.measure === measure && row.subject === subject
  )?.reason;
  return reason === undefined || /^(not|failed)\b/.test(reason)
    ? reason
    : `not installed: ${reason}`;
}
