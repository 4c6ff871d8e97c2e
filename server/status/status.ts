/**
 * The shape of `/status.json`. The dashboard, the metrics and `herd status` are
 * made from the same data. The fields of a server are in `fields.ts`.
 *
 * @module
 */
import type { EventFields, EventLevel } from "../../runtime/events.ts";
import type { ServerStatus } from "./fields.ts";
import type { AgedSummary } from "./summary.ts";

export type {
  ClockStatus,
  ConnectionCounts,
  DataStatus,
  GatewayExample,
  GatewaysStatus,
  HistoryState,
  HistoryStatus,
  LineCounts,
  LinkStatus,
  LogStatus,
  PlacesStatus,
  ReportCounts,
  ServerFacts,
  ServerStatus,
  TableSize,
} from "./fields.ts";
export type { AgedSummary } from "./summary.ts";

/** The version of the shape. It increases if a field is removed or changes. */
export const statusVersion = 1;

/** The servers of one process, and the herd that they belong to. */
export interface HerdStatus {
  readonly version: typeof statusVersion;
  /** POSIX seconds, by the clock of the process that answers. */
  readonly time: number;
  /** The server whose administration port answered. */
  readonly self: string;
  /** The whole herd, as its file describes it. */
  readonly herd: HerdPlan;
  /** The servers of this process: one of `server.ts`, all of `herd up`. */
  readonly servers: readonly ServerStatus[];
  /** The states that servers of other processes have sent. */
  readonly summaries: readonly AgedSummary[];
}

/** The servers and the links of a herd file. */
export interface HerdPlan {
  readonly servers: readonly PlannedServer[];
  /** Pairs of names. */
  readonly links: readonly (readonly [string, string])[];
}

/** The address of a server in the herd file. */
export interface PlannedServer {
  readonly name: string;
  readonly host: string;
  readonly clientPort: number;
  readonly adminPort: number;
}

/** An event of a server's log, as observers receive it. */
export interface ServerEvent {
  /** POSIX seconds. */
  readonly time: number;
  /** The server's uptime then, for ages: the clock may be set later. */
  readonly uptimeSeconds: number;
  readonly level: EventLevel;
  /** The connection that it is about, or `server`. */
  readonly connection: string;
  readonly event: string;
  readonly fields: EventFields;
}
