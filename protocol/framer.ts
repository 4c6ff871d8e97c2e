/**
 * Cuts a stream of bytes into lines. A line is the bytes up to LF; at the end
 * of the stream a last line without LF counts too. The framer never looks into
 * a line, and copies only those that were split over two chunks.
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

/** An unfinished line gets room for twice its bytes, and for this many. */
const minCarryBytes = 256;

/**
 * Finds lines in chunks. Push a chunk, call `next` until it says that there is
 * none, push another; call `end` once at the end of the stream. A line found is
 * at `bytes`, from `start` to `stop`, until the next call.
 */
export class LineFramer {
  readonly #maxLineBytes: number;
  /** The buffer that the line is in. */
  bytes: Uint8Array = nothing;
  /** Where the line begins. */
  start = 0;
  /** Where it ends, without its LF. */
  stop = 0;
  #chunk: Uint8Array = this.bytes;
  #position = 0;
  #chunkEnd = 0;
  /** The beginning of a line whose end is in a chunk to come. */
  #carry: Uint8Array | undefined;
  #carriedBytes = 0;
  #tooLong: ByteString | undefined;

  /** @param longestBytes Longest line, in bytes without its LF. */
  constructor(longestBytes: number = maxLineBytes) {
    this.#maxLineBytes = longestBytes;
  }

  /**
   * Takes the chunk that fills a buffer up to `count`, when all lines of the
   * last one have been taken. The buffer must stay as it is until then.
   */
  push(buffer: Uint8Array, count: number): void {
    this.#chunk = buffer;
    this.#position = 0;
    this.#chunkEnd = count;
  }

  /**
   * Finds the next whole line. False when there is none yet, or when a line was
   * too long: then `tooLong` is set and no line follows.
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

  /** Finds the last line, if the stream ended without an LF. */
  end(): boolean {
    if (this.#tooLong !== undefined || this.#carry === undefined) return false;
    this.#takeCarried();
    return true;
  }

  /** A copy of the line that was found. */
  get line(): ByteString {
    return decodeBytes(this.bytes, this.start, this.stop);
  }

  /** A copy of what has come in of a line whose end has not. */
  get unfinished(): ByteString {
    return this.#carry === undefined
      ? ""
      : decodeBytes(this.#carry, 0, this.#carriedBytes);
  }

  /** The first bytes of a line longer than the limit, once one was met. */
  get tooLong(): ByteString | undefined {
    return this.#tooLong;
  }

  /** Copies the chunk up to `end` behind what is carried already. */
  #carryOn(end: number): void {
    const start = this.#position;
    this.#position = end;
    if (start === end && this.#carry === undefined) return;
    const size = this.#carriedBytes + end - start;
    if (this.#carry === undefined || this.#carry.length < size) {
      const larger = allocateBuffer(Math.max(2 * size, minCarryBytes));
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
