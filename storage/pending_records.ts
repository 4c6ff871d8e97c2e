/**
 * The lines that wait to be written to the tail. One buffer is filled while the
 * other one is written; then they are swapped.
 *
 * A record takes the place of an earlier one of its client that waits and is as
 * long, so that a busy client costs one line in each write. Checksums are made
 * when a batch is written.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  copyBytes,
  encodeInto,
} from "../protocol/bytes.ts";
import type { Report } from "../protocol/report.ts";
import { checksumBytes, lineOverheadBytes, sealLine } from "./file_line.ts";
import type { TurnTaker } from "./line_reader.ts";
import {
  firstBufferBytes,
  maxPendingBytes,
  recordsPerCheck,
} from "./limits.ts";

const lineFeed = 0x0a;

/** Lines in a buffer, until they were written. */
export interface Batch {
  readonly bytes: Uint8Array;
  /** How many records there are. */
  readonly records: number;
}

/** Larger buffers are given back when they were written, in bytes. */
const keptBufferBytes = 16 * firstBufferBytes;

/**
 * Earlier records are found by a hash of the client's ID. Of clients with equal
 * hashes only the last one is found, and nothing else depends on it.
 */
const slotBits = 14;

/** An odd number without a pattern in its bits, to mix a hash. */
const mixer = 0x9e3779b1;

/** Until a line has its checksum, its place has two numbers of four bytes. */
const idOffsetAt = 4;

/** Lines that wait. */
export class PendingRecords {
  #filling = allocateBuffer(firstBufferBytes);
  /** A view of the same memory. */
  #view = new DataView(this.#filling.buffer);
  #spare: Uint8Array<ArrayBuffer> | undefined;
  /** Where the line of a client is, plus 1, by its slot; 0 for none. */
  readonly #lines = new Int32Array(1 << slotBits);
  #bytes = 0;
  #records = 0;

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many records wait. */
  get records(): number {
    return this.#records;
  }

  /** Adds a record. False if too much waits already. */
  add(record: Report): boolean {
    const { clientStart, end, start, view } = record;
    const slot = slotOf(record);
    const textBytes = end - start;
    const earlier = this.#lines[slot] - 1;
    if (earlier >= 0 && this.#isReplaced(earlier, record)) {
      copyBytes(view, start, end, this.#view, earlier + checksumBytes);
      return true;
    }
    const at = this.#bytes;
    if (!this.#reserve(textBytes)) return false;
    copyBytes(view, start, end, this.#view, at + checksumBytes);
    this.#endLine(at, textBytes, clientStart - start);
    this.#lines[slot] = at + 1;
    this.#records += 1;
    return true;
  }

  /** Adds another text, unless too much waits already. */
  addText(text: ByteString): void {
    if (!this.#reserve(text.length)) return;
    const at = this.#bytes;
    encodeInto(text, this.#filling.subarray(at + checksumBytes));
    this.#endLine(at, text.length, 0);
  }

  /**
   * Takes what waits, and makes the checksums in turns of the event loop. Must
   * not be called again before the batch was written, and `onWritten` called.
   */
  async take({ turns, workload }: TurnTaker): Promise<Batch> {
    const filled = this.#filling;
    const batch = {
      bytes: filled.subarray(0, this.#bytes),
      records: this.#records,
    };
    const view = this.#view;
    this.#fill(this.#spare ?? allocateBuffer(firstBufferBytes));
    this.#spare = filled;
    this.#bytes = 0;
    this.#records = 0;
    this.#lines.fill(0);
    await turns.begin(workload);
    let at = 0;
    for (let lines = 1; at < batch.bytes.length; lines++) {
      at = sealLine(filled, at, view.getInt32(at));
      if (lines % recordsPerCheck === 0 && turns.end(workload)) {
        await turns.begin(workload);
      }
    }
    turns.end(workload);
    return batch;
  }

  /** The batch that was taken is not used any more. */
  onWritten(): void {
    if (this.#spare!.length > keptBufferBytes) this.#spare = undefined;
  }

  /** Whether a line is as long as a record, and about the same client. */
  #isReplaced(at: number, record: Report): boolean {
    const { clientEnd, clientStart, end, start, view } = record;
    const idOffset = clientStart - start;
    const filling = this.#view;
    if (filling.getInt32(at) !== end - start) return false;
    // A deletion's ID is not where a report's is.
    if (filling.getInt32(at + idOffsetAt) !== idOffset) return false;
    const shift = at + checksumBytes - start;
    let index = clientStart;
    for (; index + 4 <= clientEnd; index += 4) {
      if (filling.getInt32(index + shift) !== view.getInt32(index)) {
        return false;
      }
    }
    // With the space after the ID.
    for (; index <= clientEnd; index++) {
      if (filling.getUint8(index + shift) !== view.getUint8(index)) {
        return false;
      }
    }
    return true;
  }

  #fill(buffer: Uint8Array<ArrayBuffer>): void {
    this.#filling = buffer;
    this.#view = new DataView(buffer.buffer);
  }

  #endLine(at: number, textBytes: number, idOffset: number): void {
    const target = this.#view;
    target.setInt32(at, textBytes);
    target.setInt32(at + idOffsetAt, idOffset);
    this.#bytes = at + textBytes + lineOverheadBytes;
    target.setUint8(this.#bytes - 1, lineFeed);
  }

  /** Makes room for a text. */
  #reserve(textBytes: number): boolean {
    const needed = this.#bytes + textBytes + lineOverheadBytes;
    if (needed <= this.#filling.length) return true;
    if (needed > maxPendingBytes) return false;
    const larger = allocateBuffer(Math.min(2 * needed, maxPendingBytes));
    larger.set(this.#filling.subarray(0, this.#bytes));
    this.#fill(larger);
    return true;
  }
}

/** The slot of a record's client. */
function slotOf({ clientEnd, clientStart, view }: Report): number {
  let hash = clientEnd - clientStart;
  let at = clientStart;
  for (; at + 4 <= clientEnd; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), mixer);
    hash ^= hash >>> 15;
  }
  for (; at < clientEnd; at++) {
    hash = Math.imul(hash ^ view.getUint8(at), mixer);
    hash ^= hash >>> 15;
  }
  return hash >>> (32 - slotBits);
}
