/**
 * Replies that can go out, one behind the other in a buffer that is used again.
 * A connection holds one only while it has something to say.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
  encodeInto,
} from "../protocol/bytes.ts";
import { keptReplyBuffers, maxKeptReplyBytes } from "./limits.ts";

const lineFeed = 0x0a;

/** A buffer begins with room for some dozens of reports, in bytes. */
const startBytes = 4096;

/** Whole replies, each with its LF. */
export class Replies {
  bytes: Uint8Array = allocateBuffer(startBytes);
  /** How much of the buffer is filled. */
  length = 0;
  /** Where each reply ends. */
  readonly ends: number[] = [];

  /** Makes room for more bytes. */
  reserve(bytes: number): void {
    const size = this.length + bytes;
    if (size <= this.bytes.length) return;
    const larger = allocateBuffer(2 * size);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** What was written up to `end` is a reply: adds its LF. */
  finish(end: number): void {
    this.bytes[end] = lineFeed;
    this.length = end + 1;
    this.ends.push(this.length);
  }

  /** Adds a reply that has its LF. */
  add(reply: ByteString): void {
    this.reserve(reply.length);
    encodeInto(reply, this.bytes.subarray(this.length));
    this.length += reply.length;
    this.ends.push(this.length);
  }

  /** A copy of everything. */
  get text(): ByteString {
    return decodeBytes(this.bytes, 0, this.length);
  }
}

/** Buffers that are not in use, for the next connection that needs one. */
export class ReplyBuffers {
  readonly #spare: Replies[] = [];

  take(): Replies {
    return this.#spare.pop() ?? new Replies();
  }

  /** Takes back what nobody reads any more. */
  release(replies: Replies): void {
    const isLarge = replies.bytes.length > maxKeptReplyBytes;
    if (isLarge || this.#spare.length >= keptReplyBuffers) return;
    replies.length = 0;
    replies.ends.length = 0;
    this.#spare.push(replies);
  }
}
