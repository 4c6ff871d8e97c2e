/**
 * A parser of JSON (RFC 8259) over bytes, for messages of devices. It differs
 * from `JSON.parse` in five ways:
 *
 * - Numbers keep their digits.
 * - Strings are byte strings: bytes that are not UTF-8 stay what they are.
 * - A key that an object has twice has the value `repeated`, so that a reader
 *   cannot take the wrong one of two positions. `__proto__` is an ordinary key.
 * - Depth, number of values, and their lengths are limited.
 * - Only the values that a reader asks for are created. A point of Overland has
 *   about 25 values and keys, and ten of them are of use.
 *
 * `JSON.parse` with a reviver gives the digits too. It took longer than a parser
 * that created all values, and a reviver sees no repeated keys.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { hexDigit } from "./hex.ts";
import { controls, type JsonValue, valueAt } from "./json.ts";
import {
  maxJsonDepth,
  maxJsonTokenBytes,
  maxJsonValues,
  maxValuesInStep,
} from "./limits.ts";
import type { Reason } from "./reasons.ts";
import type { Steps } from "./steps.ts";

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

/** Ends parsing. It never leaves `parseJson`. */
class Fault implements JsonFailure {
  constructor(readonly reason: Reason, readonly isAfterLine = false) {}
}

const quote = 0x22;
const backslash = 0x5c;
const slash = 0x2f;
const letterF = 0x66;
const letterN = 0x6e;
const letterT = 0x74;
const letterU = 0x75;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const minus = 0x2d;
const plus = 0x2b;
const dot = 0x2e;
const zero = 0x30;

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** Lists of points are on the first or the second level of a message. */
const outerLevels = 2;

