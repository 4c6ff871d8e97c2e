/**
 * Bytes as strings. Clients may put any byte into an ID, so text is never
 * decoded as UTF-8: every byte becomes one character, U+0000 to U+00FF, and
 * back. V8 keeps such strings at one byte a character and compares, hashes and
 * joins them natively.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** A string that stands for bytes: each code unit is one byte, 0 to 255. */
export type ByteString = string;

/** A buffer to read into, full of zeros. */
export function allocateBuffer(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(sizeBytes);
}

/** The bytes from `start` up to `end` (exclusive), one character each. */
export function decodeBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
): ByteString {
  return latin1Slice.call(bytes, start, end);
}

// Node's Buffer turns bytes into strings without a copy in between, and back;
// this works on every Uint8Array.
const { latin1Slice, latin1Write } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): ByteString;
  latin1Write(
    this: Uint8Array,
    text: ByteString,
    start: number,
    length: number,
  ): number;
};

const asciiEncoder = new TextEncoder();

/**
 * Writes a byte string to the front of `target`, which must have room for it.
 * Returns the bytes written: always `text.length`.
 */
export function encodeInto(text: ByteString, target: Uint8Array): number {
  if (target.length < text.length) {
    throw new RangeError(
      `A byte string of ${text.length} bytes does not fit ${target.length}.`,
    );
  }
  // UTF-8 and Latin-1 agree on ASCII, and the UTF-8 encoder is several times
  // faster than Buffer's Latin-1 one. A byte from 0x80 up takes it two bytes,
  // so the count it wrote tells whether the text was ASCII.
  const { read, written } = asciiEncoder.encodeInto(text, target);
  if (read !== text.length || written !== text.length) {
    latin1Write.call(target, text, 0, text.length);
  }
  return text.length;
}

/** A byte string as bytes of its own. */
export function encodeBytes(text: ByteString): Uint8Array<ArrayBuffer> {
  const bytes = allocateBuffer(text.length);
  encodeInto(text, bytes);
  return bytes;
}

let scratch = allocateBuffer(4096);

/**
 * A byte string as bytes at the front of a buffer that is used again: they are
 * gone at the next call.
 */
export function encodeScratch(text: ByteString): Uint8Array {
  if (scratch.length < text.length) scratch = allocateBuffer(text.length * 2);
  encodeInto(text, scratch);
  return scratch;
}

/** Copies a stretch of bytes; returns the index behind the copy. */
export function copyBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
): number {
  // From some 40 bytes on the runtime's own way is faster than a loop.
  target.set(bytes.subarray(start, end), targetStart);
  return targetStart + end - start;
}

/** The first place of a byte in a stretch of bytes; -1 if it is not there. */
export function indexOfByte(
  bytes: Uint8Array,
  byte: number,
  start: number,
  end: number,
): number {
  // Lines and fields are short: a loop finds their end before a call into the
  // runtime would have begun to look.
  for (let index = start; index < end; index++) {
    if (bytes[index] === byte) return index;
  }
  return -1;
}

/**
 * Views of buffers that are looked at time after time. A view reads four bytes
 * as fast as an array reads one, but making it costs as much as reading a line.
 */
export class LastView {
  #bytes: Uint8Array | undefined;
  #view: DataView | undefined;

  /** The view of a buffer: the one it had the last time, if it is the same. */
  of(bytes: Uint8Array): DataView {
    if (this.#view === undefined || bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(
        bytes.buffer,
        bytes.byteOffset,
        bytes.byteLength,
      );
    }
    return this.#view;
  }
}

const utf8Encoder = new TextEncoder();

/** The UTF-8 bytes of ordinary text, as a byte string. */
export function bytesOfText(text: string): ByteString {
  const bytes = utf8Encoder.encode(text);
  return decodeBytes(bytes, 0, bytes.length);
}

const utf8Decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A byte string read as UTF-8; what is not UTF-8 becomes U+FFFD. */
export function textOfBytes(bytes: ByteString): string {
  return utf8Decoder.decode(encodeBytes(bytes));
}

const strictUtf8Decoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});

/**
 * A byte string read as UTF-8.
 *
 * @throws {TypeError} If it is not UTF-8.
 */
export function strictTextOfBytes(bytes: ByteString): string {
  return strictUtf8Decoder.decode(encodeBytes(bytes));
}
