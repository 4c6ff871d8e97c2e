/**
 * What an update costs in herds of different sizes, and the line through it.
 *
 * @module
 */
import type { Results } from "../../bench/results.ts";
import { pointsTable } from "../../bench/report/herd_tables.ts";
import { blocks, notMeasured, paragraph } from "../../bench/report/markdown.ts";
import { formatNumber, formatShare } from "../../bench/report/numbers.ts";
import {
  costsOf,
  fitCost,
  fitSpread,
  measure,
  sizesAt,
  type Spread,
} from "./herd_costs.ts";

/** Where clients are, and how a table calls that. */
const spreads = {
  "at one": "sent to one server",
  "at each": "sent to all servers",
} as const satisfies Record<Spread, string>;

/** The model in words; empty where too few herds were measured. */
function describeModel(results: Results): string {
  const line = fitCost(costsOf(results, "at one"));
  if (line === undefined) return "";
  const { firstUs, furtherUs, mostOff } = line;
  const atOne = `Of updates ${spreads["at one"]}, the line that fits best is ` +
    `${formatNumber(firstUs)} µs for the first server and ` +
    `${formatNumber(furtherUs)} µs for each further one; no size is off by ` +
    `more than ${formatShare(mostOff)}.`;
  const spread = fitSpread(line, costsOf(results, "at each"));
  if (spread === undefined) return paragraph(atOne);
  const atEach = `Of updates ${spreads["at each"]}, a further server takes ` +
    `${formatNumber(spread.splitUs)} µs more for each server that there is, ` +
    "as the same load comes to it in so many smaller chunks; then no size is " +
    `off by more than ${formatShare(spread.mostOff)}.`;
  return blocks(paragraph(atOne), paragraph(atEach));
}

/** A row for each size and spread, and what a further server costs. */
export function sizesTables(results: Results): string {
  const text = pointsTable(results, {
    measure,
    title: "herd",
    points: (["at one", "at each"] as const).flatMap((spread) =>
      sizesAt(results, spread)
    ),
    columns: [
      { title: "updates a second", value: "updatesPerSecond" },
      { title: "CPU an update, all servers (µs)", value: "cpuUs" },
      { title: "link crossings an update", value: "crossings" },
    ],
  });
  return text === notMeasured ? text : blocks(text, describeModel(results));
}
