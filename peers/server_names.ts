/**
 * The names of the herd's servers, recognized in a buffer without copying.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../protocol/bytes.ts";

/** A small set of names. */
export class ServerNames {
  readonly #names: readonly { text: ByteString; bytes: Uint8Array }[];

  constructor(names: readonly ByteString[]) {
    this.#names = names.map((text) => ({ text, bytes: encodeBytes(text) }));
  }

  /** The name from `start` to `end` (exclusive); undefined if it is none. */
  readonly find = (
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ByteString | undefined => {
    // A herd has few servers, and most names differ in length or first byte.
    for (const name of this.#names) {
      if (isEqual(name.bytes, bytes, start, end)) return name.text;
    }
    return undefined;
  };

  /** Whether a text is one of the names. */
  readonly has = (name: ByteString): boolean =>
    this.#names.some(({ text }) => text === name);
}

function isEqual(
  name: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index++) {
    if (name[index] !== bytes[start + index]) return false;
  }
  return true;
}
