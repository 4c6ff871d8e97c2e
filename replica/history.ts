/**
 * The interface between a server and the history of its clients' reports.
 * `storage/history/` has the implementations.
 *
 * A history holds what the clients of this server have reported, each report
 * that was taken, also if it was not newer than another one or was sent again.
 * Reports of other servers' clients are in the histories of those servers.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Report } from "../protocol/report.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { HistoryState } from "./history_state.ts";
import type { Forgotten } from "./replica.ts";

export type { HistoryState };

/** Most days that a history of files is kept: each day is a file. */
export const maxHistoryDays = 366;

/** Most records of one answer: a track of a day, at one report in 9 s. */
export const maxHistoryRecords = 10_000;

/** Most bytes of the records of one answer: they are in memory at once. */
export const maxHistoryBytes = 4 * 1024 * 1024;

/**
 * Most reads at a time that gateways begin; further ones wait. Each holds some
 * megabytes, and one thread or connection serves all of them, so more would take
 * memory and be no faster.
 */
export const maxHistoryReads = 8;

/** A query to a history. Times are those of the order, `effective`. */
export interface HistoryQuery {
  /** The ID of the client. */
  readonly client: ByteString;
  /** The earliest time, inclusive; the beginning of the history by default. */
  readonly from?: Timestamp;
  /** The latest time, inclusive; the end of the history by default. */
  readonly to?: Timestamp;
  /** Whether the newest report comes first. */
  readonly isNewestFirst?: boolean;
  /** Most records, 1 to `maxHistoryRecords`. */
  readonly limit: number;
  /** Most bytes of records, but for the first one; `maxHistoryBytes` at most. */
  readonly maxBytes?: number;
  /** `next` of the page before; undefined for the first page. */
  readonly cursor?: string;
}

/** Some records of one client, in the order of `protocol/order.ts`. */
export interface HistoryPage {
  /** AT lines, or AT lines, a space and attributes. Each is there once. */
  readonly records: readonly ByteString[];
  /** The cursor of the next page; undefined after the last page. */
  readonly next: string | undefined;
}

/** Reads recorded reports. */
export interface HistoryReader {
  /**
   * A page of a client's records. Records from before the call are in it,
   * unless the history cannot be written.
   *
   * @throws {RangeError} If the cursor is none.
   * @throws {Error} If the history cannot be read now; the message says why.
   */
  read(query: HistoryQuery): Promise<HistoryPage>;
}

/** What became of records that were added. */
export interface AddedRecords {
  /** How many were written. */
  readonly added: number;
  /** How many were there already, byte for byte. */
  readonly known: number;
  /** How many were refused because their day is not kept. */
  readonly refused: number;
}

/**
 * An answer to a deletion waits this long for the history, in milliseconds. The
 * deletion goes on afterwards.
 */
export const maxForgetWaitMs = 1_500;

/** What a server has forgotten about a client. */
export interface ForgottenClient extends Forgotten {
  /**
   * How many records of the history were deleted; null if that goes on;
   * undefined if the server has no history.
   */
  readonly historyRecords?: number | null;
}

/** The history of one server. */
export interface History {
  /**
   * Records a report of a client of this server. The report's buffer is reused.
   * This is on the fast path: it returns at once, and nothing waits for it.
   */
  record(report: Report): void;

  /**
   * Adds records that were not heard now. Resolves when they are written.
   *
   * @throws {TypeError} If one is no record.
   * @throws {Error} If they cannot be written now.
   */
  add(records: readonly ByteString[]): Promise<AddedRecords>;

  /**
   * Deletes what was heard about a client until a time.
   *
   * @returns How many records it has deleted.
   * @throws {Error} If that is not possible now. It is repeated later.
   */
  forget(client: ByteString, until: Timestamp): Promise<number>;

  /**
   * Copies the history into a folder that exists, also while reports are written:
   * each day as it is at one moment. Undefined for a kind of history that is copied
   * by other programs.
   *
   * @returns The names of the copies.
   */
  copyTo?(folder: string): Promise<readonly string[]>;

  readonly reader: HistoryReader;

  readonly state: HistoryState;

  /** Gives operations less time from now on, as the server stops. */
  hurry(): void;

  /** Writes the reports that wait. Does not wait for a disk that hangs. */
  stop(): Promise<void>;
}
