/**
 * Measures how many links a report crosses in the default herd, without faults.
 *
 * @module
 */
import defaultHerd from "../../herd.json" with { type: "json" };
import { Random } from "../../runtime/random.ts";
import { drawReports, punctualClients } from "./draw.ts";
import { planPeace } from "./peace.ts";
import { World } from "./world.ts";

/** The traffic on the links. */
export interface Redundancy {
  readonly reports: number;
  /** How often a report crossed a link, on average. */
  readonly crossings: number;
  /** The same if every server sent all new reports to all other neighbours. */
  readonly floodedCrossings: number;
  /** The same if every other server received each report once. */
  readonly leastCrossings: number;
  /** Report IDs that were announced and requested, for each report. */
  readonly ids: number;
}

/** Time for links to come up, and for held-back reports to be announced. */
const settleMs = 1_000;

const clientCount = 1_000;

/** Measures for `forMs`, after the links have come up. */
export async function measureRedundancy(
  seed: number,
  forMs: number,
  reportEveryMs: number,
): Promise<Redundancy> {
  const servers = defaultHerd.servers.map(({ name }) => name);
  const reports = drawReports({
    servers,
    clients: punctualClients(clientCount),
    fromMs: settleMs,
    untilMs: settleMs + forMs,
    everyMs: reportEveryMs,
  }, new Random(seed));
  const world = new World({ ...planPeace(seed), reports });
  await world.time.run(settleMs);
  const before = count(world);
  await world.time.run(2 * settleMs + forMs);
  const after = count(world);
  const reportCount = world.reports.size;
  return {
    reports: reportCount,
    crossings: (after.reports - before.reports) / reportCount,
    floodedCrossings: 2 * defaultHerd.links.length - (servers.length - 1),
    leastCrossings: servers.length - 1,
    ids: (after.ids - before.ids) / reportCount,
  };
}

function count({ servers }: World) {
  const sum = { reports: 0, ids: 0 };
  for (const { crossings } of servers.values()) {
    sum.reports += crossings.reports;
    sum.ids += crossings.ids;
  }
  return sum;
}
