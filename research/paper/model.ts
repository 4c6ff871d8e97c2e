/**
 * The model of the cost of an update: a cost at the server that a client sends it
 * to, and another cost at each other server.
 *
 * @module
 */
import type { Results } from "../../bench/results.ts";
import {
  type Cost,
  type CostLine,
  costOf,
  costsOf,
  fitCost,
  fitSpread,
  type SpreadCost,
} from "../page/herd_costs.ts";

/** The measured costs, and the model that fits them. */
export interface HerdModel {
  /** With clients at one server. */
  readonly atOne: readonly Cost[];
  /** With clients at each server. */
  readonly atEach: readonly Cost[];
  readonly line: CostLine;
  readonly spread: SpreadCost;
}

/**
 * The model that fits the results.
 *
 * @throws {Error} If they have no herds of different sizes.
 */
export function modelOf(results: Results): HerdModel {
  const atOne = costsOf(results, "at one");
  const atEach = costsOf(results, "at each");
  const line = fitCost(atOne);
  const spread = line && fitSpread(line, atEach);
  if (line === undefined || spread === undefined) {
    throw new Error("no herds of different sizes were measured");
  }
  return { atOne, atEach, line, spread };
}

/**
 * The most updates a second that a herd can accept, if each server has a core and
 * chunks are full.
 */
export function capacity({ line }: HerdModel, servers: number): number {
  return servers * 1_000_000 / costOf(line, servers);
}
