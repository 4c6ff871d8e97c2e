/**
 * Finds numbers among the samples. What stands in a table is the median over
 * the rounds. A ratio is taken within each round, where both sides had the
 * same weather on the machine, and then its median over the rounds.
 *
 * @module
 */
import { median, type Results } from "../results.ts";

/** One number that was taken once a round. */
export interface Series {
  readonly measure: string;
  readonly subject: string;
  readonly point: string;
  /** The name of the value, such as `p50Us`. */
  readonly value: string;
}

/** A number of the measure `updates`. */
export const updates = (
  subject: string,
  point: string,
  value: string,
): Series => ({ measure: "updates", subject, point, value });

/** A number of the measure `propagation`. */
export const propagation = (
  subject: string,
  point: string,
  value: string,
): Series => ({ measure: "propagation", subject, point, value });

/** The number of each round that has it. */
function byRound(
  { samples }: Results,
  { measure, point, subject, value }: Series,
): Map<number, number> {
  const found = new Map<number, number>();
  for (const sample of samples) {
    if (
      sample.measure === measure && sample.subject === subject &&
      sample.point === point && value in sample.values
    ) {
      found.set(sample.round, sample.values[value]);
    }
  }
  return found;
}

/** The median over the rounds; undefined if no round has the number. */
export function middle(results: Results, series: Series): number | undefined {
  const values = [...byRound(results, series).values()];
  return values.length === 0 ? undefined : median(values);
}

/**
 * The median of what is one divided by the other in each round; undefined if
 * no round has both.
 */
export function ratio(
  results: Results,
  one: Series,
  other: Series,
): number | undefined {
  const others = byRound(results, other);
  const ratios = [...byRound(results, one)]
    .filter(([round]) => (others.get(round) ?? 0) > 0)
    .map(([round, value]) => value / others.get(round)!);
  return ratios.length === 0 ? undefined : median(ratios);
}

/** Where a measure was taken, in the order in which it first was. */
export function pointsOf({ samples }: Results, measure: string): string[] {
  return [
    ...new Set(
      samples.filter((sample) => sample.measure === measure)
        .map(({ point }) => point),
    ),
  ];
}

/** The points `2 servers`, `5 servers`, ...: those in one unit, rising. */
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
export function sizeOf(point: string): number {
  return Number.parseInt(point);
}

/**
 * Why a subject has no samples; undefined if nobody wrote a reason down. Some
 * only say what to type.
 */
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
