/** What the administration port sends, and what the page makes of it. */
import type {
  HerdStatus,
  LinkStatus,
  LogStatus,
  ServerEvent,
  ServerStatus,
} from "../../server/status/status.ts";

export type { HerdStatus, LinkStatus, LogStatus, ServerStatus };
export type { Positions, ShownPosition } from "../position_types.ts";
export type { WorldMap } from "../world_map.ts";

/** An event of the log, and whose. */
export interface LogEvent extends ServerEvent {
  readonly server: string;
}

/** A server as the page shows it. */
export interface ServerView {
  readonly name: string;
  /** Its place in the herd file, which gives it its colour. */
  readonly index: number;
  readonly state:
    | "ready"
    | "not ready"
    | "stopping"
    | "reachable"
    | "down"
    | "unseen";
  /** More about the state; empty if there is no more. */
  readonly note: string;
  /** undefined if it is not of the process that is asked. */
  readonly status: ServerStatus | undefined;
}

/** A link as the page shows it. */
export interface LinkView {
  readonly ends: readonly [string, string];
  readonly state: "up" | "behind" | "catching up" | "down" | "unseen";
  /** More about the state; empty if there is no more. */
  readonly note: string;
}
