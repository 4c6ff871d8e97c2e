/**
 * What an update costs herds of different sizes, and the line through that.
 *
 * @module
 */
import type { Results } from "../../bench/results.ts";
import { middle, pointsOf, sizeOf } from "../../bench/report/samples.ts";

/** The measure that has it. */
export const measure = "herd sizes";

/** Where clients are: at one of the servers, or spread over all of them. */
export type Spread = "at one" | "at each";

/** A size, and what an update costs there. */
export interface Cost {
  readonly servers: number;
  /** CPU of all servers together, in microseconds. */
  readonly cpuUs: number;
}

/** The line `a + b (N - 1)`: what updates sent to one server cost N of them. */
export interface CostLine {
  /** What an update costs the server that the client talks to. */
  readonly firstUs: number;
  /** What it costs each further server. */
  readonly furtherUs: number;
  /** How far the line is from the costs, at most, as a part of them. */
  readonly mostOff: number;
}

/**
 * What it adds that the same load is spread over N servers: each of the N - 1
 * that hear of an update gets it in a smaller chunk, the smaller the more there
 * are. The cost is `a + (N - 1) (b + e N)`.
 */
export interface SpreadCost {
  /** For each further server and each server of the herd. */
  readonly splitUs: number;
  /** How far this is from the costs, at most, as a part of them. */
  readonly mostOff: number;
}

/** The points of a spread, the smallest herd first. */
export function sizesAt(results: Results, spread: Spread): string[] {
  return pointsOf(results, measure)
    .filter((point) => point.endsWith(`, ${spread}`))
    .sort((one, other) => sizeOf(one) - sizeOf(other));
}

/** What was measured of a spread, the smallest herd first. */
export function costsOf(results: Results, spread: Spread): Cost[] {
  // One server is each of them, and stands in the results only once.
  const points = new Set([
    ...sizesAt(results, "at one").filter((point) => sizeOf(point) === 1),
    ...sizesAt(results, spread),
  ]);
  return [...points].flatMap((point) => {
    const series = { measure, subject: "herd", point, value: "cpuUs" };
    const cpuUs = middle(results, series);
    return cpuUs === undefined ? [] : [{ servers: sizeOf(point), cpuUs }];
  });
}

/** What a line, and what is added to it, says of a herd. */
export function costOf(
  { firstUs, furtherUs }: Omit<CostLine, "mostOff">,
  servers: number,
  splitUs = 0,
): number {
  return firstUs + (servers - 1) * (furtherUs + splitUs * servers);
}

const mostOff = (
  costs: readonly Cost[],
  costOf: (servers: number) => number,
) =>
  Math.max(
    ...costs.map(({ cpuUs, servers }) => Math.abs(costOf(servers) / cpuUs - 1)),
  );

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
  const line = { firstUs, furtherUs };
  return { ...line, mostOff: mostOff(costs, (count) => costOf(line, count)) };
}

/**
 * What fits best when the line is given, by the same measure. Undefined if there
 * is no herd of more than one server.
 */
export function fitSpread(
  line: CostLine,
  costs: readonly Cost[],
): SpreadCost | undefined {
  let [xx, xy] = [0, 0];
  for (const { cpuUs, servers } of costs) {
    const x = (servers - 1) * servers / cpuUs;
    xx += x ** 2;
    xy += x * (1 - costOf(line, servers) / cpuUs);
  }
  if (xx === 0) return undefined;
  const splitUs = xy / xx;
  return {
    splitUs,
    mostOff: mostOff(costs, (count) => costOf(line, count, splitUs)),
  };
}
