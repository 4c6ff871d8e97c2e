/**
 * The records of a replica, for a server that keeps them on disk: the newest
 * report of each client, and the deletions.
 *
 * @module
 */
import type { Report } from "../protocol/report.ts";
import type { Timestamp } from "../protocol/time.ts";
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

/** Records that have changed and were not taken. */
export interface ChangedRecords {
  readonly records: number;
  /** Their size in the replica. */
  readonly bytes: number;
}

/** The records of one replica. */
export interface ReplicaRecords {
  /** Notes from now on which records change, or stops that. */
  noteChanges(isNoting: boolean): void;

  /** The reports and the deletions that have changed and were not taken. */
  readonly changed: ChangedRecords;

  /**
   * Takes a record that has changed, in about the order of the changes. It is
   * valid until the replica changes. Undefined if there is none. One that changes
   * several times before it is taken is taken once, as it is then.
   */
  nextChanged(): Report | "expired" | undefined;

  /**
   * Calls the observer with each deletion that is stored, until the returned
   * function is called. There is one observer at most.
   */
  observeDeletions(observer: Observer<Report>): () => void;

  /** Starts a walk over all records. */
  walk(): RecordWalk;

  /**
   * Reports that were heard at or before this time have expired because the replica
   * was full; undefined if none have.
   */
  readonly raisedHorizon: Timestamp | undefined;

  /** How long the records may have missed deletions. */
  readonly ages: RecordAges;

  /**
   * Stores a record that this server had before it was started, unless it has
   * expired or was heard at a time in the future. Like the two functions below, it
   * must not be called after `Replica.start`.
   *
   * @returns Whether it was stored.
   */
  restore(record: Report): boolean;

  /** Takes over a horizon that this server had before it was started. */
  restoreHorizon(horizon: Timestamp): void;

  /** Takes over the ages of records that are restored. */
  restoreAges(ages: RecordAges): void;
}
