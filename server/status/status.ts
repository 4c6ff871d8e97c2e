/**
 * What can be seen of a running herd from outside: the shape of `/status.json`,
 * which is also what the dashboard, the metrics and `herd status` are made
 * from. The fields of a server stand in `fields.ts`.
 *
 * @module
 */
import type { EventFields, EventLevel } from "../../runtime/events.ts";
import type { ServerStatus } from "./fields.ts";

export type {
  ConnectionCounts,
  LineCounts,
  LinkStatus,
  LogStatus,
  PlacesStatus,
  ReportCounts,
  ServerFacts,
  ServerStatus,
} from "./fields.ts";

/** The version of the shape. It rises when a field goes or changes. */
export const statusVersion = 1;

/** The servers of one process, and the herd that they belong to. */
export interface HerdStatus {
  readonly version: typeof statusVersion;
  /** POSIX seconds, by the clock of the process that answers. */
  readonly time: number;
  /** The server whose administration port was asked. */
  readonly self: string;
  /** The whole herd, as its file describes it. */
  readonly herd: HerdPlan;
  /** The servers of this process: one of `server.ts`, all of `herd up`. */
  readonly servers: readonly ServerStatus[];
}

/** Which servers there are to be, and which of them are neighbours. */
export interface HerdPlan {
  readonly servers: readonly PlannedServer[];
  /** Pairs of names. */
  readonly links: readonly (readonly [string, string])[];
}

/** Where a server of the herd is to be found. */
export interface PlannedServer {
  readonly name: string;
  readonly host: string;
  readonly clientPort: number;
  readonly adminPort: number;
}

/** An event of a server's log, as it is told to who watches. */
export interface ServerEvent {
  /** POSIX seconds. */
  readonly time: number;
  readonly level: EventLevel;
  /** The connection that it is about, or `server`. */
  readonly connection: string;
  readonly event: string;
  readonly fields: EventFields;
}
