/**
 * The values of a text in JSON, created when a reader asks for them: a point of
 * Overland has some forty keys and values, and ten of them are of use.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../../protocol/bytes.ts";
import { hexDigit } from "./hex.ts";

/** A number, as its digits in the text. */
export class JsonNumber {
  /** @param text Valid by the grammar of JSON. */
  constructor(readonly text: ByteString) {}
}

/** The value of a key that an object has more than once. */
export const repeated: unique symbol = Symbol("repeated");

/** A value. Strings are bytes, with escapes resolved. */
export type JsonValue =
  | null
  | boolean
  | ByteString
  | JsonNumber
  | JsonList
  | JsonObject;

/** The values of an object's key, null and missing keys as undefined. */
export function memberOf(
  object: JsonObject,
  key: ByteString,
): Exclude<JsonValue, null> | typeof repeated | undefined {
  return object.get(key) ?? undefined;
}

/** Whether a value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return value instanceof JsonObject;
}

/** Whether a value is a list. */
export function isList(value: unknown): value is JsonList {
  return value instanceof JsonList;
}

/**
 * Where the values of a valid text are, in the order in which they begin. Each
 * takes a few entries of `places`:
 *
 * - A string, a number or a word has two: where it begins, and twice the index
 *   after it, plus 1 if it is a string with escapes.
 * - An object or a list has three: where it begins, the inverse (`~`) of the
 *   index in `places` after all that is in it, and how many values are in it.
 *   These follow. Each member of an object is its key, a string, and its value.
 */
export interface Outline {
  readonly text: ByteString;
  readonly places: readonly number[];
}

const scalarEntries = 2;
const containerEntries = 3;

/** The index in `places` after a value, and all that is in it. */
function indexAfter(places: readonly number[], at: number): number {
  const end = places[at + 1];
  return end < 0 ? ~end : at + scalarEntries;
}

/** The value at an index of `places`. */
export function valueAt(outline: Outline, at: number): JsonValue {
  const { places, text } = outline;
  const start = places[at];
  switch (text.charCodeAt(start)) {
    case quote:
      return stringAt(outline, at);
    case openBrace:
      return new JsonObject(outline, at);
    case openBracket:
      return new JsonList(outline, at);
    case letterT:
      return true;
    case letterF:
      return false;
    case letterN:
      return null;
    default:
      return new JsonNumber(text.slice(start, places[at + 1] >> 1));
  }
}

function stringAt({ places, text }: Outline, at: number): ByteString {
  const end = places[at + 1];
  const inner = text.slice(places[at] + 1, (end >> 1) - 1);
  return (end & 1) === 0 ? inner : unescape(inner);
}

/** An object, by its keys as bytes. */
export class JsonObject {
  readonly #outline: Outline;
  readonly #at: number;

  constructor(outline: Outline, at: number) {
    this.#outline = outline;
    this.#at = at;
  }

