/**
 * Bytes as strings. A client's ID may contain any byte, so text is never
 * decoded as UTF-8: every byte becomes one character, U+0000 to U+00FF, and
 * back. V8 stores such strings with one byte for each character, and compares,
 * hashes and joins them natively.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** A string of bytes: each code unit is one byte, 0 to 255. */
export type ByteString = string;

/** A buffer of zeros. */
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

// Node's Buffer converts between bytes and strings without an intermediate
// copy. Its methods work on every Uint8Array.
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
 * Writes a byte string to the start of `target`. Returns the number of bytes
 * written, which is `text.length`.
 *
 * @throws {RangeError} If `target` is too small.
 */
export function encodeInto(text: ByteString, target: Uint8Array): number {
  if (target.length < text.length) {
    throw new RangeError(
      `A byte string of ${text.length} bytes does not fit into ${target.length}.`,
    );
  }
  // The UTF-8 encoder is several times faster than Buffer's Latin-1 encoder,
  // and gives the same bytes for ASCII. It writes two bytes for each byte above
  // 0x7F, so `written` shows whether the text was ASCII.
  const { read, written } = asciiEncoder.encodeInto(text, target);
  if (read !== text.length || written !== text.length) {
    latin1Write.call(target, text, 0, text.length);
  }
  return text.length;
}

/** A byte string as bytes, in a new buffer. */
export function encodeBytes(text: ByteString): Uint8Array<ArrayBuffer> {
  const bytes = allocateBuffer(text.length);
  encodeInto(text, bytes);
  return bytes;
}

let scratch = allocateBuffer(4096);

/** A byte string as bytes in a shared buffer. The next call overwrites them. */
export function encodeScratch(text: ByteString): Uint8Array {
  if (scratch.length < text.length) scratch = allocateBuffer(text.length * 2);
  encodeInto(text, scratch);
  return scratch;
}

/**
 * A copy of a byte string. A part of a string keeps the whole string in memory,
 * and a copy does not.
 */
export function copyOf(text: ByteString): ByteString {
  return decodeBytes(encodeScratch(text), 0, text.length);
}

/**
 * Copies the bytes from `start` to `end`. Returns the index after the copy.
 *
 * Lines are short. Four bytes at a time take half as long as `set` and the view
 * that it needs, up to some 200 bytes.
 */
export function copyBytes(
  source: DataView,
  start: number,
  end: number,
  target: DataView,
  targetStart: number,
): number {
  let at = targetStart;
  let index = start;
  for (; index + 4 <= end; index += 4, at += 4) {
    target.setInt32(at, source.getInt32(index, true), true);
  }
  for (; index < end; index++, at++) {
    target.setUint8(at, source.getUint8(index));
  }
  return at;
}

/**
 * The index of the first such byte from `start` to `end`; -1 if there is none.
 */
export function indexOfByte(
  bytes: Uint8Array,
  byte: number,
  start: number,
  end: number,
): number {
  // Lines and fields are short: a loop is faster than a call into the runtime.
  for (let index = start; index < end; index++) {
    if (bytes[index] === byte) return index;
  }
  return -1;
}

/**
 * The views of buffers that are used again and again. A view reads four bytes as
 * fast as an array reads one, but creating a view takes as long as reading
 * several lines.
 */
const views = new WeakMap<Uint8Array, DataView>();

function viewOf(bytes: Uint8Array): DataView {
  let view = views.get(bytes);
  if (view === undefined) {
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    views.set(bytes, view);
  }
  return view;
}

/** Finds the views of buffers. The view of the last buffer needs no search. */
export class LastView {
  #bytes: Uint8Array | undefined;
  #view: DataView | undefined;

  /** The view of a buffer. */
  of(bytes: Uint8Array): DataView {
    if (this.#view === undefined || bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = viewOf(bytes);
    }
    return this.#view;
  }
}

const utf8Encoder = new TextEncoder();

/** Text in UTF-8, as a byte string. */
export function bytesOfText(text: string): ByteString {
  const bytes = utf8Encoder.encode(text);
  return decodeBytes(bytes, 0, bytes.length);
}

const utf8Decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A byte string decoded as UTF-8. Invalid sequences become U+FFFD. */
export function textOfBytes(bytes: ByteString): string {
  return utf8Decoder.decode(encodeBytes(bytes));
}

const strictUtf8Decoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});

/**
 * A byte string decoded as UTF-8.
 *
 * @throws {TypeError} If the bytes are not valid UTF-8.
 */
export function strictTextOfBytes(bytes: ByteString): string {
  return strictUtf8Decoder.decode(encodeBytes(bytes));
}
