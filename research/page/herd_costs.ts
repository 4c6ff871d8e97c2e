/**
 * What an update costs in herds of different sizes, and a model of it.
 *
 * @module
 */
import type { Results } from "../../bench/results.ts";
import { middle, pointsOf, sizeOf } from "../../bench/samples.ts";

/** The measure. */
export const measure = "herd sizes";

/** Where clients are: at one server, or spread over all. */
export type Spread = "at one" | "at each";

/** The cost of an update in the herd of a size. */
export interface Cost {
  readonly servers: number;
  /** CPU time of all servers together, in microseconds. */
  readonly cpuUs: number;
}

/** The line `a + b (N - 1)`: the cost in N servers if clients are at one. */
export interface CostLine {
  /** The cost at the server that the client sends an update to. */
  readonly firstUs: number;
  /** The cost at each other server. */
  readonly furtherUs: number;
  /** The greatest relative error. */
  readonly mostOff: number;
}

/**
 * The additional cost if the same load is spread over N servers. Each of the
 * other N - 1 servers then receives updates in chunks that get smaller with N.
 * The cost is `a + (N - 1) (b + e N)`.
 */
export interface SpreadCost {
  /** `e`, for each other server and each server of the herd. */
  readonly splitUs: number;
  /** The greatest relative error. */
  readonly mostOff: number;
}

/** The points of a spread, the smallest herd first. */
export function sizesAt(results: Results, spread: Spread): string[] {
  return pointsOf(results, measure)
    .filter((point) => point.endsWith(`, ${spread}`))
    .sort((one, other) => sizeOf(one) - sizeOf(other));
}

/** The costs of a spread, the smallest herd first. */
export function costsOf(results: Results, spread: Spread): Cost[] {
  // One server is all servers, and has one point for both spreads.
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

/** The cost that the model gives for a herd. */
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
 * The line with the least sum of squares of relative errors, because measurements
 * have relative errors. Undefined if there are not two sizes.
 */
export function fitCost(costs: readonly Cost[]): CostLine | undefined {
  if (new Set(costs.map(({ servers }) => servers)).size < 2) return undefined;
  // The sums of the normal equations. The weight of a cost is its inverse square.
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
 * The additional cost that fits best to a given line, by the same measure.
 * Undefined if there is no herd of more than one server.
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
