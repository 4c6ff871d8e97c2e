/**
 * Plans of herds in which nothing goes wrong, to which others add what they
 * want to see.
 *
 * @module
 */
import defaultHerd from "../../herd.json" with { type: "json" };
import { recentReports } from "../../peers/limits.ts";
import { Random } from "../../runtime/random.ts";
import { type Shape, startWithinMs, usualDelayMs } from "./draw.ts";
import type { Plan, ServerPair } from "./plan.ts";

/** A herd of these servers, whose clocks are right. */
export function shapeOf(
  names: readonly string[],
  links: readonly ServerPair[],
): Shape {
  const servers = names.map((name) => ({ name, startMs: 0, skewMs: 0 }));
  return { servers, links };
}

/** The five servers that run where nothing else is said. */
export const defaultShape: Shape = shapeOf(
  defaultHerd.servers.map(({ name }) => name),
  defaultHerd.links.map(([one, other]) => [one, other]),
);

/**
 * A herd in which nothing goes wrong, and no client says anything. Its servers
 * start one after the other, as the seed says.
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
