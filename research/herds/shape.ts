/**
 * Herds of any size with 2.4 links a server, as in the default herd. Five servers
 * are the default herd. Other herds are a ring with random links across it, which
 * are the same every time. In very small herds each pair has a link.
 *
 * @module
 */
import { Random } from "../../runtime/random.ts";
import type { Shape } from "../../tests/simulation/draw.ts";
import { defaultShape, shapeOf } from "../../tests/simulation/peace.ts";
import type { ServerPair } from "../../tests/simulation/plan.ts";

/** A link has two ends: 1.2 links for each server. */
const linksAServer = 1.2;

const seed = 1;

/** The herd of a size. */
export function herdOf(count: number): Shape {
  if (count === defaultShape.servers.length) return defaultShape;
  const names = Array.from({ length: count }, (_, index) => `Server${index}`);
  return shapeOf(names, ringAcross(names));
}

function ringAcross(names: readonly string[]): ServerPair[] {
  const random = new Random(seed);
  const count = names.length;
  const links = new Map<string, ServerPair>();
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
