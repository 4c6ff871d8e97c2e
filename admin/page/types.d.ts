/** Types of the data from the administration port, and of the page's views. */
import type {
  AgedSummary,
  ClockStatus,
  DataStatus,
  GatewayExample,
  HerdStatus,
  HistoryStatus,
  LinkStatus,
  LogStatus,
  ServerEvent,
  ServerStatus,
} from "../../server/status/status.ts";

export type { LinkSummary } from "../../server/status/summary.ts";
export type {
  ClockStatus,
  DataStatus,
  GatewayExample,
  HerdStatus,
  HistoryStatus,
  LinkStatus,
  LogStatus,
  ServerStatus,
};
export type { Positions, ShownPosition } from "../position_types.ts";
export type { WorldMap } from "../world_map.ts";

/** An event of the log, and its server. */
export interface LogEvent extends ServerEvent {
  readonly server: string;
}

/** The view of a server. */
export interface ServerView {
  readonly name: string;
  /** Its index in the herd file, which selects its colour. */
  readonly index: number;
  readonly state:
    | "ready"
    | "not ready"
    | "stopping"
    | "reachable"
    | "down"
    | "unseen";
  /** Details of the state; may be empty. */
  readonly note: string;
  /**
   * How old its status is: of now, from a new or an old summary. Old as well if
   * there is none.
   */
  readonly age: "now" | "new" | "old";
  /** Undefined if the server runs in another process, and sends no summary. */
  readonly status: ServerStatus | AgedSummary | undefined;
}

/** The view of a link. */
export interface LinkView {
  readonly ends: readonly [string, string];
  readonly state: "up" | "behind" | "catching up" | "down" | "unseen";
  /** Details of the state; may be empty. */
  readonly note: string;
}
