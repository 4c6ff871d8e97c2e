/**
 * Splits a stream of bytes into lines. A line is the bytes up to an LF, or up
 * to the end of the stream. The framer copies only lines that are split over
 * chunks.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
  indexOfByte,
} from "./bytes.ts";
import { maxLineBytes, tooLongEchoBytes } from "./limits.ts";

const lineFeed = 0x0a;

const nothing = new Uint8Array();

/**
 * An unfinished line gets room for twice its bytes, but at least for this many,
 * and at most for the longest line.
 */
const minCarryBytes = 256;

/**
 * Finds lines in chunks. For each chunk call `push`, then `next` until it
 * returns false. Call `end` at the end of the stream. The line that was
 * found is in `bytes`, from `start` to `stop`, until the next call.
 */
export class LineFramer {
  readonly #maxLineBytes: number;
  /** The buffer with the line. */
  bytes: Uint8Array = nothing;
  /** The index of the line's first byte. */
  start = 0;
  /** The index of its LF. */
  stop = 0;
  #chunk: Uint8Array = this.bytes;
  #position = 0;
  #chunkEnd = 0;
  /** The first bytes of a line that has not ended yet. */
  #carry: Uint8Array | undefined;
  #carriedBytes = 0;
  #tooLong: ByteString | undefined;

  /** @param longestBytes Most bytes of a line, without its LF. */
  constructor(longestBytes: number = maxLineBytes) {
    this.#maxLineBytes = longestBytes;
  }

  /**
   * Sets the next chunk: the first `count` bytes of a buffer. `next` must have
   * returned false before. The buffer must not change until `next` returns
   * false again.
   */
  push(buffer: Uint8Array, count: number): void {
    this.#chunk = buffer;
    this.#position = 0;
    this.#chunkEnd = count;
  }

  /**
   * Finds the next whole line. False if the chunk has no further one, or after
   * a line that was too long: then `tooLong` is set, and no line follows.
   */
  next(): boolean {
    if (this.#tooLong !== undefined) return false;
    const start = this.#position;
    const end = indexOfByte(this.#chunk, lineFeed, start, this.#chunkEnd);
    if (end < 0) {
      this.#carryOn(this.#chunkEnd);
      if (this.#carriedBytes > this.#maxLineBytes) this.#refuse();
      return false;
    }
    if (this.#carry !== undefined) {
      this.#carryOn(end);
      this.#takeCarried();
    } else {
      this.bytes = this.#chunk;
      this.start = start;
      this.stop = end;
    }
    this.#position = end + 1;
    if (this.stop - this.start <= this.#maxLineBytes) return true;
    this.#refuse();
    return false;
  }

  /**
   * Treats the unfinished line as a whole one, at the end of the stream or if
   * no LF is expected. False if there is none.
   */
  end(): boolean {
    if (this.#tooLong !== undefined || this.#carry === undefined) return false;
    this.#takeCarried();
    return true;
  }

  /** Drops everything after the line that was found last. */
  discard(): void {
    this.#position = this.#chunkEnd;
  }

  /** A copy of the line. */
  get line(): ByteString {
    return decodeBytes(this.bytes, this.start, this.stop);
  }

  /** Whether there are bytes of a line that has not ended yet. */
  get isUnfinished(): boolean {
    return this.#carry !== undefined;
  }

  /** The memory of a line that has not ended yet, in bytes. */
  get unfinishedBytes(): number {
    return this.#carry === undefined ? 0 : this.#carry.length;
  }

  /** A copy of the first bytes of a line that has not ended yet. */
  get unfinished(): ByteString {
    return this.#carry === undefined
      ? ""
      : decodeBytes(this.#carry, 0, this.#carriedBytes);
  }

  /**
   * The first bytes of the line that was too long; undefined if there was none.
   */
  get tooLong(): ByteString | undefined {
    return this.#tooLong;
  }

  /** Appends the rest of the chunk up to `end` to the unfinished line. */
  #carryOn(end: number): void {
    const start = this.#position;
    this.#position = end;
    if (start === end && this.#carry === undefined) return;
    const size = this.#carriedBytes + end - start;
    if (this.#carry === undefined || this.#carry.length < size) {
      const enough = Math.min(2 * size, this.#maxLineBytes);
      const larger = allocateBuffer(Math.max(enough, size, minCarryBytes));
      if (this.#carry !== undefined) larger.set(this.#carry);
      this.#carry = larger;
    }
    this.#carry.set(this.#chunk.subarray(start, end), this.#carriedBytes);
    this.#carriedBytes = size;
  }

  #takeCarried(): void {
    this.bytes = this.#carry!;
    this.start = 0;
    this.stop = this.#carriedBytes;
    this.#carry = undefined;
    this.#carriedBytes = 0;
  }

  #refuse(): void {
    if (this.#carry !== undefined) this.#takeCarried();
    const { bytes, start, stop } = this;
    const end = Math.min(start + tooLongEchoBytes, stop);
    this.#tooLong = decodeBytes(bytes, start, end);
  }
}
