/**
 * The state of a history, as its server shows it.
 *
 * @module
 */

/**
 * The state of a history. All counts are since the start of the server, and
 * accepted = recorded + known + refused + lost + waiting.
 */
export interface HistoryState {
  /** The kind of its storage. */
  readonly kind: "sqlite" | "postgres";
  /** Where it is: a folder, or a database without a password. */
  readonly place: string;
  /** How many days are kept, besides the present one. */
  readonly days: number;
  /** Reports that were given to it. */
  readonly acceptedRecords: number;
  /** Reports that were written. */
  readonly recordedRecords: number;
  /** Reports that were there already, byte for byte. */
  readonly knownRecords: number;
  /** Reports that were refused because their day is not kept. */
  readonly refusedRecords: number;
  /** Reports that could not be written. */
  readonly lostRecords: number;
  /** Reports that wait to be written. */
  readonly waitingRecords: number;
  /** The records in its files; 0 if that is not counted. */
  readonly records: number;
  /** The size of its files, in bytes; 0 if that is not known. */
  readonly bytes: number;
  /** Bytes that wait in memory to be written. */
  readonly lagBytes: number;
  /** The age of the oldest report that is not written, in seconds. */
  readonly lagSeconds: number;
  /** How long the last write with its sync took, in seconds. */
  readonly syncSeconds: number;
  /** Bytes that wait in a spool for their database; 0 without a spool. */
  readonly spoolBytes: number;
  /** Damaged files that were set aside since the start. */
  readonly damages: number;
  /** Why it cannot be written now; null if it can. */
  readonly fault: string | null;
}
