/**
 * Records on their way to a store: in one buffer, which can be given to another
 * thread without a copy. Each record has a head with its times and the places of
 * its parts, so that the other thread need not parse it.
 *
 *     4 bytes   length of the record
 *     4 bytes   length of its AT line
 *     4 bytes   where the client's ID begins
 *     4 bytes   length of the ID
 *     4 bytes   where the client's time begins
 *     4 bytes   the UTC day of its effective time, counted from 1970-01-01
 *     8 bytes   the nanoseconds of that day, a double
 *     8 bytes   the whole seconds at which it was heard, a double
 *               the record
 *
 * Numbers are little-endian. Places are counted from the record's first byte.
 *
 * @module
 */
import { allocateBuffer, copyBytes } from "../../protocol/bytes.ts";
import type { ReportTimes } from "../../protocol/order.ts";
import { Report } from "../../protocol/report.ts";
import {
  dayOf,
  nanosecondsPerSecond,
  secondsPerDay,
} from "../../protocol/time.ts";
import { firstBatchBytes, maxBatchBytes, maxWaitingBytes } from "./limits.ts";

/** The head of a record, in bytes. `sqlite/blocks.js` reads it too. */
export const headBytes = 40;

/** The nanoseconds of a time since the beginning of its UTC day; exact. */
export function nanosecondsOfDay(seconds: number, nanoseconds: number): number {
  return (seconds - dayOf(seconds) * secondsPerDay) * nanosecondsPerSecond +
    nanoseconds;
}

/** Some records in a buffer. */
export interface RecordBatch {
  readonly buffer: ArrayBuffer;
  /** How many bytes of the buffer are used. */
  readonly bytes: number;
  readonly records: number;
}

/** A batch that is being filled. */
export class BatchWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #used = 0;
  #records = 0;

  /** @param buffer A buffer to use; a new one by default. */
  constructor(buffer?: ArrayBuffer) {
    this.#bytes = buffer === undefined
      ? allocateBuffer(firstBatchBytes)
      : new Uint8Array(buffer);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** How many bytes are used. */
  get used(): number {
    return this.#used;
  }

  get records(): number {
    return this.#records;
  }

  /** The added records. No record may be added afterwards. */
  get batch(): RecordBatch {
    return {
      buffer: this.#bytes.buffer,
      bytes: this.#used,
      records: this.#records,
    };
  }

  /**
   * Adds a record. False if it does not fit, unless it is the first one.
   *
   * @param times Its times.
   */
  add(report: Report, times: ReportTimes): boolean {
    const { clientEnd, clientStart, end, recordEnd, start, timeStart } = report;
    const at = this.#used;
    const needed = at + headBytes + recordEnd - start;
    if (needed > this.#bytes.length && !this.#grow(needed)) return false;
    const view = this.#view;
    const { effectiveNanoseconds, effectiveSeconds } = times;
    view.setInt32(at, recordEnd - start, true);
    view.setInt32(at + 4, end - start, true);
    view.setInt32(at + 8, clientStart - start, true);
    view.setInt32(at + 12, clientEnd - clientStart, true);
    view.setInt32(at + 16, timeStart - start, true);
    view.setInt32(at + 20, dayOf(effectiveSeconds), true);
    const inDay = nanosecondsOfDay(effectiveSeconds, effectiveNanoseconds);
    view.setFloat64(at + 24, inDay, true);
    view.setFloat64(at + 32, times.heardSeconds, true);
    copyBytes(report.view, start, recordEnd, view, at + headBytes);
    this.#used = needed;
    this.#records += 1;
    return true;
  }

  #grow(needed: number): boolean {
    if (needed > maxBatchBytes && this.#records > 0) return false;
    const larger = allocateBuffer(
      Math.max(needed, Math.min(2 * this.#bytes.length, maxBatchBytes)),
    );
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
    return true;
  }
}

/** Records that wait in memory: full batches, and the one being filled. */
export class WaitingRecords {
  readonly #full: RecordBatch[] = [];
  #filling = new BatchWriter();
  #fullBytes = 0;
  #fullRecords = 0;
  #spare: ArrayBuffer | undefined;

  get bytes(): number {
    return this.#fullBytes + this.#filling.used;
  }

  get records(): number {
    return this.#fullRecords + this.#filling.records;
  }

  /** Whether a batch is full. */
  get hasFull(): boolean {
    return this.#full.length > 0;
  }

  /** Adds a record. False if too much waits already. */
  add(report: Report, times: ReportTimes): boolean {
    const bytes = headBytes + report.recordEnd - report.start;
    if (this.bytes + bytes > maxWaitingBytes) return false;
    if (this.#filling.add(report, times)) return true;
    const { batch } = this.#filling;
    this.#full.push(batch);
    this.#fullBytes += batch.bytes;
    this.#fullRecords += batch.records;
    this.#startFilling();
    return this.#filling.add(report, times);
  }

  /** Takes the oldest batch; undefined if no record waits. */
  take(): RecordBatch | undefined {
    const full = this.#full.shift();
    if (full !== undefined) {
      this.#fullBytes -= full.bytes;
      this.#fullRecords -= full.records;
      return full;
    }
    if (this.#filling.records === 0) return undefined;
    const { batch } = this.#filling;
    this.#startFilling();
    return batch;
  }

  /** Gives a buffer back that is not used any more. */
  reuse(buffer: ArrayBuffer): void {
    this.#spare = buffer;
  }

  #startFilling(): void {
    this.#filling = new BatchWriter(this.#spare);
    this.#spare = undefined;
  }
}

/**
 * The records of a batch, in order. The object is reused for each.
 */
export function* readBatch(batch: RecordBatch): Generator<Report> {
  const bytes = new Uint8Array(batch.buffer, 0, batch.bytes);
  const view = new DataView(batch.buffer);
  const report = new Report();
  report.bytes = bytes;
  let at = 0;
  while (at < batch.bytes) {
    const start = at + headBytes;
    report.start = start;
    report.recordEnd = start + view.getInt32(at, true);
    report.end = start + view.getInt32(at + 4, true);
    report.clientStart = start + view.getInt32(at + 8, true);
    report.clientEnd = report.clientStart + view.getInt32(at + 12, true);
    report.timeStart = start + view.getInt32(at + 16, true);
    at = report.recordEnd;
    yield report;
  }
}
