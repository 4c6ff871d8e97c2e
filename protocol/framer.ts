/**
 * Cuts a stream of bytes into lines. A line is the bytes up to LF; at the end
 * of the stream a last line without LF counts too. The framer never looks into
 * a line.
 *
 * @module
 */
import { type ByteString, detach } from "./bytes.ts";
import { maxLineBytes, tooLongEchoBytes } from "./limits.ts";

/** A rest of a chunk up to this size is kept as it is, larger ones copied. */
const smallChunkBytes = 1024;

/** Pieces of one unfinished line before they are copied into one. */
const maxPieces = 64;

/**
 * Pulls lines out of chunks. Push a chunk, call `next` until it returns
 * undefined, push another; call `end` once at the end of the stream.
 */
export class LineFramer {
  readonly #maxLineBytes: number;
  #chunk: ByteString = "";
  #position = 0;
  #carry: ByteString = "";
  #pieces = 0;
  #tooLong: ByteString | undefined;

  /** @param longestBytes Longest line, in bytes without its LF. */
  constructor(longestBytes: number = maxLineBytes) {
    this.#maxLineBytes = longestBytes;
  }

  /** Adds a chunk behind what has not been taken yet. */
  push(chunk: ByteString): void {
    this.#chunk = this.#position < this.#chunk.length
      ? this.#chunk.slice(this.#position) + chunk
      : chunk;
    this.#position = 0;
  }

  /**
   * The next whole line, without its LF. Undefined when there is none yet, or
   * when a line was too long: then `tooLong` is set and no line follows.
   */
  next(): ByteString | undefined {
    if (this.#tooLong !== undefined) return undefined;
    const start = this.#position;
    const end = this.#chunk.indexOf("\n", start);
    if (end < 0) {
      this.#keepRest();
      return undefined;
    }
    this.#position = end + 1;
    let line = this.#chunk.slice(start, end);
    if (this.#pieces > 0) {
      line = this.#carry + line;
      this.#carry = "";
      this.#pieces = 0;
    }
    if (line.length > this.#maxLineBytes) {
      this.#refuse(line);
      return undefined;
    }
    return line;
  }

  /** The last line, if the stream ended without an LF. */
  end(): ByteString | undefined {
    if (this.#tooLong !== undefined || this.#pieces === 0) return undefined;
    const line = this.#carry;
    this.#carry = "";
    this.#pieces = 0;
    return line;
  }

  /** The first bytes of a line longer than the limit, once one was met. */
  get tooLong(): ByteString | undefined {
    return this.#tooLong;
  }

  #keepRest(): void {
    const rest = this.#chunk.slice(this.#position);
    const wasSmall = this.#chunk.length <= smallChunkBytes;
    this.#chunk = "";
    this.#position = 0;
    if (rest === "") return;
    this.#carry += rest;
    this.#pieces += 1;
    if (this.#carry.length > this.#maxLineBytes) {
      this.#refuse(this.#carry);
    } else if (!wasSmall || this.#pieces % maxPieces === 0) {
      // Neither a large chunk nor a long chain of small ones stays alive for
      // the sake of a few bytes.
      this.#carry = detach(this.#carry);
    }
  }

  #refuse(line: ByteString): void {
    this.#tooLong = detach(line.slice(0, tooLongEchoBytes));
    this.#carry = "";
    this.#pieces = 0;
    this.#chunk = "";
    this.#position = 0;
  }
}
