/**
 * The model of what a herd of more servers costs: an update costs something at
 * the server that a client sends it to, and something else at each other one.
 *
 * @module
 */
import {
  type Cost,
  type CostLine,
  costOf,
  costsOf,
  fitCost,
  fitSpread,
  type SpreadCost,
} from "../page/herd_costs.ts";
import type { Results } from "../../bench/results.ts";

/** What was measured, and what fits it. */
export interface HerdModel {
  /** Clients at one server. */
  readonly atOne: readonly Cost[];
  /** Clients at each. */
  readonly atEach: readonly Cost[];
  readonly line: CostLine;
  readonly spread: SpreadCost;
}

/**
 * The model, fitted to the herds that the bench has measured.
 *
 * @throws {Error} If it has not measured herds of different sizes.
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
 * Updates a second that a herd can take at most where each server has a core of
 * its own and chunks are full: so many cores, and so much for an update.
 */
export function capacity({ line }: HerdModel, servers: number): number {
  return servers * 1_000_000 / costOf(line, servers);
}
