/**
 * The lines that wait to be written to the tail. One buffer is filled while the
 * other one is written; then they are swapped.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  copyBytes,
  encodeInto,
  LastView,
} from "../protocol/bytes.ts";
import type { Report } from "../protocol/report.ts";
import { checksumBytes, lineOverheadBytes, sealLine } from "./file_line.ts";
import { firstBufferBytes, maxPendingBytes } from "./limits.ts";

/** Lines in a buffer, until they were written. */
export interface Batch {
  readonly bytes: Uint8Array;
  /** How many records there are. */
  readonly records: number;
}

/** Larger buffers are given back when they were written, in bytes. */
const keptBufferBytes = 16 * firstBufferBytes;

/** Lines that wait. */
export class PendingRecords {
  #filling: Uint8Array = allocateBuffer(firstBufferBytes);
  #spare: Uint8Array | undefined;
  readonly #views = new LastView();
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
  add({ end, start, view }: Report): boolean {
    const at = this.#bytes;
    const size = end - start;
    if (!this.#reserve(size)) return false;
    const filling = this.#filling;
    const target = this.#views.of(filling);
    copyBytes(view, start, end, target, at + checksumBytes);
    this.#bytes = sealLine(filling, at, size);
    this.#records += 1;
    return true;
  }

  /** Adds another text, unless too much waits already. */
  addText(text: ByteString): void {
    if (!this.#reserve(text.length)) return;
    encodeInto(text, this.#filling.subarray(this.#bytes + checksumBytes));
    this.#bytes = sealLine(this.#filling, this.#bytes, text.length);
  }

  /**
   * Takes what waits. Must not be called again before the batch was written, and
   * `onWritten` called.
   */
  take(): Batch {
    const batch = {
      bytes: this.#filling.subarray(0, this.#bytes),
      records: this.#records,
    };
    [this.#filling, this.#spare] = [
      this.#spare ?? allocateBuffer(firstBufferBytes),
      this.#filling,
    ];
    this.#bytes = 0;
    this.#records = 0;
    return batch;
  }

  /** The batch that was taken is not used any more. */
  onWritten(): void {
    if (this.#spare!.length > keptBufferBytes) this.#spare = undefined;
  }

  /** Makes room for a text. */
  #reserve(textBytes: number): boolean {
    const needed = this.#bytes + textBytes + lineOverheadBytes;
    if (needed <= this.#filling.length) return true;
    if (needed > maxPendingBytes) return false;
    const larger = allocateBuffer(Math.min(2 * needed, maxPendingBytes));
    larger.set(this.#filling.subarray(0, this.#bytes));
    this.#filling = larger;
    return true;
  }
}
