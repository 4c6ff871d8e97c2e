/**
 * What an update costs in herds of different sizes, counted in the simulation,
 * which runs the real links and the real flood.
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

/** The cost of an update. */
export interface Spread {
  /** How often it crosses a link, on average. */
  readonly crossings: number;
  /** Links on its path to another server, on average. */
  readonly hopsMean: number;
  /** Links on the longest path. */
  readonly hops: number;
}

/** Long enough for all links to come up, and for all announcements. */
const settleMs = 1_000;

/** Time between two updates. */
const updateEveryMs = 1;

/** Updates from which the herd learns its trees. They do not count. */
const learnedUpdates = 4_000;

const countedUpdates = 2_000;

const clients = 1_000;

/** Counts the links on the path of each report to each server. */
class HopRecorder {
  /** Links, by the report's line and the server's name. */
  readonly #hops = new Map<ByteString, Map<string, number>>();

  /** Observes the reports that a server accepts. */
  observe({ name, router }: SimulatedServer): void {
    const acceptOwn = router.acceptOwn.bind(router);
    router.acceptOwn = (report) => {
      const acceptance = acceptOwn(report);
      if (acceptance === "newer") this.#count(report.line, name, undefined);
      return acceptance;
    };
    const accept = router.accept.bind(router);
    router.accept = (report, from) => {
      const acceptance = accept(report, from);
      if (acceptance === "newer") this.#count(report.line, name, from);
      return acceptance;
    };
  }

  clear(): void {
    this.#hops.clear();
  }

  /** The links of all paths, without the server that each report came to first. */
  all(): number[] {
    return [...this.#hops.values()].flatMap((hops) =>
      [...hops.values()].filter((count) => count > 0)
    );
  }

  #count(line: ByteString, name: string, from: string | undefined): void {
    let hops = this.#hops.get(line);
    if (hops === undefined) this.#hops.set(line, hops = new Map());
    hops.set(name, from === undefined ? 0 : hops.get(from)! + 1);
  }
}

/** Sends updates to random servers, and waits until they have spread. */
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

/** Measures the herd of a size. The result is the same every time. */
export async function measureSpread(count: number): Promise<Spread> {
  const random = new Random(count);
  const world = new World(planPeace(count, herdOf(count)));
  await world.time.run(settleMs);
  const paths = new HopRecorder();
  for (const server of world.servers.values()) paths.observe(server);
  await sendUpdates(world, random, learnedUpdates);
  paths.clear();
  const before = crossingsIn(world);
  await sendUpdates(world, random, countedUpdates);
  const hops = paths.all();
  const expected = countedUpdates * (count - 1);
  if (hops.length !== expected) {
    throw new Error(
      `expected ${expected} updates at other servers, found ${hops.length}`,
    );
  }
  return {
    crossings: (crossingsIn(world) - before) / countedUpdates,
    hopsMean: hops.reduce((sum, one) => sum + one, 0) / hops.length,
    hops: hops.reduce((most, one) => Math.max(most, one)),
  };
}
