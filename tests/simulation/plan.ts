/**
 * Everything that happens to a simulated herd, written out: its shape, its
 * settings, its clients' reports, and the faults, each with its moment and what
 * it meets. A plan is data: it is drawn from a seed, or read from a file.
 *
 * @module
 */
import { parseTopology, type Topology } from "../../peers/topology.ts";
import { epochSeconds } from "./virtual_process.ts";

/** The time of day when the world begins, in milliseconds. */
export const epochMs = epochSeconds * 1000;

/** A server of the herd, on a host of its own that is named like it. */
export interface PlannedServer {
  readonly name: string;
  /** It starts at this time. */
  readonly startMs: number;
  /** How far its clock is ahead of the truth, in milliseconds. */
  readonly skewMs: number;
}

/** A client tells a server where it is, if that server answers just then. */
export interface PlannedReport {
  readonly atMs: number;
  readonly server: string;
  readonly client: string;
  readonly position: string;
  /** The client's time, in POSIX seconds. */
  readonly time: string;
}

/** Two servers that are neighbours. */
export type ServerPair = readonly [string, string];

/** Something that goes wrong at a moment. */
export type Fault =
  & { readonly atMs: number }
  & (
    /** The process, or its whole machine, is gone for some time. */
    | {
      readonly kind: "kill" | "power loss";
      readonly server: string;
      readonly forMs: number;
    }
    /** The process is stopped, while its kernel goes on. */
    | {
      readonly kind: "freeze";
      readonly server: string;
      readonly forMs: number;
    }
    /** An open connection of the two is reset, or carries nothing any more. */
    | { readonly kind: "cut" | "swallow"; readonly link: ServerPair }
    /** Nothing arrives that the first sends to the second. */
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
    /** Nothing passes between these servers and all others. */
    | {
      readonly kind: "split";
      readonly side: readonly string[];
      readonly forMs: number;
    }
    /** What the first sends to the second takes up to so long. */
    | {
      readonly kind: "slow way";
      readonly link: ServerPair;
      readonly delayMs: number;
      readonly forMs: number;
    }
  );

/** A herd, and what happens to it. */
export interface Plan {
  /** For the chance that is left: packets' delays, jitter, nonces. */
  readonly seed: number;
  readonly servers: readonly PlannedServer[];
  readonly links: readonly ServerPair[];
  /** Whether neighbours compare what they know. */
  readonly catchUp: boolean;
  readonly secrets: readonly string[];
  /** Undefined if servers have room for all clients. */
  readonly maxClients?: number;
  /** Undefined if servers remember clients for ever. */
  readonly clientTtlSeconds?: number;
  /** A neighbour that is silent for this long is given up. */
  readonly timeoutMs: number;
  /** How much one direction of a connection takes that was not read. */
  readonly bufferBytes: number;
  /** Most bytes of a write to a neighbour; undefined for the usual limit. */
  readonly writeBytes?: number;
  /** How many late reports a server knows by fingerprint. */
  readonly recentReports: number;
  /** Packets take so long: from, up to. */
  readonly delayMs: readonly [number, number];
  readonly reports: readonly PlannedReport[];
  readonly faults: readonly Fault[];
  /** From then on nothing goes wrong any more. */
  readonly healAtMs: number;
}

/** Whether servers of this herd forget clients. */
export function isForgetful(
  { clientTtlSeconds, maxClients }: Pick<
    Plan,
    "clientTtlSeconds" | "maxClients"
  >,
): boolean {
  return maxClients !== undefined || clientTtlSeconds !== undefined;
}

/** The herd of a plan, as its servers are told of it. */
export function topologyOf(
  { links, servers }: Pick<Plan, "links" | "servers">,
): Topology {
  return parseTopology({
    servers: servers.map(({ name }) => ({ name, host: name, peerPort: 8_100 })),
    links,
  });
}
