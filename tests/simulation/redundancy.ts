/**
 * How often a report crosses a link: measured on the default herd, in peace and
 * under load.
 *
 * @module
 */
import defaultHerd from "../../herd.json" with { type: "json" };
import { recentReports } from "../../peers/limits.ts";
import { type Plan, topologyOf } from "./plan.ts";
import { Random } from "../../runtime/random.ts";
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

/** Measures for so long, after a second for the links to come up. */
export async function measureRedundancy(
  seed: number,
  forMs: number,
  reportEveryMs: number,
): Promise<Redundancy> {
  const world = new World(
    planPeace(reportEveryMs),
    new Random(seed),
    () => {},
  );
  await world.time.run(settleMs);
  const before = count(world);
  await world.time.run(settleMs + forMs);
  world.heal();
  await world.time.run(2 * settleMs + forMs);
  const after = count(world);
  const reports = world.reports.size;
  const servers = defaultHerd.servers.length;
  return {
    reports,
    crossings: (after.reports - before.reports) / reports,
    floodedCrossings: 2 * defaultHerd.links.length - (servers - 1),
    leastCrossings: servers - 1,
    marks: (after.marks - before.marks) / reports,
  };
}

/** The default herd, in which nothing goes wrong. */
export function planPeace(reportEveryMs: number): Plan {
  const names = defaultHerd.servers.map(({ name }) => name);
  return {
    topology: topologyOf(names, defaultHerd.links),
    clients: Array.from({ length: 1_000 }, (_, index) => ({
      id: `client-${index}`,
      skewMs: 0,
      isCoarse: false,
      isErratic: false,
    })),
    catchUp: true,
    secrets: [],
    maxClients: Infinity,
    clientTtlSeconds: undefined,
    timeoutMs: 5_000,
    bufferBytes: 64 * 1024,
    recentReports,
    serverSkewMs: 0,
    loadFromMs: settleMs,
    reportEveryMs,
    healAtMs: Infinity,
    faults: [],
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
