/**
 * Messages that are written together. Their buffer is reused, so that a busy
 * connection creates no garbage.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  copyBytes,
  decodeBytes,
  encodeInto,
  LastView,
} from "./bytes.ts";

const lineFeed = 0x0a;

/** Initial size of a buffer in bytes: room for some dozens of reports. */
const startBytes = 4096;

/** Buffers that have grown larger than this, in bytes, are not reused. */
const maxKeptBytes = 256 * 1024;

/** A buffer that grows has at most this much more than it needs, in bytes. */
const maxSpareBytes = 1024 * 1024;

/** Whole messages, each with the LF that ends its last line. */
export class Batch {
  bytes: Uint8Array = allocateBuffer(startBytes);
  /** How many bytes of the buffer are filled. */
  length = 0;
  /** The index after the LF of each message. */
  readonly ends: number[] = [];
  readonly #views = new LastView();

  /** Makes room for this many more bytes. */
  reserve(bytes: number): void {
    const size = this.length + bytes;
    if (size <= this.bytes.length) return;
    const larger = allocateBuffer(size + Math.min(size, maxSpareBytes));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Ends the message that was written up to `end`, and adds its LF. */
  finish(end: number): void {
    this.bytes[end] = lineFeed;
    this.length = end + 1;
    this.ends.push(this.length);
  }

  /** Adds a copy of a message in another buffer, given without its LF. */
  copy(view: DataView, start: number, end: number): void {
    this.reserve(end - start + 1);
    const target = this.#views.of(this.bytes);
    this.finish(copyBytes(view, start, end, target, this.length));
  }

  /** Adds a message, given without its LF. */
  add(message: ByteString): void {
    this.reserve(message.length + 1);
    encodeInto(message, this.bytes.subarray(this.length));
    this.finish(this.length + message.length);
  }

  /**
   * Adds a message of two texts, with an LF after each, given without the LF
   * that ends the message. The texts need not be joined, which would make a
   * copy.
   */
  addTexts(first: ByteString, second: ByteString): void {
    const firstEnd = this.length + first.length;
    const secondEnd = firstEnd + 1 + second.length;
    this.reserve(secondEnd + 2 - this.length);
    encodeInto(first, this.bytes.subarray(this.length));
    this.bytes[firstEnd] = lineFeed;
    encodeInto(second, this.bytes.subarray(firstEnd + 1));
    this.bytes[secondEnd] = lineFeed;
    this.finish(secondEnd + 1);
  }

  /** Removes the message with this index, counted from 0. */
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

  /** A copy of all messages. */
  get text(): ByteString {
    return decodeBytes(this.bytes, 0, this.length);
  }
}

/** Unused batches, for reuse. */
export class BatchPool {
  readonly #maxSpare: number;
  readonly #spare: Batch[] = [];

  /** @param maxSpare How many unused batches are kept. */
  constructor(maxSpare: number) {
    this.#maxSpare = maxSpare;
  }

  /** An empty batch. */
  acquire(): Batch {
    return this.#spare.pop() ?? new Batch();
  }

  /** Returns a batch that is no longer used to the pool. */
  release(batch: Batch): void {
    const isLarge = batch.bytes.length > maxKeptBytes;
    if (isLarge || this.#spare.length >= this.#maxSpare) return;
    batch.length = 0;
    batch.ends.length = 0;
    this.#spare.push(batch);
  }
}
