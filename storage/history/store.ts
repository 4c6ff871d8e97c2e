/**
 * One kind of storage for a history: SQLite files, or a database. `recorder.ts`
 * collects the records for it, and handles its failures.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type {
  AddedRecords,
  HistoryPage,
  HistoryQuery,
} from "../../replica/history.ts";
import type { HistoryState } from "../../replica/history_state.ts";
import type { RecordBatch } from "./record_batch.ts";

/** The part of a history's state that its store knows, since it was opened. */
export interface StoreState extends
  Pick<
    HistoryState,
    | "recordedRecords"
    | "knownRecords"
    | "refusedRecords"
    | "records"
    | "bytes"
    | "syncSeconds"
    | "spoolBytes"
    | "damages"
  > {
  /** Records of batches that were taken, and lost later. */
  readonly lostRecords: number;
  /** Records of batches that were taken, and are not written yet. */
  readonly waitingRecords: number;
  /** Why batches that were taken cannot be written now; null if they can. */
  readonly fault: string | null;
}

/** A batch was not taken. */
export class AppendError extends Error {
  override readonly name = "AppendError";
  /** Its bytes, to try again; undefined if they are lost. */
  readonly batch: RecordBatch | undefined;

  constructor(message: string, batch: RecordBatch | undefined) {
    super(message);
    this.batch = batch;
  }
}

/** Stores the records of one server. */
export interface HistoryStore {
  readonly kind: "sqlite" | "postgres";
  readonly place: string;

  readonly state: StoreState;

  /**
   * Takes a batch. Resolves when its records survive the end of the process. One
   * batch is under way at a time.
   *
   * @returns A buffer that can be used again, if there is one.
   * @throws {AppendError} If it was not taken.
   */
  append(batch: RecordBatch): Promise<ArrayBuffer | undefined>;

  /** Adds records, but for those that are there already. */
  add(batch: RecordBatch): Promise<Pick<AddedRecords, "added" | "known">>;

  /**
   * Deletes the records of a client that were heard until a time, also those of
   * batches that were taken before.
   *
   * @returns How many it has deleted.
   */
  forget(client: ByteString, until: Timestamp): Promise<number>;

  /** Deletes the days before a day, counted from 1970-01-01. */
  retain(oldestDay: number): Promise<void>;

  read(query: HistoryQuery): Promise<HistoryPage>;

  /** See `History.copyTo`. */
  copyTo?(folder: string): Promise<readonly string[]>;

  hurry(): void;

  /** Ends, within the time that operations have. */
  stop(): Promise<void>;
}
