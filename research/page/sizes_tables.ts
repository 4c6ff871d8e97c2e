/**
 * The tables about larger herds: the cost of an update and its model, and
 * growth.
 *
 * @module
 */
import { formatNumber, formatShare } from "../../bench/numbers.ts";
import type { Results } from "../../bench/results.ts";
import { sizesOf } from "../../bench/samples.ts";
import { costsOf, fitCost, fitSpread, measure, sizesAt } from "./herd_costs.ts";
import { blocks, notMeasured, paragraph } from "./markdown.ts";
import { pointsTable, pointsTables } from "./tables.ts";

/** The model in words; empty if too few herds were measured. */
function describeModel(results: Results): string {
  const line = fitCost(costsOf(results, "at one"));
  if (line === undefined) return "";
  const atOne = "For updates sent to one server, the model that fits best is " +
    `${formatNumber(line.firstUs)} µs for the first server and ` +
    `${formatNumber(line.furtherUs)} µs for each further one. Its greatest ` +
    `error is ${formatShare(line.mostOff)}.`;
  const spread = fitSpread(line, costsOf(results, "at each"));
  if (spread === undefined) return paragraph(atOne);
  const atEach = "For updates sent to all servers, each further server takes " +
    `${formatNumber(spread.splitUs)} µs more for each server of the herd, ` +
    "because the same load arrives in smaller chunks. The greatest error is " +
    `then ${formatShare(spread.mostOff)}.`;
  return blocks(paragraph(atOne), paragraph(atEach));
}

/** A row for each size and spread, and the model. */
export function sizesTables(results: Results): string {
  const text = pointsTable(results, {
    measure,
    title: "herd",
    points: (["at one", "at each"] as const).flatMap((spread) =>
      sizesAt(results, spread)
    ),
    columns: [
      ["updates a second", "updatesPerSecond"],
      ["CPU an update, all servers (µs)", "cpuUs"],
      ["link crossings an update", "crossings"],
    ],
  });
  return text === notMeasured ? text : blocks(text, describeModel(results));
}

/** What more servers and more clients cost. */
export function growthTables(results: Results): string {
  const measure = "growth";
  return pointsTables(results, [
    {
      measure,
      title: "herd",
      points: sizesOf(results, measure, "servers"),
      columns: [
        ["link crossings an update", "crossings"],
        ["most hops", "hops"],
        ["mean hops", "hopsMean"],
      ],
    },
    {
      measure,
      title: "in memory",
      points: sizesOf(results, measure, "clients"),
      columns: [["CPU an update (µs)", "acceptUs"]],
    },
  ]);
}
