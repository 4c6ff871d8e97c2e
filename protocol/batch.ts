/**
 * What goes out together: messages one behind the other in a buffer that is
 * used again, so that a busy connection makes no garbage.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  copyBytes,
  decodeBytes,
  encodeInto,
} from "./bytes.ts";

const lineFeed = 0x0a;

/** A buffer begins with room for some dozens of reports, in bytes. */
const startBytes = 4096;

/** A buffer that had to grow beyond this, in bytes, is not kept. */
const maxKeptBytes = 256 * 1024;

/** Whole messages, each with the LF that ends its last line. */
export class Batch {
  bytes: Uint8Array = allocateBuffer(startBytes);
  /** How much of the buffer is filled. */
  length = 0;
  /** Where each message ends, behind its LF. */
  readonly ends: number[] = [];

  /** Makes room for more bytes. */
  reserve(bytes: number): void {
    const size = this.length + bytes;
    if (size <= this.bytes.length) return;
    const larger = allocateBuffer(2 * size);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** What was written up to `end` is a message: adds its LF. */
  finish(end: number): void {
    this.bytes[end] = lineFeed;
    this.length = end + 1;
    this.ends.push(this.length);
  }

  /** Adds a copy of a message that stands in a buffer, without its LF. */
  copy(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start + 1);
    this.finish(copyBytes(bytes, start, end, this.bytes, this.length));
  }

  /** Adds a message, given without its LF. */
  add(message: ByteString): void {
    this.reserve(message.length + 1);
    encodeInto(message, this.bytes.subarray(this.length));
    this.finish(this.length + message.length);
  }

  /** Takes out a message, counted from 0. */
  remove(index: number): void {
    const { bytes, ends } = this;
    const [end] = ends.splice(index, 1);
    const start = ends[index - 1] ?? 0;
    bytes.copyWithin(start, end, this.length);
    this.length -= end - start;
    for (let later = index; later < ends.length; later++) {
      ends[later] -= end - start;
    }
  }

  /** A copy of everything. */
  get text(): ByteString {
    return decodeBytes(this.bytes, 0, this.length);
  }
}

/** Batches that are not in use, for who needs one next. */
export class BatchPool {
  readonly #maxSpare: number;
  readonly #spare: Batch[] = [];

  /** @param maxSpare How many are kept. */
  constructor(maxSpare: number) {
    this.#maxSpare = maxSpare;
  }

  /** An empty batch. */
  acquire(): Batch {
    return this.#spare.pop() ?? new Batch();
  }

  /** Takes back a batch that is no longer read. */
  release(batch: Batch): void {
    const isLarge = batch.bytes.length > maxKeptBytes;
    if (isLarge || this.#spare.length >= this.#maxSpare) return;
    batch.length = 0;
    batch.ends.length = 0;
    this.#spare.push(batch);
  }
}