  /** The value of a key; undefined if there is none. */
  get(key: ByteString): JsonValue | typeof repeated | undefined {
    const outline = this.#outline;
    const { places, text } = outline;
    const end = ~places[this.#at + 1];
    let found = -1;
    for (let at = this.#at + containerEntries; at < end;) {
      const valueIndex = at + scalarEntries;
      if (hasText(places, text, at, key)) {
        if (found >= 0) return repeated;
        found = valueIndex;
      }
      at = indexAfter(places, valueIndex);
    }
    return found < 0 ? undefined : valueAt(outline, found);
  }

  /** Whether there is a value of this key. */
  has(key: ByteString): boolean {
    return this.get(key) !== undefined;
  }

  /** Keys and values as they are in the text. */
  *[Symbol.iterator](): Generator<[key: ByteString, value: JsonValue]> {
    const { places } = this.#outline;
    const end = ~places[this.#at + 1];
    for (let at = this.#at + containerEntries; at < end;) {
      const valueIndex = at + scalarEntries;
      yield [stringAt(this.#outline, at), valueAt(this.#outline, valueIndex)];
      at = indexAfter(places, valueIndex);
    }
  }
}

/** Whether the string at an index of `places` is this one. */
function hasText(
  places: readonly number[],
  text: ByteString,
  at: number,
  wanted: ByteString,
): boolean {
  const start = places[at] + 1;
  const end = places[at + 1];
  if ((end & 1) !== 0) return hasEscapedText(text, start, end, wanted);
  const { length } = wanted;
  if ((end >> 1) - 1 - start !== length) return false;
  // Keys of equal length mostly differ in the first bytes. This is much faster
  // than `startsWith`.
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(start + index) !== wanted.charCodeAt(index)) {
      return false;
    }
  }
  return true;
}

/**
 * The same for a string with escapes. It ends at the first difference: each key
 * of an object is compared with each name that a reader asks for.
 */
function hasEscapedText(
  text: ByteString,
  start: number,
  end: number,
  wanted: ByteString,
): boolean {
  const stop = (end >> 1) - 1;
  let at = start;
  for (let index = 0; index < wanted.length; index++) {
    if (at >= stop) return false;
    let code = text.charCodeAt(at++);
    if (code === backslash) {
      const letter = text.charCodeAt(at++);
      if (letter === letterU) {
        code = unitAt(text, at);
        at += 4;
        // In UTF-8 it has several bytes, and the first is not one of ASCII.
        if (code >= 0x80 && wanted.charCodeAt(index) >= 0x80) {
          return unescape(text.slice(start, stop)) === wanted;
        }
      } else {
        code = controls[letter] ?? letter;
      }
    }
    if (code !== wanted.charCodeAt(index)) return false;
  }
  return at === stop;
}

/** A list. */
export class JsonList {
  readonly #outline: Outline;
  readonly #at: number;

  constructor(outline: Outline, at: number) {
    this.#outline = outline;
    this.#at = at;
  }

  /** How many values it has. */
  get length(): number {
    return this.#outline.places[this.#at + 2];
  }

  /** The value at an index, which is small; undefined if there is none. */
  at(index: number): JsonValue | undefined {
    const { places } = this.#outline;
    if (index >= this.length) return undefined;
    let at = this.#at + containerEntries;
    for (let count = 0; count < index; count++) at = indexAfter(places, at);
    return valueAt(this.#outline, at);
  }

  *[Symbol.iterator](): Generator<JsonValue> {
    const { places } = this.#outline;
    const end = ~places[this.#at + 1];
    let at = this.#at + containerEntries;
    for (; at < end; at = indexAfter(places, at)) {
      yield valueAt(this.#outline, at);
    }
  }
}

const quote = 0x22;
const backslash = 0x5c;
const letterF = 0x66;
const letterN = 0x6e;
const letterT = 0x74;
const letterU = 0x75;
const openBrace = 0x7b;
const openBracket = 0x5b;

/** The bytes of escapes that are not the character after the backslash. */
export const controls: Readonly<Record<number, number>> = {
  [0x62]: 0x08, // \b
  [0x66]: 0x0c, // \f
  [0x6e]: 0x0a, // \n
  [0x72]: 0x0d, // \r
  [0x74]: 0x09, // \t
};

/**
 * Resolves the escapes of a valid string; characters become UTF-8. A body can
 * consist of escapes, so this writes bytes: replacing them by a regular
 * expression took a second for 4 MiB.
 */
function unescape(text: ByteString): ByteString {
  // No escape is shorter than what it stands for.
  const bytes = allocateBuffer(text.length);
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code !== backslash) {
      bytes[at++] = code;
      continue;
    }
    index += 1;
    const letter = text.charCodeAt(index);
    if (letter !== letterU) {
      bytes[at++] = controls[letter] ?? letter;
      continue;
    }
    let unit = unitAt(text, index + 1);
    index += 4;
    const isPair = isLead(unit) && text.charCodeAt(index + 1) === backslash &&
      text.charCodeAt(index + 2) === letterU;
    const trail = isPair ? unitAt(text, index + 3) : 0;
    if (isTrail(trail)) {
      unit = 0x10000 + ((unit - 0xd800) << 10) + (trail - 0xdc00);
      index += 6;
    }
    at = writeUtf8(unit, bytes, at);
  }
  return decodeBytes(bytes, 0, at);
}

const isLead = (unit: number) => unit >= 0xd800 && unit < 0xdc00;
const isTrail = (unit: number) => unit >= 0xdc00 && unit < 0xe000;

/** The value of the four hexadecimal digits at an index. */
function unitAt(text: ByteString, at: number): number {
  let unit = 0;
  for (let index = at; index < at + 4; index++) {
    unit = unit << 4 | hexDigit(text.charCodeAt(index));
  }
  return unit;
}

/**
 * Writes a character as UTF-8; returns the index after it. Half of a surrogate
 * pair, which phones send when they cut a text in an emoji, becomes three bytes
 * that are not valid UTF-8: so different texts stay different.
 */
function writeUtf8(code: number, bytes: Uint8Array, start: number): number {
  let at = start;
  const last = 0x80 | code & 0x3f;
  if (code < 0x80) {
    bytes[at++] = code;
    return at;
  }
  if (code < 0x800) {
    bytes[at++] = 0xc0 | code >> 6;
  } else {
    if (code < 0x10000) {
      bytes[at++] = 0xe0 | code >> 12;
    } else {
      bytes[at++] = 0xf0 | code >> 18;
      bytes[at++] = 0x80 | code >> 12 & 0x3f;
    }
    bytes[at++] = 0x80 | code >> 6 & 0x3f;
  }
  bytes[at++] = last;
  return at;
}
