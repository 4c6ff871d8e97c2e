/**
 * Statuses of fake herds, as the administration port sends them.
 *
 * @module
 */
import type {
  HerdStatus,
  LinkStatus,
  ServerStatus,
} from "../../server/status/status.ts";
import { formatSummary, parseSummary } from "../../server/status/summary.ts";
import defaultHerd from "../../herd.json" with { type: "json" };
import { fill, type Given, serverFacts } from "./observed_server.ts";

/** The servers and links of a fake herd, and their faults. */
export interface FakeHerd {
  /** By default those of the default herd. */
  readonly names?: readonly string[];
  readonly links?: readonly (readonly [string, string])[];
  /** Servers whose status is included; by default all. */
  readonly seen?: readonly string[];
  readonly time?: number;
  /** Links that are down, each by both names: `Hill Smith`. */
  readonly down?: readonly string[];
  /** Numbers of waiting reports, by both names of the link. */
  readonly waiting?: Readonly<Record<string, number>>;
  /** Fields of servers' statuses that differ from the defaults. */
  readonly servers?: Readonly<Record<string, Given<ServerStatus>>>;
  /** The ages of the summaries of servers that are not `seen`, in seconds. */
  readonly summaries?: Readonly<Record<string, number>>;
}

const bounds = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1, 1];

/**
 * A distribution of `count` values around a median: for each bound, how many
 * values are at most as large.
 */
export function fakeDistribution(count: number, median: number) {
  const buckets = bounds.map((bound): [number, number] => [
    bound,
    Math.round(count / (1 + (median / bound) ** 3)),
  ]);
  return { count, sum: count * median, buckets };
}

export function fakeStatus(herd: FakeHerd = {}): HerdStatus {
  const {
    names = defaultHerd.servers.map(({ name }) => name),
    links = defaultHerd.links.map(([left, right]): [string, string] => [
      left,
      right,
    ]),
    time = 1_764_000_000,
  } = herd;
  const { seen = names, servers = {}, summaries = {} } = herd;
  const describe = (name: string) =>
    fill({
      ...fakeServer(name, time),
      links: linksOf(name, herd, links, time),
    }, servers[name] ?? {});
  return {
    version: 1,
    time,
    self: seen[0],
    herd: {
      servers: names.map((name, index) => ({
        name,
        host: "127.0.0.1",
        clientPort: 8000 + index,
        adminPort: 8200 + index,
      })),
      links,
    },
    servers: seen.map(describe),
    summaries: Object.entries(summaries).map(([name, ageSeconds]) => ({
      ...parseSummary(name, formatSummary(describe(name)))!,
      ageSeconds,
    })),
  };
}

const startedAt = 1_764_000_000 - 3_600;

function fakeServer(name: string, time: number): ServerStatus {
  return {
    ...serverFacts(name, { startedAt, uptimeSeconds: time - startedAt }),
    software: "0.1.0",
    memoryBytes: 120_000_000,
  };
}

function linksOf(
  name: string,
  { down = [], waiting = {} }: FakeHerd,
  links: readonly (readonly [string, string])[],
  time: number,
): LinkStatus[] {
  return links.filter((ends) => ends.includes(name)).map((ends) => {
    const key = ends.join(" ");
    const isUp = !down.includes(key);
    return {
      neighbour: ends[0] === name ? ends[1] : ends[0],
      isUp,
      since: time - 60,
      stateSeconds: 60,
      isCaughtUp: isUp,
      waitingReports: waiting[key] ?? 0,
      clockAheadSeconds: null,
      reportsReceived: 0,
      bytesSent: 0,
      losses: isUp ? 0 : 1,
      lastFailure: isUp ? null : "connection refused",
      duplicates: 0,
      ignoredMessages: 0,
    };
  });
}
