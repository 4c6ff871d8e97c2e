/**
 * Herds of any size that look alike: 2.4 links a server, as the default herd
 * has. Five servers are the default herd, and others are a ring with random
 * links across it, the same ones every time; where there are too few servers for
 * that, each pair has a link.
 *
 * @module
 */
import defaultHerd from "../../herd.json" with { type: "json" };
import { topologyOf } from "../../tests/simulation/plan.ts";
import { Random } from "../../runtime/random.ts";

type Topology = ReturnType<typeof topologyOf>;

/** A link has two ends: 1.2 links for each server. */
const linksAServer = 1.2;

/** The same links across the ring every time. */
const seed = 1;

/** A herd of so many servers. */
export function herdOf(count: number): Topology {
  if (count === defaultHerd.servers.length) {
    const names = defaultHerd.servers.map(({ name }) => name);
    return topologyOf(names, defaultHerd.links);
  }
  const names = Array.from({ length: count }, (_, index) => `Server${index}`);
  return topologyOf(names, ringAcross(names));
}

function ringAcross(names: readonly string[]): string[][] {
  const random = new Random(seed);
  const count = names.length;
  const links = new Map<string, string[]>();
  const link = (one: number, other: number) => {
    if (one === other) return;
    const [low, high] = one < other ? [one, other] : [other, one];
    links.set(`${low}-${high}`, [names[low], names[high]]);
  };
  for (let index = 0; index < count; index++) link(index, (index + 1) % count);
  const pairs = count * (count - 1) / 2;
  while (links.size < Math.min(Math.round(count * linksAServer), pairs)) {
    link(random.below(count), random.below(count));
  }
  return [...links.values()];
}
