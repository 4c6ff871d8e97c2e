/**
 * A parser of JSON (RFC 8259) over bytes, for messages of devices. It differs
 * from `JSON.parse` in four ways:
 *
 * - Numbers keep their digits.
 * - Strings are byte strings: bytes that are not UTF-8 stay what they are.
 * - A key that an object has twice has the value `repeated`, so that a reader
 *   cannot take the wrong one of two positions. `__proto__` is an ordinary key.
 * - Depth and number of values are limited.
 *
 * `JSON.parse` with a reviver gives the digits too. It had two fifths of this
 * parser's speed (batches of Overland), and a reviver sees no repeated keys.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../../protocol/bytes.ts";
import { hexDigit } from "./hex.ts";
import { maxJsonDepth, maxJsonValues, maxValuesInStep } from "./limits.ts";
import type { Reason } from "./reasons.ts";
import type { Steps } from "./steps.ts";

/** A number, as its digits in the text. */
export class JsonNumber {
  /** @param text Valid by the grammar of JSON. */
  constructor(readonly text: ByteString) {}
}

/** The value of a key that an object has more than once. */
export const repeated: unique symbol = Symbol("repeated");

/** An object, by its keys as bytes. */
export type JsonObject = ReadonlyMap<ByteString, JsonValue | typeof repeated>;

/** A value. Strings are bytes, with escapes resolved. */
export type JsonValue =
  | null
  | boolean
  | ByteString
  | JsonNumber
  | readonly JsonValue[]
  | JsonObject;

/** A text that could be parsed. */
export interface ParsedJson {
  readonly value: JsonValue;
}

/** A text that could not be parsed. */
export interface JsonFailure {
  readonly reason: Reason;
  /** Whether a whole value and a newline come before the fault. */
  readonly isAfterLine: boolean;
}

