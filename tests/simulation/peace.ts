/**
 * Plans of herds without faults and reports, which tests and benchmarks extend.
 *
 * @module
 */
import defaultHerd from "../../herd.json" with { type: "json" };
import { recentReports } from "../../peers/limits.ts";
import { Random } from "../../runtime/random.ts";
import { type Shape, startWithinMs, usualDelayMs } from "./draw.ts";
import type { Plan, ServerPair } from "./plan.ts";

/** A herd of these servers, with correct clocks. */
export function shapeOf(
  names: readonly string[],
  links: readonly ServerPair[],
): Shape {
  const servers = names.map((name) => ({ name, startMs: 0, skewMs: 0 }));
  return { servers, links };
}

/** The default herd. */
export const defaultShape: Shape = shapeOf(
  defaultHerd.servers.map(({ name }) => name),
  defaultHerd.links.map(([one, other]) => [one, other]),
);

/**
 * The plan of a herd without faults and reports. The seed determines when its
 * servers start.
 */
export function planPeace(
  seed: number,
  { links, servers }: Shape = defaultShape,
): Plan {
  const random = new Random(seed);
  return {
    seed,
    servers: servers.map((server) => ({
      ...server,
      startMs: random.between(0, startWithinMs),
    })),
    links,
    catchUp: true,
    secrets: [],
    timeoutMs: 5_000,
    bufferBytes: 64 * 1024,
    recentReports,
    delayMs: usualDelayMs,
    reports: [],
    faults: [],
    healAtMs: Infinity,
  };
}
