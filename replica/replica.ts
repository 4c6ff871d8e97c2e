/**
 * The interface between a server and its replica: the newest report about each
 * client. A server depends on nothing else of its replica. Flooding
 * (`peers/flood_replica.ts`) is one implementation.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Report } from "../protocol/report.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { Port } from "../runtime/network.ts";
import type { Observer } from "../runtime/observers.ts";
import type { ReplicaRecords } from "./records.ts";
import type { ReportSource } from "./report_source.ts";
import type { Settling } from "./settling.ts";
import type { SummaryExchange } from "./summaries.ts";

/** The newest AT line about a client; undefined if the client is unknown. */
export type Found = ByteString | undefined;

/** Why a replica does not take a report. */
export type PutRefusal =
  /** The client is new, and its source holds its share of the replica. */
  "table-share";

/** What a replica has forgotten about a client. */
export interface Forgotten {
  /** Reports that were heard until then are deleted. */
  readonly until: Timestamp;
  /** The AT line that this replica has removed; undefined if it had none. */
  readonly removed: ByteString | undefined;
}

/** Why a replica does not forget a client. */
export type ForgetRefusal =
  /** The time is ahead of its clock. */
  | "ahead"
  /** The time is so long ago that the deletion would not be kept. */
  | "expired"
  /** It has no room for further deletions. */
  | "full";

/** One server's replica. */
export interface Replica {
  /**
   * Stores a report that a client of this server has sent. From now on `find`
   * gives this report, or a newer one. The report's buffer is reused, so the
   * replica must copy what it needs before it returns.
   *
   * If the reply must wait for a confirmation, the replica calls
   * `settling.begin`. Later it calls `settle` when it can confirm this report
   * or a newer one about the same client, or `fail` if it never can. What a
   * confirmation guarantees depends on the replica. `put` may leave these calls
   * to the `flush` that follows, for all reports of a chunk at once.
   *
   * @param source The connection that the report came from.
   * @returns Why the report is not taken; undefined if it is.
   */
  put(
    report: Report,
    settling: Settling,
    source?: ReportSource,
  ): PutRefusal | undefined;

  /**
   * The newest report about a client: the newest that was put here, or a newer
   * one. Rejects with a reason if the replica cannot answer.
   */
  find(client: ByteString): Found | Promise<Found>;

  /**
   * The same with its attributes: the AT line alone, or the AT line, a space and
   * the attributes.
   */
  findRecord(client: ByteString): Found | Promise<Found>;

  /**
   * The newest reports about the clients whose IDs match a pattern, page by
   * page, in an order that the replica chooses. A report that arrives while
   * pages are read may be missing.
   *
   * @param pattern A client ID in which `*` matches any number of bytes.
   * @param limit Most reports of a page; at least 1.
   * @param cursor `next` of the previous page; undefined for the first page.
   */
  select(
    pattern: ByteString,
    limit: number,
    cursor?: string,
  ): Page | Promise<Page>;

  /**
   * Calls the observer with each new report, until the returned function is
   * called. The report's buffer is reused. The observer is on the fast path and
   * must return at once.
   */
  observe(observer: Observer<Report>): () => void;

  /**
   * Deletes what was heard about a client until a time, on all servers. Reports
   * that were heard later remain, and the client may report again.
   *
   * @param until By default, all that is stored now is deleted.
   */
  forget(
    client: ByteString,
    until?: Timestamp,
  ): Forgotten | ForgetRefusal | Promise<Forgotten | ForgetRefusal>;

  /**
   * Stores many reports that no client waits for, such as those of a file. The
   * iterable may give the same object each time.
   */
  load(reports: Iterable<Report>): void | Promise<void>;

  /** Whether clients should be directed to a server with this replica. */
  readonly ready: boolean;

  /** Why it is not ready, in a few words; undefined if it is ready. */
  readonly fault: string | undefined;