/** Parses a whole text. A byte order mark before it is ignored. */
export function parseJson(text: ByteString): ParsedJson | JsonFailure {
  const parser = new Parser(text);
  try {
    return { value: parser.parse() };
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/**
 * Parses a whole text as `parseJson` does, and yields between the members of the
 * outer two objects or lists, where the points of a message are.
 */
export function* parseJsonInSteps(
  text: ByteString,
): Steps<ParsedJson | JsonFailure> {
  const parser = new Parser(text, maxValuesInStep);
  try {
    return { value: yield* parser.parseInSteps() };
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** The values of an object's key, null and missing keys as undefined. */
export function memberOf(
  object: JsonObject,
  key: ByteString,
): Exclude<JsonValue, null> | typeof repeated | undefined {
  return object.get(key) ?? undefined;
}

/** Whether a value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return value instanceof Map;
}

/** Ends parsing. It never leaves `parseJson`. */
class Fault implements JsonFailure {
  constructor(readonly reason: Reason, readonly isAfterLine = false) {}
}

const quote = 0x22;
const backslash = 0x5c;
const slash = 0x2f;
const letterU = 0x75;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Where the number that begins at `lastIndex` ends. */
const numberForm = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** Lists of points are on the first or the second level of a message. */
const outerLevels = 2;

class Parser {
  readonly #text: ByteString;
  readonly #maxValuesInStep: number;
  #at = 0;
  #depth = 0;
  #values = 0;
  /** How many values there may be before the next step. */
  #mostValues = maxJsonValues;

  constructor(text: ByteString, maxValuesInStep = maxJsonValues) {
    this.#text = text;
    this.#maxValuesInStep = maxValuesInStep;
  }

  parse(): JsonValue {
    this.#skipStart();
    return this.#finish(this.#value());
  }

  *parseInSteps(): Steps<JsonValue> {
    this.#skipStart();
    return this.#finish(yield* this.#outerValue(outerLevels));
  }

  #skipStart(): void {
    if (this.#text.startsWith("\xef\xbb\xbf")) this.#at = 3;
    this.#skipSpace();
  }

  #finish(value: JsonValue): JsonValue {
    const end = this.#at;
    this.#skipSpace();
    if (this.#at === this.#text.length) return value;
    const isAfterLine = this.#text.slice(end, this.#at).includes("\n");
    throw new Fault("not-json", isAfterLine);
  }

  #skipSpace(): void {
    const text = this.#text;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      const isSpace = code === 0x20 || code === 0x0a || code === 0x0d ||
        code === 0x09;
      if (!isSpace) return;
      this.#at += 1;
    }
  }

  #value(): JsonValue {
    this.#values += 1;
    if (this.#values > this.#mostValues) throw new Fault("too-many-values");
    switch (this.#text.charCodeAt(this.#at)) {
      case quote:
        return this.#string();
      case openBrace:
        return this.#object();
      case openBracket:
        return this.#list();
      case 0x74:
        return this.#word("true", true);
      case 0x66:
        return this.#word("false", false);
      case 0x6e:
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  /** A value that yields between its members, and theirs, on these levels. */
  *#outerValue(levels: number): Steps<JsonValue> {
    const first = this.#text.charCodeAt(this.#at);
    const isObject = first === openBrace;
    if (levels === 0 || !isObject && first !== openBracket) {
      this.#mostValues = Math.min(
        this.#values + this.#maxValuesInStep,
        maxJsonValues,
      );
      const value = this.#value();
      this.#mostValues = maxJsonValues;
      yield;
      return value;
    }
    this.#values += 1;
    if (this.#values > maxJsonValues) throw new Fault("too-many-values");
    const members = new Map<ByteString, JsonValue | typeof repeated>();
    const values: JsonValue[] = [];
    const close = isObject ? closeBrace : closeBracket;
    this.#enter();
    while (!this.#leaves(close)) {
      if (members.size + values.length > 0) this.#expect(comma);
      const key = isObject ? this.#key() : "";
      const value = yield* this.#outerValue(levels - 1);
      this.#skipSpace();
      if (!isObject) values.push(value);
      else members.set(key, members.has(key) ? repeated : value);
    }
    yield;
    return isObject ? members : values;
  }

  /** A key and its colon. */
  #key(): ByteString {
    if (this.#text.charCodeAt(this.#at) !== quote) throw new Fault("not-json");
    const key = this.#string();
    this.#skipSpace();
    this.#expect(colon);
    return key;
  }

  #word<Value extends JsonValue>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw new Fault("not-json");
    this.#at += word.length;
    return value;
  }

  #number(): JsonNumber {
    numberForm.lastIndex = this.#at;
    if (!numberForm.test(this.#text)) throw new Fault("not-json");
    const start = this.#at;
    this.#at = numberForm.lastIndex;
    return new JsonNumber(this.#text.slice(start, this.#at));
  }

  #string(): ByteString {
    const text = this.#text;
    const start = this.#at + 1;
    let hasEscapes = false;
    for (let index = start;; index++) {
      const code = text.charCodeAt(index);
      if (code === quote) {
        this.#at = index + 1;
        const inner = text.slice(start, index);
        return hasEscapes ? unescape(inner) : inner;
      }
      if (code === backslash) {
        hasEscapes = true;
        index = this.#escapeEnd(index + 1);
      } else if (!(code >= 0x20)) {
        // Also true at the end, where the code is NaN.
        throw new Fault("not-json");
      }
    }
  }

  /** The index of the last character of the escape with this letter. */
  #escapeEnd(letterAt: number): number {
    const text = this.#text;
    const letter = text.charCodeAt(letterAt);
    if (letter === letterU) {
      for (let index = letterAt + 1; index <= letterAt + 4; index++) {
        if (hexDigit(text.charCodeAt(index)) < 0) throw new Fault("not-json");
      }
      return letterAt + 4;
    }
    const isKnown = letter === quote || letter === backslash ||
      letter === slash || letter in controls;
    if (!isKnown) throw new Fault("not-json");
    return letterAt;
  }

  /** Steps into an object or a list, after its first character. */
  #enter(): void {
    this.#depth += 1;
    if (this.#depth > maxJsonDepth) throw new Fault("json-too-deep");
    this.#at += 1;
    this.#skipSpace();
  }

  /** Whether the object or list ends here; if so, steps out of it. */
  #leaves(close: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== close) return false;
    this.#at += 1;
    this.#depth -= 1;
    return true;
  }

  #expect(code: number): void {
    if (this.#text.charCodeAt(this.#at) !== code) throw new Fault("not-json");
    this.#at += 1;
    this.#skipSpace();
  }

  #object(): JsonObject {
    const members = new Map<ByteString, JsonValue | typeof repeated>();
    this.#enter();
    if (this.#leaves(closeBrace)) return members;
    for (;;) {
      const key = this.#key();
      const value = this.#value();
      this.#skipSpace();
      members.set(key, members.has(key) ? repeated : value);
      if (this.#leaves(closeBrace)) return members;
      this.#expect(comma);
    }
  }

  #list(): readonly JsonValue[] {
    const values: JsonValue[] = [];
    this.#enter();
    if (this.#leaves(closeBracket)) return values;
    for (;;) {
      values.push(this.#value());
      this.#skipSpace();
      if (this.#leaves(closeBracket)) return values;
      this.#expect(comma);
    }
  }
}

/** The bytes of escapes that are not the character after the backslash. */
const controls: Readonly<Record<number, number>> = {
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
