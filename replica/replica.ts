/**
 * One server's replica: its copy of the newest report about each client, or its
 * access to one. A server is given a replica and knows no more of it than this
 * interface. Flooding (`peers/flood_replica.ts`) is one implementation.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Report } from "../protocol/report.ts";
import type { Port } from "../runtime/network.ts";
import type { Observer } from "../runtime/observers.ts";
import type { ReportSource } from "./report_source.ts";
import type { Settling } from "./settling.ts";

/** The newest AT line about a client; undefined for an unknown client. */
export type Found = ByteString | undefined;

/** Why a replica does not take a report. */
export type PutRefusal =
  /** The client is new, and its source holds its share of the replica. */
  "table-share";

/** One server's replica. */
export interface Replica {
  /**
   * Takes a report of a client of this server, in a buffer that is used again:
   * it is gone when this returns. From now on `find` gives this report, or a
   * newer one.
   *
   * The replica calls `settling.begin` if the reply has to wait, and later
   * `settle`, when this report or a newer one about the same client is where
   * the replica promises it to be, or `fail`, if that will not happen. It may
   * leave that to the `flush` that follows, for all reports of a chunk at once.
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
   * one. Rejects if the replica cannot know.
   */
  find(client: ByteString): Found | Promise<Found>;

  /**
   * The newest reports about the clients whose IDs match a pattern, page by
   * page, in an order of the replica's own. A report that comes in while pages
   * are read may be missing.
   *
   * @param pattern A client ID in which `*` stands for any number of bytes.
   * @param limit Most reports of a page, at least 1.
   * @param cursor `next` of the page before; undefined for the first page.
   */
  select(
    pattern: ByteString,
    limit: number,
    cursor?: string,
  ): Page | Promise<Page>;

  /**
   * Shows the observer each report that is news, until the returned function
   * is called. The report is in a buffer that is used again, and the observer
   * is on the fast path: it must return at once.
   */
  observe(observer: Observer<Report>): () => void;

  /**
   * Removes the report about a client if it was heard at or before a time.
   *
   * @param heardUntil POSIX seconds.
   */
  forget(client: ByteString, heardUntil: number): void | Promise<void>;

  /**
   * Takes many reports at once that no client waits for, such as those of a
   * file. Reports may be one object that is filled again.
   */
  load(reports: Iterable<Report>): void | Promise<void>;

  /** Whether a server with this replica should be sent clients. */
  readonly ready: boolean;

  /** Why it is not ready, in a few words; undefined if it is. */
  readonly fault: string | undefined;

  /**
   * Passes on what was put. Connections call this behind each chunk and before
   * each write. What the next replies have to wait for is begun in `settling`
   * when this returns.
   */
  flush(settling: Settling): void;

  /** Its state now. */
  status(): ReplicaStatus;

  /** The port where replicas of other servers connect, if there is one. */
  readonly port: Port | undefined;

  /**
   * Connects with what it needs. Resolves when everything was tried once, not
   * when it is ready. Clients may be served before.
   */
  start(): Promise<void>;

  /**
   * Stops: accepts no connection from now on, and ends when all that clients
   * have put was passed on.
   *
   * @param clientsGone Resolves when no client is connected.
   */
  stop(clientsGone: Promise<unknown>): Promise<void>;
}

/** Some of the reports that match a pattern. */
export interface Page {
  /** AT lines. There may be less than the limit, or none, before the end. */
  readonly lines: readonly ByteString[];
  /** What continues behind this page; undefined if nothing is left. */
  readonly next: string | undefined;
}

/** A replica's state, as it is seen from outside. */
export interface ReplicaStatus {
  /** How many clients take up memory at this server. */
  readonly clients: number;
  /** How many reports were stored, or were known or forgotten already. */
  readonly reports: Readonly<Record<"newer" | "known" | "forgotten", number>>;
  /** One for each server that this one is to be linked with. */
  readonly links: readonly ReplicaLinkStatus[];
}

/** The state of a link with another server. */
export interface ReplicaLinkStatus {
  /** The other server's name. */
  readonly neighbour: string;
  readonly isUp: boolean;
  /** Whether all that the neighbour knew when they were linked is here. */
  readonly isCaughtUp: boolean;
  /** How many reports wait to be sent to it. */
  readonly waitingReports: number;
  /** Since when the link is up, or down, in POSIX seconds. */
  readonly since: number;
  readonly reportsReceived: number;
  readonly bytesSent: number;
  /** How often the link was lost. */
  readonly losses: number;
  /** Why it was lost, or not made, the last time. */
  readonly lastFailure: string | undefined;
}
