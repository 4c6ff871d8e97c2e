/**
 * The interface of a server for the administration port. `HerdServer` implements
 * it.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Report } from "../protocol/report.ts";
import type { ForgottenClient, History } from "../replica/history.ts";
import type { ForgetRefusal, Replica } from "../replica/replica.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { LimitName } from "../runtime/limit_counts.ts";
import type { RefusalName } from "../runtime/refusal_counts.ts";
import type { Observer } from "../runtime/observers.ts";
import type {
  AgedSummary,
  ServerEvent,
  ServerFacts,
} from "../server/status/status.ts";

export interface ObservedServer extends Pick<Replica, "find" | "select"> {
  readonly name: string;
  /** Deletes what was heard about a client. */
  forget(
    client: ByteString,
    until?: Timestamp,
  ):
    | ForgottenClient
    | ForgetRefusal
    | Promise<ForgottenClient | ForgetRefusal>;
  /** Its recorded history; undefined if it records none. */
  readonly history?: Pick<History, "add" | "reader" | "state"> | undefined;
  /** The server's state now. */
  status(): ServerFacts;
  /** The newest summaries of servers of other processes, at most one each. */
  summaries(): readonly AgedSummary[];
  /** Notifies of events until the returned function is called. */
  observeEvents(observer: Observer<ServerEvent>): () => void;
  /**
   * Notifies of new reports until the returned function is called. A report's
   * buffer is reused after the call.
   */
  observeReports(observer: Observer<Report>): () => void;
  /** Counts that a limit of its administration port was reached. */
  countLimit(limit: LimitName): void;
  /** Counts that its administration port has refused a request. */
  countRefusal(name: RefusalName): void;
}
