/**
 * Frames of WebSockets (RFC 6455), on the side of the server.
 *
 * @module
 */
import { allocateBuffer, type ByteString } from "../../protocol/bytes.ts";
import { isUtf8 } from "../utf8.ts";
import { maxControlBytes, maxFragments, maxFrameBytes } from "./limits.ts";

/** The kinds of frames. */
export const opcodes = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** The kind of a message. */
export type MessageKind = "text" | "binary";

/** Why a connection is closed (RFC 6455, 7.4.1). */
export type CloseCode = 1000 | 1001 | 1002 | 1003 | 1007 | 1008 | 1009 | 1011;

/** A violation of the protocol, which ends the connection. */
export class FrameFault {
  readonly code: CloseCode;
  /** What was wrong, in a few words, for the log and the client. */
  readonly detail: string;

  constructor(code: CloseCode, detail: string) {
    this.code = code;
    this.detail = detail;
  }
}

/** What `FrameReader.next` has found. */
export type FrameEvent = MessageKind | "ping" | "pong" | "close";

const nothing = allocateBuffer(0);

/** First size of the buffer for a message that comes in parts, in bytes. */
const firstBufferBytes = 256;

/** How a reader treats messages. */
export interface FrameReaderOptions {
  /**
   * Whether the payload of each frame is given by itself: then messages may have
   * any length, and text is not checked.
   */
  readonly isStream?: boolean;
}

/**
 * Finds messages and frames of control in chunks. After `push`, call `next`
 * until it returns undefined. A message that is whole in its chunk is not copied.
 */
export class FrameReader {
  /** The buffer with the payload, which does not change until `next`. */
  bytes: Uint8Array = nothing;
  /** Where the payload begins. */
  start = 0;
  /** Where the payload ends. */
  end = 0;
  /** Why there are no further frames; undefined if there may be. */
  fault: FrameFault | undefined;
  readonly #isStream: boolean;
  #chunk: Uint8Array = nothing;
  #at = 0;
  #end = 0;
  /** The head of a frame that is not whole: at most 14 bytes. */
  #head: Uint8Array | undefined;
  #headBytes = 0;
  /** The frame whose payload is being read; -1 for none. */
  #opcode = -1;
  #isFinal = false;
  #length = 0;
  #mask: Uint8Array = nothing;
  /** How many bytes of the payload were read. */
  #readBytes = 0;
  /** The kind of the message that is being read. */
  #kind: MessageKind | undefined;
  #fragments = 0;
  /** Payloads that are not whole: of the message, and of a frame of control. */
  readonly #message = new Part();
  readonly #control = new Part();

  constructor({ isStream = false }: FrameReaderOptions = {}) {
    this.#isStream = isStream;
  }

  /** The memory of what has not ended yet, in bytes. */
  get unfinishedBytes(): number {
    return this.#message.capacity + this.#control.capacity;
  }

  /** Whether a frame or a message has begun and is not whole. */
  get isUnfinished(): boolean {
    return this.#opcode >= 0 || this.#headBytes > 0 || this.#kind !== undefined;
  }

  /**
   * Adds the first `count` bytes of a chunk, which are changed. The previous
   * chunk must be used up.
   */
  push(chunk: Uint8Array, count: number): void {
    this.#chunk = chunk;
    this.#at = 0;
    this.#end = count;
  }

