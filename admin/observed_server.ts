/**
 * What this room sees of a running server. `HerdServer` is one as it stands.
 *
 * @module
 */
import type { Report } from "../protocol/report.ts";
import type { Replica } from "../replica/replica.ts";
import type { Observer } from "../runtime/observers.ts";
import type { ServerEvent, ServerFacts } from "../server/status/status.ts";

/** A server that is looked at, and what its replica finds. */
export interface ObservedServer extends Pick<Replica, "find" | "select"> {
  readonly name: string;
  /** How it is now. */
  status(): ServerFacts;
  /** Shows events until the returned function is called. */
  observeEvents(observer: Observer<ServerEvent>): () => void;
  /** Shows reports, in a buffer that is used again, likewise. */
  observeReports(observer: Observer<Report>): () => void;
}