/** Makes the outline of a text. */
class Parser {
  readonly #text: ByteString;
  readonly #places: number[] = [];
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
    this.#value();
    return this.#finish();
  }

  *parseInSteps(): Steps<JsonValue> {
    this.#skipStart();
    yield* this.#outerValue(outerLevels);
    return this.#finish();
  }

  #skipStart(): void {
    if (this.#text.startsWith("\xef\xbb\xbf")) this.#at = 3;
    this.#skipSpace();
  }

  #finish(): JsonValue {
    const end = this.#at;
    this.#skipSpace();
    if (this.#at === this.#text.length) {
      return valueAt({ text: this.#text, places: this.#places }, 0);
    }
    const isAfterLine = this.#text.slice(end, this.#at).includes("\n");
    throw new Fault("not-json", isAfterLine);
  }

  #skipSpace(): void {
    const text = this.#text;
    const limit = this.#at + maxJsonTokenBytes;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      const isSpace = code === 0x20 || code === 0x0a || code === 0x0d ||
        code === 0x09;
      if (!isSpace) return;
      if (this.#at === limit) throw new Fault("value-too-long");
      this.#at += 1;
    }
  }

  #value(): void {
    this.#countValue(this.#mostValues);
    switch (this.#text.charCodeAt(this.#at)) {
      case quote:
        return this.#string();
      case openBrace:
        return this.#container(closeBrace);
      case openBracket:
        return this.#container(closeBracket);
      case letterT:
        return this.#word("true");
      case letterF:
        return this.#word("false");
      case letterN:
        return this.#word("null");
      default:
        return this.#number();
    }
  }

  #countValue(most: number): void {
    this.#values += 1;
    if (this.#values > most) throw new Fault("too-many-values");
  }

  /** A value that yields between its members, and theirs, on these levels. */
  *#outerValue(levels: number): Steps<void> {
    const first = this.#text.charCodeAt(this.#at);
    const isObject = first === openBrace;
    if (levels === 0 || !isObject && first !== openBracket) {
      this.#mostValues = Math.min(
        this.#values + this.#maxValuesInStep,
        maxJsonValues,
      );
      this.#value();
      this.#mostValues = maxJsonValues;
      yield;
      return;
    }
    this.#countValue(maxJsonValues);
    const close = isObject ? closeBrace : closeBracket;
    const entry = this.#enter();
    let count = 0;
    while (!this.#leaves(close)) {
      if (count > 0) this.#expect(comma);
      if (isObject) this.#key();
      yield* this.#outerValue(levels - 1);
      this.#skipSpace();
      count += 1;
      if (isObject && count > this.#maxValuesInStep) {
        throw new Fault("too-many-values");
      }
    }
    this.#endContainer(entry, count);
    yield;
  }

  #container(close: number): void {
    const isObject = close === closeBrace;
    const entry = this.#enter();
    let count = 0;
    if (!this.#leaves(close)) {
      for (;;) {
        if (isObject) this.#key();
        this.#value();
        this.#skipSpace();
        count += 1;
        if (this.#leaves(close)) break;
        this.#expect(comma);
      }
    }
    this.#endContainer(entry, count);
  }

  /** Steps into an object or a list, after its first character. */
  #enter(): number {
    this.#depth += 1;
    if (this.#depth > maxJsonDepth) throw new Fault("json-too-deep");
    const entry = this.#places.length;
    this.#places.push(this.#at, 0, 0);
    this.#at += 1;
    this.#skipSpace();
    return entry;
  }

  /** Whether the object or list ends here; if so, steps out of it. */
  #leaves(close: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== close) return false;
    this.#at += 1;
    this.#depth -= 1;
    return true;
  }

  #endContainer(entry: number, count: number): void {
    this.#places[entry + 1] = ~this.#places.length;
    this.#places[entry + 2] = count;
  }

  #expect(code: number): void {
    if (this.#text.charCodeAt(this.#at) !== code) throw new Fault("not-json");
    this.#at += 1;
    this.#skipSpace();
  }

  /** A key and its colon. */
  #key(): void {
    if (this.#text.charCodeAt(this.#at) !== quote) throw new Fault("not-json");
    this.#string();
    this.#skipSpace();
    this.#expect(colon);
  }

  #word(word: string): void {
    if (!this.#text.startsWith(word, this.#at)) throw new Fault("not-json");
    const start = this.#at;
    this.#at += word.length;
    this.#places.push(start, 2 * this.#at);
  }

  #number(): void {
    const text = this.#text;
    const start = this.#at;
    if (text.charCodeAt(start) === minus) this.#at += 1;
    if (text.charCodeAt(this.#at) === zero) this.#at += 1;
    else this.#digits();
    if (text.charCodeAt(this.#at) === dot) {
      this.#at += 1;
      this.#digits();
    }
    if ((text.charCodeAt(this.#at) | 0x20) === 0x65) {
      this.#at += 1;
      const sign = text.charCodeAt(this.#at);
      if (sign === minus || sign === plus) this.#at += 1;
      this.#digits();
    }
    this.#places.push(start, 2 * this.#at);
  }

  /** At least one digit. */
  #digits(): void {
    const text = this.#text;
    const limit = this.#at + maxJsonTokenBytes;
    let at = this.#at;
    while (isDigit(text.charCodeAt(at))) {
      if (at === limit) throw new Fault("value-too-long");
      at += 1;
    }
    if (at === this.#at) throw new Fault("not-json");
    this.#at = at;
  }

  #string(): void {
    const text = this.#text;
    const start = this.#at;
    const limit = start + maxJsonTokenBytes;
    let hasEscapes = 0;
    for (let index = start + 1; index < limit; index++) {
      const code = text.charCodeAt(index);
      if (code === quote) {
        this.#at = index + 1;
        this.#places.push(start, 2 * this.#at + hasEscapes);
        return;
      }
      if (code === backslash) {
        hasEscapes = 1;
        index = this.#escapeEnd(index + 1);
      } else if (!(code >= 0x20)) {
        // Also true at the end, where the code is NaN.
        throw new Fault("not-json");
      }
    }
    throw new Fault("value-too-long");
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
}
