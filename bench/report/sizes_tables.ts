/**
 * What an update costs in herds of different sizes, and the line through it.
 *
 * @module
 */
import type { Results } from "../results.ts";
import { pointsTable } from "./herd_tables.ts";
import { blocks, notMeasured, paragraph } from "./markdown.ts";
import { formatNumber, formatShare } from "./numbers.ts";
import { middle, pointsOf, sizeOf } from "./samples.ts";

const measure = "herd sizes";

/** Where clients are, and how a table calls that. */
const spreads = {
  "at one": "sent to one server",
  "at each": "sent to all servers",
};

/** A size, and what an update costs there. */
interface Cost {
  readonly servers: number;
  readonly cpuUs: number;
}

/** The line `a + b (N - 1)`. */
export interface CostLine {
  /** What an update costs the server that the client talks to. */
  readonly firstUs: number;
  /** What it costs each further server. */
  readonly furtherUs: number;
  /** How far the line is from the costs, at most, as a part of them. */
  readonly mostOff: number;
}

/**
 * The line whose relative errors have the least sum of squares: what is
 * measured is off by so many percent, not by so many microseconds. Undefined if
 * there are not two sizes.
 */
export function fitCost(costs: readonly Cost[]): CostLine | undefined {
  if (new Set(costs.map(({ servers }) => servers)).size < 2) return undefined;
  // Sums for the normal equations, each cost weighted with its inverse square.
  let [weight, x, xx, y, xy] = [0, 0, 0, 0, 0];
  for (const { cpuUs, servers } of costs) {
    const further = servers - 1;
    const part = 1 / cpuUs ** 2;
    weight += part;
    x += part * further;
    xx += part * further ** 2;
    y += part * cpuUs;
    xy += part * further * cpuUs;
  }
  const furtherUs = (weight * xy - x * y) / (weight * xx - x ** 2);
  const firstUs = (y - furtherUs * x) / weight;
  const off = costs.map(({ cpuUs, servers }) =>
    Math.abs((firstUs + furtherUs * (servers - 1)) / cpuUs - 1)
  );
  return { firstUs, furtherUs, mostOff: Math.max(...off) };
}

const pointsAt = (results: Results, spread: string) =>
  pointsOf(results, measure)
    .filter((point) => point.endsWith(`, ${spread}`))
    .sort((one, other) => sizeOf(one) - sizeOf(other));

function describeLine(results: Results, spread: keyof typeof spreads): string {
  // One server is each of them, and stands in the results only once.
  const points = new Set([
    ...pointsAt(results, spread),
    ...pointsAt(results, "at one").filter((point) => sizeOf(point) === 1),
  ]);
  const costs = [...points].flatMap((point) => {
    const series = { measure, subject: "herd", point, value: "cpuUs" };
    const cpuUs = middle(results, series);
    return cpuUs === undefined ? [] : [{ servers: sizeOf(point), cpuUs }];
  });
  const line = fitCost(costs);
  if (line === undefined) return "";
  const { firstUs, furtherUs, mostOff } = line;
  return paragraph(
    `Of updates ${spreads[spread]}, the line that fits best is ` +
      `${formatNumber(firstUs)} µs for the first server and ` +
      `${formatNumber(furtherUs)} µs for each further one; no size is off by ` +
      `more than ${formatShare(mostOff)}.`,
  );
}

/** A row for each size and spread, and what a further server costs. */
export function sizesTables(results: Results): string {
  const text = pointsTable(results, {
    measure,
    title: "herd",
    points: ["at one", "at each"].flatMap((spread) =>
      pointsAt(results, spread)
    ),
    columns: [
      { title: "updates a second", value: "updatesPerSecond" },
      { title: "CPU an update, all servers (µs)", value: "cpuUs" },
      { title: "link crossings an update", value: "crossings" },
    ],
  });
  return text === notMeasured ? text : blocks(
    text,
    describeLine(results, "at one"),
    describeLine(results, "at each"),
  );
}
