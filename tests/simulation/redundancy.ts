/**
 * How often a report crosses a link: measured on the default herd, in peace and
 * under load.
 *
 * @module
 */
import defaultHerd from "../../herd.json" with { type: "json" };
import { Random } from "../../runtime/random.ts";
import { drawReports, punctualClients } from "./draw.ts";
import { planPeace } from "./peace.ts";
import { World } from "./world.ts";

/** What crossed the links while the herd was told so many reports. */
export interface Redundancy {
  readonly reports: number;
  /** Links that a report crossed, on average. */
  readonly crossings: number;
  /** What it would be if every server sent all news to all its neighbours. */
  readonly floodedCrossings: number;
  /** The least that it can be: every other server hears of it once. */
  readonly leastCrossings: number;
  /** Fingerprints that were announced and asked for, by report. */
  readonly marks: number;
}

/** A server has told what it holds back after this time. */
const settleMs = 1_000;

/** So many clients report. */
const clientCount = 1_000;

/** Measures for so long, after a second for the links to come up. */
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
  const heard = world.reports.size;
  return {
    reports: heard,
    crossings: (after.reports - before.reports) / heard,
    floodedCrossings: 2 * defaultHerd.links.length - (servers.length - 1),
    leastCrossings: servers.length - 1,
    marks: (after.marks - before.marks) / heard,
  };
}

function count({ servers }: World) {
  const sum = { reports: 0, marks: 0 };
  for (const { crossings } of servers.values()) {
    sum.reports += crossings.reports;
    sum.marks += crossings.marks;
  }
  return sum;
}
