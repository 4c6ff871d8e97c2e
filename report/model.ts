/**
 * The model of what a herd of more servers costs: an update costs something at
 * the server that a client sends it to, and something else at each other one.
 *
 * @module
 */
import { middle, sizeOf } from "../bench/report/samples.ts";
import type { Results } from "../bench/results.ts";

/** A point of a plot or of a fit. */
export type Point = readonly [x: number, y: number];

/** y = intercept + slope x, and how well it fits. */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
  /** How far the worst point is from the line, as a share of the point's y. */
  readonly worstShare: number;
}

/** The line with the least squares of distances to these points. */
export function fitLine(points: readonly Point[]): Line {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const slope = mean(points.map(([x, y]) => (x - meanX) * (y - meanY))) /
    mean(points.map(([x]) => (x - meanX) ** 2));
  const intercept = meanY - slope * meanX;
  const shares = points.map(([x, y]) =>
    Math.abs(intercept + slope * x - y) / y
  );
  return { intercept, slope, worstShare: Math.max(...shares) };
}

/** What an update costs a whole herd, by its number of servers, in us of CPU. */
export interface HerdModel {
  /** Measured: servers and us. */
  readonly points: readonly Point[];
  /** At the server that a client talks to, in us. */
  readonly firstUs: number;
  /** At each other server, in us. */
  readonly furtherUs: number;
  readonly worstShare: number;
}

/**
 * The model, fitted to the herds that the bench has measured.
 *
 * @param how `at one` or `at each`: where clients send their updates.
 */
export function modelOf(
  results: Results,
  how: "at one" | "at each",
): HerdModel {
  const suffix = `, ${how}`;
  const points = new Set(
    results.samples.filter(({ measure, point }) =>
      measure === "herd sizes" && point.endsWith(suffix)
    ).map(({ point }) => point),
  );
  const measured = [...points].map((point): Point => [
    sizeOf(point),
    middle(results, {
      measure: "herd sizes",
      subject: "herd",
      point,
      value: "cpuUs",
    })!,
  ]).sort(([one], [other]) => one - other);
  const { intercept, slope, worstShare } = fitLine(
    measured.map(([servers, us]) => [servers - 1, us]),
  );
  return {
    points: measured,
    firstUs: intercept,
    furtherUs: slope,
    worstShare,
  };
}

/**
 * Updates a second that a herd can take at most where each server has a core of
 * its own and clients are everywhere: so many cores, and so much for an update.
 */
export function capacity(
  { firstUs, furtherUs }: HerdModel,
  servers: number,
): number {
  return servers * 1_000_000 / (firstUs + furtherUs * (servers - 1));
}
