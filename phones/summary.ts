/**
 * Formats the results of a run as text.
 *
 * @module
 */
import { formatCount, formatNumber } from "../cli/numbers.ts";
import type { Paint } from "../cli/paint.ts";
import { formatTable } from "../cli/table.ts";
import type { Histogram } from "../runtime/histogram.ts";
import type { Census, Results } from "./results.ts";

/** A completed run. */
export interface Outcome {
  readonly results: Results;
  readonly census: Census;
  /** How many phones there were. */
  readonly phones: number;
  /** How long the run took, in seconds. */
  readonly seconds: number;
  readonly seed: number;
  /** How many connections failed, and the last failure. */
  readonly failures: { readonly count: number; readonly last: string };
}

const indentation = "  ";

/** The tables, without a final LF. */
export function formatOutcome(outcome: Outcome, paint: Paint): string {
  const { phones, results: { faults }, seconds, seed } = outcome;
  const title =
    `${formatCount(phones, "phone")} for ${seconds.toFixed(1)} s, ` +
    `seed ${seed}`;
  const counts = formatTable(
    [{ title: "" }, { title: "", isNumeric: true }, { title: "" }],
    countRows(outcome, paint),
    { indentation },
  );
  const durations = formatTable(
    [
      { title: "milliseconds" },
      ...["p50", "p90", "p99", "max", "of"].map((title) => ({
        title,
        isNumeric: true,
      })),
    ],
    durationRows(outcome.results),
    { indentation },
  );
  const found = faults.map((fault) => `\n${indentation}wrong: ${fault}`);
  return `${paint.bold(title)}\n\n${counts}\n\n${durations}` +
    (found.length === 0 ? "" : `\n${found.join("")}`);
}

/** Why a run failed, in one line; undefined if it did not. */
export function failureOf({ census, results }: Outcome): string | undefined {
  const { right, wrong } = results;
  const failures = [];
  if (wrong > 0) failures.push(`${formatCount(wrong, "answer")} wrong`);
  if (census.lost > 0) {
    failures.push(`${formatCount(census.lost, "report")} lost`);
  }
  if (failures.length > 0) return failures.join(", ");
  return right === 0 ? "no request was answered" : undefined;
}

function countRows(
  { census, failures, results, seconds }: Outcome,
  paint: Paint,
): string[][] {
  const { late, moved, queries, reports, right, roamed, unanswered } = results;
  const servers = census.reached.length + census.silent.length;
  const bad = (number: number) =>
    number === 0
      ? paint.green(formatNumber(number))
      : paint.bold(paint.red(formatNumber(number)));
  const odd = (number: number) =>
    number === 0 ? formatNumber(number) : paint.yellow(formatNumber(number));
  return [
    [
      "servers",
      formatNumber(servers),
      census.silent.length === 0
        ? ""
        : paint.yellow(`silent at the end: ${census.silent.join(", ")}`),
    ],
    ["reports", formatNumber(reports), rate(reports, seconds)],
    ["queries", formatNumber(queries), rate(queries, seconds)],
    [
      "answers right",
      formatNumber(right),
      results.unknown === 0
        ? ""
        : `${
          formatNumber(results.unknown)
        } to queries about phones not known yet`,
    ],
    ["answers wrong", bad(results.wrong)],
    ["unanswered", odd(unanswered)],
    ["roamed", formatNumber(roamed), "changed their server as planned"],
    ["moved", odd(moved), "because a connection was lost"],
    ...(failures.count === 0
      ? []
      : [["not connected", odd(failures.count), failures.last]]),
    ...(late === 0
      ? []
      : [["late", odd(late), "not known to another server after 10 s"]]),
    [
      "lost",
      bad(census.lost),
      `of ${formatNumber(census.phones * census.reached.length)}: the newest ` +
      `reports of ${formatCount(census.phones, "phone")}, at ` +
      formatCount(census.reached.length, "server"),
    ],
  ];
}

function durationRows({ iamat, propagation, whatsat }: Results): string[][] {
  return [
    durationRow("IAMAT", iamat),
    durationRow("WHATSAT", whatsat),
    durationRow("to another server", propagation),
  ];
}

function durationRow(name: string, durations: Histogram): string[] {
  const { count, max } = durations;
  if (count === 0) return [name, "-", "-", "-", "-", "0"];
  const quantiles = [0.5, 0.9, 0.99].map((share) =>
    durations.quantile(share)!.toFixed(2)
  );
  return [name, ...quantiles, max.toFixed(2), formatNumber(count)];
}

function rate(count: number, seconds: number): string {
  return seconds > 0
    ? `${formatNumber(Math.round(count / seconds))} a second`
    : "";
}
