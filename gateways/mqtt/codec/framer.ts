/**
 * Finds packets in a stream of bytes.
 *
 * @module
 */
import { allocateBuffer } from "../../../protocol/bytes.ts";
import { Violation } from "./reason_codes.ts";

/** First size of the buffer for a packet that comes in parts, in bytes. */
const firstBufferBytes = 256;

/**
 * Finds the packets in chunks. After `push`, call `next` until it returns
 * false. A packet that is whole in its chunk is not copied, and of a packet that
 * is too large nothing is.
 */
export class PacketFramer {
  /** Largest packet, in bytes, with its header. May be changed between packets. */
  maxPacketBytes: number;
  /** The first byte of the packet that `next` has found: type and flags. */
  header = 0;
  /** The buffer with the rest of the packet, which does not change until `push`. */
  bytes: Uint8Array = nothing;
  /** Where the rest begins, after the remaining length. */
  start = 0;
  /** Where the packet ends. */
  end = 0;
  /** Why there are no further packets; undefined if there may be. */
  violation: Violation | undefined;
  #chunk: Uint8Array = nothing;
  #at = 0;
  #end = 0;
  /** The first bytes of a packet that is not whole, with its header. */
  #part: Uint8Array = nothing;
  #partBytes = 0;

  constructor(maxPacketBytes: number) {
    this.maxPacketBytes = maxPacketBytes;
  }

  /** The memory of a packet that has not ended yet, in bytes. */
  get unfinishedBytes(): number {
    return this.#part.length;
  }

  /** Whether a packet has begun and is not whole. */
  get isUnfinished(): boolean {
    return this.#partBytes > 0;
  }

  /** Adds the first `count` bytes of a chunk. The previous one must be used up. */
  push(chunk: Uint8Array, count: number): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#end = count;
  }

  /** Finds the next packet. False if the chunk has no further whole packet. */
  next(): boolean {
    if (this.violation !== undefined) return false;
    return this.#partBytes > 0 ? this.#continue() : this.#find();
  }

  /** Finds a packet that begins in the chunk. */
  #find(): boolean {
    const chunk = this.#chunk;
    const from = this.#at;
    const headEnd = this.#readHead(chunk, from, this.#end);
    if (headEnd > 0 && this.end <= this.#end) {
      this.bytes = chunk;
      this.#at = this.end;
      return true;
    }
    if (headEnd >= 0) this.#keep(this.#end - from, headEnd > 0);
    return false;
  }

  /** Completes a packet that has begun in an earlier chunk. */
  #continue(): boolean {
    // The head has at most five bytes, which come one by one if it was split.
    let headEnd = this.#readHead(this.#part, 0, this.#partBytes);
    while (headEnd === 0 && this.#at < this.#end) {
      this.#keep(1, false);
      headEnd = this.#readHead(this.#part, 0, this.#partBytes);
    }
    if (headEnd <= 0) return false;
    const missing = this.end - this.#partBytes;
    this.#keep(Math.min(missing, this.#end - this.#at), true);
    if (this.#partBytes < this.end) return false;
    this.bytes = this.#part;
    this.#part = nothing;
    this.#partBytes = 0;
    return true;
  }

  /**
   * Reads first byte and remaining length. Returns where they end; 0 if they are
   * not whole, and -1 after a violation.
   */
  #readHead(bytes: Uint8Array, from: number, to: number): number {
    let length = 0;
    let shift = 0;
    for (let at = from + 1; at < to; at++) {
      const byte = bytes[at];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        return this.#setHead(bytes[from], from, at + 1, length);
      }
      shift += 7;
      if (shift > 21) {
        return this.#refuse(
          "malformed packet",
          "the remaining length has more than four bytes",
        );
      }
    }
    return 0;
  }

  #setHead(header: number, from: number, at: number, length: number): number {
    if (at - from + length > this.maxPacketBytes) {
      const detail = `a packet has more than ${this.maxPacketBytes} bytes`;
      return this.#refuse("packet too large", detail);
    }
    this.header = header;
    this.start = at;
    this.end = at + length;
    return at;
  }

  #refuse(reason: "malformed packet" | "packet too large", detail: string): -1 {
    this.violation = new Violation(reason, detail);
    this.#part = nothing;
    this.#partBytes = 0;
    return -1;
  }

  /**
   * Moves bytes of the chunk into the buffer. The buffer grows with what has
   * arrived, so that a length alone takes no memory.
   */
  #keep(count: number, isLengthKnown: boolean): void {
    const bytes = this.#partBytes + count;
    if (bytes > this.#part.length) {
      const doubled = Math.max(firstBufferBytes, 2 * bytes);
      const whole = isLengthKnown ? this.end - this.#offset : doubled;
      const larger = allocateBuffer(Math.max(bytes, Math.min(doubled, whole)));
      larger.set(this.#part.subarray(0, this.#partBytes));
      this.#part = larger;
    }
    const from = this.#at;
    this.#part.set(this.#chunk.subarray(from, from + count), this.#partBytes);
    this.#at += count;
    this.#partBytes = bytes;
  }

  /** Where the packet begins, in the indices of `end`. */
  get #offset(): number {
    return this.#partBytes > 0 ? 0 : this.#at;
  }
}

const nothing = new Uint8Array();
