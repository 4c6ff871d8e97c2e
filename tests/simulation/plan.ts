/**
 * The plan of a simulated herd: its servers and links, its settings, its
 * clients' reports, and its faults with their times and what they affect. A plan
 * is plain data. It is drawn from a seed, or read from a file.
 *
 * @module
 */
import { parseTopology, type Topology } from "../../peers/topology.ts";
import { epochSeconds } from "./virtual_process.ts";

/** The time of day at the start of a simulation, in POSIX milliseconds. */
export const epochMs = epochSeconds * 1000;

/** A server of the herd, on its own host of the same name. */
export interface PlannedServer {
  readonly name: string;
  readonly startMs: number;
  /** How far its clock is ahead, in milliseconds. */
  readonly skewMs: number;
}

/** A report of a client, which is lost if the server does not run then. */
export interface PlannedReport {
  readonly atMs: number;
  readonly server: string;
  readonly client: string;
  readonly position: string;
  /** The client's time, in POSIX seconds. */
  readonly time: string;
  /** Undefined for none. */
  readonly attributes?: string;
  /**
   * Another server, which gets the line at the same time without its attributes,
   * as from a neighbour of a version that knows none.
   */
  readonly alsoAt?: string;
}

/**
 * A request to a server to forget a client, which is lost if the server does not
 * run then.
 */
export interface PlannedDeletion {
  readonly atMs: number;
  readonly server: string;
  readonly client: string;
}

/** Two servers that are neighbours. */
export type ServerPair = readonly [string, string];

/** A fault at a given time. */
export type Fault =
  & { readonly atMs: number }
  & (
    /** The process or its whole machine stops, and starts again later. */
    | {
      readonly kind: "kill" | "power loss";
      readonly server: string;
      readonly forMs: number;
    }
    /** The process is stopped, while its kernel continues. */
    | {
      readonly kind: "freeze";
      readonly server: string;
      readonly forMs: number;
    }
    /** An open connection of the two is reset, or loses all later data. */
    | { readonly kind: "cut" | "swallow"; readonly link: ServerPair }
    /** Packets of the first server do not reach the second. */
    | {
      readonly kind: "block one way";
      readonly link: ServerPair;
      readonly forMs: number;
    }
    | {
      readonly kind: "block both ways";
      readonly link: ServerPair;
      readonly forMs: number;
    }
    /** These servers are disconnected from all others. */
    | {
      readonly kind: "split";
      readonly side: readonly string[];
      readonly forMs: number;
    }
    /** Packets of the first server reach the second after up to `delayMs`. */
    | {
      readonly kind: "slow path";
      readonly link: ServerPair;
      readonly delayMs: number;
      readonly forMs: number;
    }
  );

/**
 * The clock of a server's machine is set, and may drift from then on, until it is
 * set again. At healing all clocks become right.
 */
export interface PlannedClock {
  readonly atMs: number;
  readonly server: string;
  /** How far it is ahead, besides its skew, in milliseconds. */
  readonly aheadMs: number;
  /** By how much it is further ahead after each second, in milliseconds. */
  readonly driftMs: number;
}

/** The ways in which servers stop. */
export const stopKinds = ["stop", "kill", "power cut"] as const;

/** A way in which servers stop. */
export type StopKind = typeof stopKinds[number];

/** Servers stop at the same time, and start again some time after. */
export interface PlannedStop {
  readonly atMs: number;
  readonly forMs: number;
  readonly kind: StopKind;
  readonly servers: readonly string[];
  /** Whether their data folders are removed meanwhile. */
  readonly losesFolders?: boolean;
}

/** The data folders of a herd, and stops of its servers. */
export interface PlannedFolders {
  /** The servers with a data folder. */
  readonly servers: readonly string[];
  /** Records are synced after this time, in milliseconds. */
  readonly syncMs: number;
  /** A new snapshot is written when the tails have this size, in bytes. */
  readonly minTailBytes: number;
  /** Shortest and longest time of an operation on a file. */
  readonly delayMs: readonly [number, number];
  readonly stops: readonly PlannedStop[];
}

/** A herd, its reports and its faults. */
export interface Plan {
  /** For everything else that is random: packets' delays, jitter, nonces. */
  readonly seed: number;
  readonly servers: readonly PlannedServer[];
  readonly links: readonly ServerPair[];
  /** Whether neighbours run anti-entropy. */
  readonly catchUp: boolean;
  readonly secrets: readonly string[];
  /** Undefined for no limit. */
  readonly maxClients?: number;
  /** Undefined for no expiry by age. */
  readonly clientTtlSeconds?: number;
  /** How long deletions are kept; `defaultForgetDays` by default. */
  readonly forgetSeconds?: number;
  /** After this much silence of a neighbour, its link ends. */
  readonly timeoutMs: number;
  /** Most bytes in one direction of a connection that were not read. */
  readonly bufferBytes: number;
  /** Most bytes of a write to a neighbour; `maxWriteBytes` by default. */
  readonly writeBytes?: number;
  /** Most bytes that wait for a neighbour; `maxOutboxBytes` by default. */
  readonly outboxBytes?: number;
  /** The key of all digest trees; by default each server draws its own. */
  readonly treeKey?: string;
  /** How many reports a server looks at at once when it rebuilds its tree. */
  readonly rebuiltReports?: number;
  /** How many fingerprints of recent reports a server keeps. */
  readonly recentReports: number;
  /** Shortest and longest delay of a packet. */
  readonly delayMs: readonly [number, number];
  readonly reports: readonly PlannedReport[];
  /** Undefined for none. */
  readonly deletions?: readonly PlannedDeletion[];
  readonly faults: readonly Fault[];
  /** Undefined if the servers' clocks have only their skew. */
  readonly clocks?: readonly PlannedClock[];
  /** Undefined if no server has a data folder. */
  readonly folders?: PlannedFolders;
  /** When all faults end. */
  readonly healAtMs: number;
}

/** Whether reports expire in this herd. */
export function hasExpiry(
  { clientTtlSeconds, maxClients }: Pick<
    Plan,
    "clientTtlSeconds" | "maxClients"
  >,
): boolean {
  return maxClients !== undefined || clientTtlSeconds !== undefined;
}

/** Whether links lead from each server to each other one. */
export function isConnected(
  servers: readonly PlannedServer[],
  links: readonly ServerPair[],
): boolean {
  if (servers.length === 0) return false;
  return reachedFrom(servers[0].name, links).size === servers.length;
}

/** The names of all servers that are connected with a server, and its own. */
export function reachedFrom(
  name: string,
  links: readonly ServerPair[],
): Set<string> {
  const reached = new Set([name]);
  // The iteration over a set includes names that are added during it.
  for (const name of reached) {
    for (const link of links) {
      if (link.includes(name)) link.forEach((end) => reached.add(end));
    }
  }
  return reached;
}

/** The topology of a plan's herd. */
export function topologyOf(
  { links, servers }: Pick<Plan, "links" | "servers">,
): Topology {
  return parseTopology({
    servers: servers.map(({ name }) => ({ name, host: name, peerPort: 8_100 })),
    links,
  });
}
