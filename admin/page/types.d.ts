/** Types of the data from the administration port, and of the page's views. */
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
  /** Undefined if the server runs in another process. */
  readonly status: ServerStatus | undefined;
}

/** The view of a link. */
export interface LinkView {
  readonly ends: readonly [string, string];
  readonly state: "up" | "behind" | "catching up" | "down" | "unseen";
  /** Details of the state; may be empty. */
  readonly note: string;
}
