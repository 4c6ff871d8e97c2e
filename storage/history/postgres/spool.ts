/**
 * The spool: records that wait while the database is down or slow. It has two
 * kinds, one in memory and one in the data folder.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";
import { ReportTimes } from "../../../protocol/order.ts";
import type { Timestamp } from "../../../protocol/time.ts";
import { BatchWriter, readBatch, type RecordBatch } from "../record_batch.ts";

/** The oldest part of a spool. */
export interface SpoolPart {
  readonly batches: readonly RecordBatch[];
  /** How many of its records were added since the spool was opened. */
  readonly ownRecords: number;
}

/** The records that were removed from a spool. */
export interface Removed {
  readonly records: number;
  /** How many of them were added since the spool was opened. */
  readonly ownRecords: number;
}

/** Records that wait. */
export interface Spool {
  /** How many bytes it takes. */
  readonly bytes: number;
  /** How many records were added since it was opened, and wait. */
  readonly records: number;
  /** How many damaged places were found in its files. */
  readonly damages: number;
  /** Whether it survives the end of the process. */
  readonly isDurable: boolean;

  /**
   * Adds the records of a batch, which belongs to the spool then. False if that
   * would be too much.
   *
   * @throws {Error} The system's error, if they cannot be written.
   */
  add(batch: RecordBatch): Promise<boolean>;

  /**
   * The oldest part; undefined if the spool is empty. It stays in the spool.
   *
   * @throws {Error} The system's error, if it cannot be read.
   */
  first(): Promise<SpoolPart | undefined>;

  /** Removes the part that the last call of `first` has returned. */
  removeFirst(): Promise<void>;

  /** Removes the records of a client that were heard until a time. */
  forget(client: ByteString, until: Timestamp): Promise<Removed>;

  /** Closes its files. */
  close(): Promise<void>;
}

/** A batch without the records of a client that were heard until a time. */
export function withoutClient(
  batch: RecordBatch,
  client: ByteString,
  until: Timestamp,
): { batch: RecordBatch; removed: number } {
  const kept = new BatchWriter(new ArrayBuffer(batch.bytes));
  const times = new ReportTimes();
  for (const report of readBatch(batch)) {
    const { heardNanoseconds, heardSeconds } = times.read(report);
    const isEarlier = (heardSeconds - until.seconds ||
      heardNanoseconds - until.nanoseconds) <= 0;
    if (isEarlier && report.client === client) continue;
    kept.add(report, times);
  }
  return { batch: kept.batch, removed: batch.records - kept.records };
}

/** A spool in memory. */
export class MemorySpool implements Spool {
  readonly #maxBytes: number;
  #batches: RecordBatch[] = [];
  #bytes = 0;
  readonly damages = 0;
  readonly isDurable = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get records(): number {
    return this.#batches.reduce((sum, { records }) => sum + records, 0);
  }

  add({ buffer, bytes, records }: RecordBatch): Promise<boolean> {
    if (this.#bytes + bytes > this.#maxBytes) return Promise.resolve(false);
    // Most buffers are larger than their content.
    this.#batches.push({ buffer: buffer.slice(0, bytes), bytes, records });
    this.#bytes += bytes;
    return Promise.resolve(true);
  }

  first(): Promise<SpoolPart | undefined> {
    const batch = this.#batches.at(0);
    return Promise.resolve(
      batch && { batches: [batch], ownRecords: batch.records },
    );
  }

  removeFirst(): Promise<void> {
    this.#bytes -= this.#batches.shift()?.bytes ?? 0;
    return Promise.resolve();
  }

  forget(client: ByteString, until: Timestamp): Promise<Removed> {
    let removed = 0;
    this.#batches = this.#batches.map((batch) => {
      const result = withoutClient(batch, client, until);
      removed += result.removed;
      return result.removed === 0 ? batch : result.batch;
    }).filter(({ records }) => records > 0);
    this.#bytes = this.#batches.reduce((sum, { bytes }) => sum + bytes, 0);
    return Promise.resolve({ records: removed, ownRecords: removed });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
