/**
 * What an update costs in herds of different sizes, counted in the simulation:
 * the real links and the real flood, on a network of their own.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { Random } from "../../runtime/random.ts";
import { planPeace } from "../../tests/simulation/peace.ts";
import { epochMs } from "../../tests/simulation/plan.ts";
import type { SimulatedServer } from "../../tests/simulation/simulated_server.ts";
import { World } from "../../tests/simulation/world.ts";
import { herdOf } from "./shape.ts";

/** What an update costs. */
export interface Spread {
  /** Links that it crosses, on average. */
  readonly crossings: number;
  /** Links on its way to a server, on average over all other servers. */
  readonly hopsMean: number;
  /** The longest such way. */
  readonly hops: number;
}

/** Long enough for all links to come up, and for what is held back to be told. */
const settleMs = 1_000;

/** Updates come this often, each at another server. */
const updateEveryMs = 1;

/** Updates before any counts: the herd learns the ways that they take. */
const learnedUpdates = 4_000;

const countedUpdates = 2_000;

const clients = 1_000;

/** Notes by which way each server first heard of each report. */
class HopRecorder {
  /** Links crossed, by the report's line and the server's name. */
  readonly #hops = new Map<ByteString, Map<string, number>>();

  /** Looks over a server's shoulder. */
  observe({ name, router }: SimulatedServer): void {
    const accept = router.accept.bind(router);
    router.accept = (report, from) => {
      const acceptance = accept(report, from);
      if (acceptance === "newer") this.#note(report.line, name, from);
      return acceptance;
    };
  }

  clear(): void {
    this.#hops.clear();
  }

  /** The links crossed by each report to each server but the first. */
  all(): number[] {
    return [...this.#hops.values()].flatMap((hops) =>
      [...hops.values()].filter((count) => count > 0)
    );
  }

  #note(line: ByteString, name: string, from: string | undefined): void {
    let hops = this.#hops.get(line);
    if (hops === undefined) this.#hops.set(line, hops = new Map());
    hops.set(name, from === undefined ? 0 : hops.get(from)! + 1);
  }
}

/** Tells servers, chosen at random, of so many updates, and lets them spread. */
async function sendUpdates(
  { servers, time }: World,
  random: Random,
  updates: number,
): Promise<void> {
  const all = [...servers.values()];
  for (let update = 0; update < updates; update++) {
    random.pick(all).report({
      verb: "IAMAT",
      client: `client-${update % clients}`,
      position: "+34.068930-118.445127",
      time: ((epochMs + time.elapsedMs) / 1000).toFixed(6),
    });
    await time.run(time.elapsedMs + updateEveryMs);
  }
  await time.run(time.elapsedMs + settleMs);
}

const crossingsIn = ({ servers }: World) =>
  [...servers.values()].reduce(
    (sum, { crossings }) => sum + crossings.reports,
    0,
  );

/** Measures a herd of so many servers. The same every time. */
export async function measureSpread(count: number): Promise<Spread> {
  const random = new Random(count);
  const world = new World(planPeace(count, herdOf(count)));
  await world.time.run(settleMs);
  const ways = new HopRecorder();
  for (const server of world.servers.values()) ways.observe(server);
  await sendUpdates(world, random, learnedUpdates);
  ways.clear();
  const before = crossingsIn(world);
  await sendUpdates(world, random, countedUpdates);
  const hops = ways.all();
  const expected = countedUpdates * (count - 1);
  if (hops.length !== expected) {
    throw new Error(
      `updates should have come to ${expected} servers, not ${hops.length}`,
    );
  }
  return {
    crossings: (crossingsIn(world) - before) / countedUpdates,
    hopsMean: hops.reduce((sum, one) => sum + one, 0) / hops.length,
    hops: hops.reduce((most, one) => Math.max(most, one)),
  };
}
