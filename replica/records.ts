/**
 * The records of a replica, for a server that keeps them on disk: the newest
 * report of each client, and the deletions.
 *
 * @module
 */
import type { Report } from "../protocol/report.ts";
import type { Observer } from "../runtime/observers.ts";

/** Default time after which records on disk are synced, in milliseconds. */
export const defaultDataSyncMs = 1_000;

/** A walk over all records, amid changes. */
export interface RecordWalk {
  /**
   * The next record, valid until the replica changes; undefined after the last
   * one. Records that are stored during the walk may be left out.
   */
  next(): Report | "expired" | undefined;
}

/**
 * How long this server's records may have missed deletions, in whole seconds. See
 * `peers/replication/contacts.ts`.
 */
export interface RecordAges {
  /** The time since the table was empty. */
  readonly table: number;
  /** The time since the last contact with each other server, by its name. */
  readonly contacts: ReadonlyMap<string, number>;
}

/** The records of one replica. */
export interface ReplicaRecords {
  /**
   * Calls the observer with each report and each deletion that is stored, until
   * the returned function is called. The record's buffer is reused. The observer
   * is on the fast path and must return at once. There is one at most.
   */
  observe(observer: Observer<Report>): () => void;

  /**
   * Calls the observer with each deletion that is stored, until the returned
   * function is called. There is one at most.
   */
  observeDeletions(observer: Observer<Report>): () => void;

  /** Starts a walk over all records. */
  walk(): RecordWalk;

  /**
   * Stores a record that this server had before it was started, unless it has
   * expired or was heard at a time that has not come. Must not be called after
   * `Replica.start`.
   *
   * @returns Whether it was stored.
   */
  restore(record: Report): boolean;

  /** How long the records may have missed deletions. */
  readonly ages: RecordAges;

  /** Takes over the ages of records that are restored. */
  restoreAges(ages: RecordAges): void;
}