  /**
   * Sends the reports that were put. Connections call this after each chunk and
   * before each write. When this returns, `settling.begin` has been called for
   * all that the next replies must wait for.
   */
  flush(settling: Settling): void;

  /** The current state. */
  status(): ReplicaStatus;

  /** What can be kept on disk; undefined if it keeps its reports itself. */
  readonly records?: ReplicaRecords;

  /** Carries summaries of servers' states; undefined if it carries none. */
  readonly summaries?: SummaryExchange;

  /** The port for the replicas of other servers, if there is one. */
  readonly port: Port | undefined;

  /**
   * Connects to the servers or services that it needs. Resolves after one
   * attempt each, which may be before it is ready. Clients may be served
   * earlier.
   */
  start(): Promise<void>;

  /**
   * Stops accepting connections. Resolves when all reports that clients have
   * put were sent.
   *
   * @param clientsGone Resolves when no client is connected.
   */
  stop(clientsGone: Promise<unknown>): Promise<void>;
}

/** Some of the reports that match a pattern. */
export interface Page {
  /**
   * AT lines. A page may have fewer than the limit, or none, before the last.
   */
  readonly lines: readonly ByteString[];
  /** The attributes of each; empty for none. */
  readonly attributes: readonly ByteString[];
  /** The cursor of the next page; undefined after the last page. */
  readonly next: string | undefined;
}

/** A replica's state. */
export interface ReplicaStatus {
  /** How many clients have a report in this server's memory. */
  readonly clients: number;
  /** What their reports take in memory, in bytes, and the most they may. */
  readonly table: { readonly bytes: number; readonly maxBytes: number };
  /** How many clients' deletions are kept. */
  readonly deletions: number;
  /** How many reports deletions have removed. */
  readonly deletedReports: number;
  /**
   * How many reports were stored, were known already, were sent again by their
   * clients, were heard at a time that has not come, had expired already, are
   * deleted, or came from a replica that was apart for so long that they may be
   * deleted.
   */
  readonly reports: Readonly<
    Record<
      | "newer"
      | "known"
      | "repeated"
      | "ahead"
      | "forgotten"
      | "deleted"
      | "apart",
      number
    >
  >;
  /** Whether reports of its clients expire on arrival, so that none is stored. */
  readonly storesNothing: boolean;
  /** How this server's clock compares with those of its neighbours. */
  readonly clock: ReplicaClockStatus;
  /** The link with each neighbour. */
  readonly links: readonly ReplicaLinkStatus[];
}

/**
 * How a server's clock compares with the median of its own clock and those of
 * other servers.
 */
export interface ReplicaClockStatus {
  /** How far it is ahead of the median, in seconds; negative if it is behind. */
  readonly aheadSeconds: number;
  /** How many clocks the median is of; 1 if there is no other one. */
  readonly clocks: number;
  /** Whether it differs so much that it may be wrong. */
  readonly differs: boolean;
}

/** The state of a link with a neighbour. */
export interface ReplicaLinkStatus {
  /** The neighbour's name. */
  readonly neighbour: string;
  readonly isUp: boolean;
  /** Whether this server has caught up with the neighbour. */
  readonly isCaughtUp: boolean;
  /** How many reports wait to be sent to the neighbour. */
  readonly waitingReports: number;
  /** How far the neighbour's clock is ahead, in seconds; undefined if unknown. */
  readonly clockAheadSeconds: number | undefined;
  /**
   * When the link last came up or went down, in POSIX seconds, by the clock as
   * it is set now.
   */
  readonly since: number;
  /** For how long it has been up or down, in seconds. */
  readonly stateSeconds: number;
  readonly reportsReceived: number;
  readonly bytesSent: number;
  /** How often the link was lost. */
  readonly losses: number;
  /**
   * Why the link was last lost or not made; undefined if that never happened.
   */
  readonly lastFailure: string | undefined;
  /** How often two servers with the neighbour's name alternated. */
  readonly duplicates: number;
  /** Messages of a later version that were ignored. */
  readonly ignoredMessages: number;
}
