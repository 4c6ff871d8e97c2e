/**
 * What a simulated server is given.
 *
 * @module
 */
import { secondsPerDay } from "../../protocol/time.ts";
import { defaultForgetDays } from "../../peers/limits.ts";
import type { MemoryFolder } from "../storage/memory_folder.ts";
import type { Topology } from "../../peers/topology.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import type { Coverage, ServerEvent } from "./coverage.ts";
import type { Violation } from "./crossings.ts";
import type { FolderWatch } from "./folders.ts";
import type { HostClock } from "./host_clock.ts";

/** The data folder of a server, and what checks it. */
export interface ServerFolder {
  readonly folder: MemoryFolder;
  readonly watch: FolderWatch;
  readonly syncMs: number;
  readonly minTailBytes: number;
  /** Called when the server has read the folder. */
  readonly onRestored: () => void;
  /** Called when the server refuses the folder. */
  readonly onRefused: () => void;
}

/** The options of a herd's servers. */
export interface ServerOptions {
  readonly topology: Topology;
  readonly catchUp: boolean;
  readonly secrets: readonly string[];
  readonly maxClients?: number;
  readonly clientTtlSeconds?: number;
  readonly forgetSeconds?: number;
  readonly timeoutMs: number;
  readonly writeBytes?: number;
  readonly outboxBytes?: number;
  readonly treeKey?: string;
  readonly rebuiltReports?: number;
  readonly recentReports: number;
  readonly coverage: Coverage;
  /** Receives the events of the server's log. */
  readonly onServerEvent: (event: ServerEvent) => void;
  /** The clock of a server's machine. */
  readonly hostClockOf: (name: string) => HostClock;
  /** The lines of a server. */
  readonly linesOf: (name: string) => Iterable<ByteString>;
  /** Whether a report may have expired before a server received it. */
  readonly mayBeLost: (line: ByteString) => boolean;
  /** Receives broken rules. */
  readonly onViolation: (violation: Violation) => void;
  /** Receives descriptions of events. */
  readonly onEvent: (text: string) => void;
}

/** How long a server keeps deletions, in seconds. */
export function forgetSecondsOf({ forgetSeconds }: ServerOptions): number {
  return forgetSeconds ?? defaultForgetDays * secondsPerDay;
}