  /** Finds the next event. Undefined if the chunk has no further whole one. */
  next(): FrameEvent | undefined {
    while (this.fault === undefined) {
      if (this.#opcode < 0 && !this.#readHead()) return undefined;
      const event = this.#readPayload();
      if (event === undefined) return undefined;
      if (event !== "more") return event;
    }
    return undefined;
  }

  /** Reads the head of a frame. False if it is not whole, or wrong. */
  #readHead(): boolean {
    const head = this.#head ??= allocateBuffer(14);
    while (true) {
      const needed = headLength(head, this.#headBytes);
      if (this.#headBytes === needed) break;
      if (this.#at === this.#end) return false;
      head[this.#headBytes++] = this.#chunk[this.#at++];
      // What is wrong with the first two bytes is found before the others come.
      if (this.#headBytes === 2 && !this.#checkHead(head)) return false;
    }
    const length = payloadLength(head);
    const opcode = head[0] & 0x0f;
    const isControl = opcode >= opcodes.close;
    const before = isControl || this.#isStream ? 0 : this.#message.length;
    if (length + before > maxFrameBytes) {
      return this.#refuse(1009, `more than ${maxFrameBytes} bytes`);
    }
    this.#opcode = opcode;
    this.#isFinal = (head[0] & 0x80) !== 0;
    this.#length = length;
    this.#mask = head.slice(this.#headBytes - 4, this.#headBytes);
    this.#readBytes = 0;
    this.#headBytes = 0;
    return true;
  }

  /** Checks the first two bytes of a frame. */
  #checkHead(head: Uint8Array): boolean {
    const opcode = head[0] & 0x0f;
    const isFinal = (head[0] & 0x80) !== 0;
    if ((head[0] & 0x70) !== 0) {
      return this.#refuse(
        1002,
        "reserved bits are set, but no extension was negotiated",
      );
    }
    if ((head[1] & 0x80) === 0) return this.#refuse(1002, "an unmasked frame");
    switch (opcode) {
      case opcodes.close:
      case opcodes.ping:
      case opcodes.pong:
        if (!isFinal || (head[1] & 0x7f) > maxControlBytes) {
          return this.#refuse(1002, "a control frame is too long or in parts");
        }
        break;
      case opcodes.continuation:
        if (this.#kind === undefined) {
          return this.#refuse(1002, "a continuation frame without a message");
        }
        this.#fragments += 1;
        if (this.#fragments > maxFragments && !this.#isStream) {
          return this.#refuse(1009, `more than ${maxFragments} fragments`);
        }
        break;
      case opcodes.text:
      case opcodes.binary:
        if (this.#kind !== undefined) {
          return this.#refuse(1002, "a message within another one");
        }
        this.#kind = opcode === opcodes.text ? "text" : "binary";
        this.#fragments = 1;
        break;
      default:
        return this.#refuse(1002, `an unknown opcode ${opcode}`);
    }
    return true;
  }

  /**
   * Reads the payload of a frame. Undefined if it is not whole, and `more` if
   * another frame has to follow.
   */
  #readPayload(): FrameEvent | "more" | undefined {
    const count = Math.min(
      this.#length - this.#readBytes,
      this.#end - this.#at,
    );
    const from = this.#at;
    unmask(this.#chunk, from, count, this.#mask, this.#readBytes);
    this.#at += count;
    this.#readBytes += count;
    const isWhole = this.#readBytes === this.#length;
    const isControl = this.#opcode >= opcodes.close;
    const part = isControl ? this.#control : this.#message;
    const isAtOnce = isWhole && part.length === 0 &&
      (isControl || this.#isFinal);
    if (isAtOnce) {
      this.bytes = this.#chunk;
      this.start = from;
      this.end = from + count;
    } else {
      part.add(this.#chunk, from, count);
    }
    if (!isWhole) return undefined;
    const opcode = this.#opcode;
    this.#opcode = -1;
    if (!isControl && !this.#isFinal && !this.#isStream) return "more";
    if (!isAtOnce) {
      this.bytes = part.bytes;
      this.start = 0;
      this.end = part.length;
      part.take();
    }
    return isControl ? this.#controlEvent(opcode) : this.#messageEvent();
  }

  #controlEvent(opcode: number): FrameEvent | undefined {
    if (opcode === opcodes.ping) return "ping";
    if (opcode === opcodes.pong) return "pong";
    const fault = this.#faultOfClose();
    if (fault === undefined) return "close";
    this.#refuse(fault.code, fault.detail);
    return undefined;
  }

  #messageEvent(): FrameEvent | undefined {
    const kind = this.#kind!;
    if (this.#isFinal) this.#kind = undefined;
    const isText = kind === "text" && !this.#isStream;
    if (!isText || isUtf8(this.bytes, this.start, this.end)) return kind;
    this.#refuse(1007, "a text is not UTF-8");
    return undefined;
  }

  #faultOfClose(): FrameFault | undefined {
    const length = this.end - this.start;
    if (length === 0) return undefined;
    if (length === 1) return new FrameFault(1002, "a close code of one byte");
    const { bytes, start } = this;
    const code = bytes[start] << 8 | bytes[start + 1];
    if (!isCloseCode(code)) return new FrameFault(1002, `close code ${code}`);
    return isUtf8(bytes, start + 2, this.end)
      ? undefined
      : new FrameFault(1007, "a reason is not UTF-8");
  }

  #refuse(code: CloseCode, detail: string): false {
    this.fault = new FrameFault(code, detail);
    this.#message.take();
    this.#control.take();
    return false;
  }
}

/** A payload that comes in parts. */
class Part {
  bytes: Uint8Array = nothing;
  length = 0;

  /** The memory that it takes, in bytes. */
  get capacity(): number {
    return this.length === 0 ? 0 : this.bytes.length;
  }

  /** Adds bytes. The buffer grows with what has arrived. */
  add(chunk: Uint8Array, from: number, count: number): void {
    const needed = this.length + count;
    if (needed > this.bytes.length) {
      const larger = allocateBuffer(Math.max(firstBufferBytes, 2 * needed));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(chunk.subarray(from, from + count), this.length);
    this.length = needed;
  }

  /** Begins a new payload. The bytes of the old one are not used again. */
  take(): void {
    this.bytes = nothing;
    this.length = 0;
  }
}

/**
 * The length of a frame's head; 2 until its first two bytes are received.
 *
 * @param known How many bytes of it are received.
 */
function headLength(head: Uint8Array, known: number): number {
  if (known < 2) return 2;
  const length = head[1] & 0x7f;
  return 6 + (length === 126 ? 2 : length === 127 ? 8 : 0);
}

/** The length of the payload; more than 2 ** 53 is not exact. */
function payloadLength(head: Uint8Array): number {
  const length = head[1] & 0x7f;
  if (length < 126) return length;
  let value = 0;
  const end = length === 126 ? 4 : 10;
  for (let at = 2; at < end; at++) value = value * 256 + head[at];
  return value;
}

/** Removes the mask of a part of a payload. */
function unmask(
  bytes: Uint8Array,
  start: number,
  count: number,
  mask: Uint8Array,
  offset: number,
): void {
  for (let index = 0; index < count; index++) {
    bytes[start + index] ^= mask[(offset + index) & 3];
  }
}

/** Whether a client may send a close code (RFC 6455, 7.4). */
function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 &&
    code !== 1006;
}

/** Most bytes of the head of a frame from the server. */
export const maxHeadBytes = 10;

/**
 * Writes the head of a frame from the server, which is final and not masked.
 * Returns its length.
 */
export function writeHead(
  target: Uint8Array,
  at: number,
  opcode: number,
  length: number,
): number {
  target[at] = 0x80 | opcode;
  if (length < 126) {
    target[at + 1] = length;
    return 2;
  }
  const bytes = length < 0x10000 ? 2 : 8;
  target[at + 1] = bytes === 2 ? 126 : 127;
  let rest = length;
  for (let index = bytes - 1; index >= 0; index--) {
    target[at + 2 + index] = rest & 0xff;
    rest = Math.floor(rest / 256);
  }
  return 2 + bytes;
}

/** A whole frame from the server. */
export function makeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const frame = allocateBuffer(maxHeadBytes + payload.length);
  const start = writeHead(frame, 0, opcode, payload.length);
  frame.set(payload, start);
  return frame.subarray(0, start + payload.length);
}

/** A frame that closes the connection. */
export function makeClose(code: CloseCode, detail: ByteString): Uint8Array {
  const reason = detail.slice(0, maxControlBytes - 2);
  const payload = allocateBuffer(2 + reason.length);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  for (let index = 0; index < reason.length; index++) {
    payload[2 + index] = reason.charCodeAt(index);
  }
  return makeFrame(opcodes.close, payload);
}
