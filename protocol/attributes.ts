/**
 * Attributes: what a report says besides client, position and time, in one
 * field without white space, such as `accuracy=14,altitude=71,tid=mx`. Servers
 * send them to each other after the AT line. docs/PROTOCOL.md has the grammar.
 *
 * Each set of values has exactly one text, so that equal attributes are equal
 * bytes: keys are sorted, no key occurs twice, and a number or a text has one
 * spelling.
 *
 * @module
 */
import { type ByteString, encodeBytes, encodeScratch } from "./bytes.ts";
import { dot, minus, skipDigits, zero } from "./decimal.ts";
import { maxAttributesBytes } from "./limits.ts";
import { wholeNumber } from "./time.ts";

/** Values by their keys: numbers as digits, other values as their bytes. */
export type Attributes = ReadonlyMap<string, ByteString>;

/**
 * The range of a number, both ends included: whole numbers, `min` at most 0 and
 * `max` at least 0.
 */
interface Range {
  readonly min: number;
  readonly max: number;
}

/** Largest absolute value of a number without a range of its own. */
const maxNumber = 999_999_999;

/** The keys whose values are numbers, with their units. */
const numberRanges: ReadonlyMap<string, Range> = new Map([
  // Radius around the position, in metres.
  ["accuracy", { min: 0, max: maxNumber }],
  // Metres above sea level or the ellipsoid, as the device counts them.
  ["altitude", { min: -maxNumber, max: maxNumber }],
  // Charge, in percent.
  ["battery", { min: 0, max: 100 }],
  // Direction of movement, in degrees clockwise from north.
  ["course", { min: 0, max: 360 }],
  // Metres a second.
  ["speed", { min: 0, max: maxNumber }],
]);

/** The same keys as bytes. */
const numberKeys = [...numberRanges].map(([key, range]) => ({
  key: encodeBytes(key),
  range,
}));

/** The range of a key's numbers; undefined if its values are texts. */
export function rangeOf(key: string): Range | undefined {
  return numberRanges.get(key);
}

const comma = 0x2c;
const equals = 0x3d;
const percent = 0x25;
const lastControl = 0x20;
const deleteByte = 0x7f;

/** Most bytes of a key. */
const maxKeyBytes = 16;

/** Most digits of a number before its dot and after it. */
const maxWholeDigits = 9;
const maxFractionDigits = 8;

/**
 * Whether the bytes from `start` to `end` can follow an AT line: attributes in
 * the one spelling of their values, at least one.
 */
export function isAttributesField(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (end - start > maxAttributesBytes) return false;
  let [lastStart, lastEnd] = [start, start];
  for (let keyStart = start;;) {
    const keyEnd = skipKey(bytes, keyStart, end);
    const keyBytes = keyEnd - keyStart;
    if (keyBytes === 0 || keyBytes > maxKeyBytes) return false;
    if (keyEnd === end || bytes[keyEnd] !== equals) return false;
    // Sorted keys, each greater than the last, also contain no duplicates.
    if (!isSorted(bytes, lastStart, lastEnd, keyStart, keyEnd)) return false;
    let valueEnd = keyEnd + 1;
    while (valueEnd < end && bytes[valueEnd] !== comma) valueEnd += 1;
    const range = rangeAt(bytes, keyStart, keyEnd);
    const isValid = range === undefined
      ? isText(bytes, keyEnd + 1, valueEnd)
      : isNumber(bytes, keyEnd + 1, valueEnd, range);
    if (!isValid) return false;
    if (valueEnd === end) return true;
    [lastStart, lastEnd] = [keyStart, keyEnd];
    keyStart = valueEnd + 1;
  }
}

/** The index after the lower-case letters that begin at `start`. */
function skipKey(bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  while (index < end && bytes[index] >= 0x61 && bytes[index] <= 0x7a) {
    index += 1;
  }
  return index;
}

/** Whether one key is less than another. An empty key is less than all others. */
function isSorted(
  bytes: Uint8Array,
  start: number,
  end: number,
  nextStart: number,
  nextEnd: number,
): boolean {
  const shared = Math.min(end - start, nextEnd - nextStart);
  for (let index = 0; index < shared; index++) {
    const difference = bytes[nextStart + index] - bytes[start + index];
    if (difference !== 0) return difference > 0;
  }
  return nextEnd - nextStart > end - start;
}

/** The range of a key's numbers; undefined if its values are texts. */
function rangeAt(
  bytes: Uint8Array,
  start: number,
  end: number,
): Range | undefined {
  for (const { key, range } of numberKeys) {
    if (key.length !== end - start) continue;
    let index = 0;
    while (index < key.length && key[index] === bytes[start + index]) {
      index += 1;
    }
    if (index === key.length) return range;
  }
  return undefined;
}

/**
 * Whether the bytes are a number in its one spelling, without `+`, `-0`,
 * exponent or needless zeros, and in a range.
 */
function isNumber(
  bytes: Uint8Array,
  start: number,
  end: number,
  { max, min }: Range,
): boolean {
  const isNegative = start < end && bytes[start] === minus;
  const wholeStart = isNegative ? start + 1 : start;
  const wholeEnd = skipDigits(bytes, wholeStart, end);
  const digits = wholeEnd - wholeStart;
  if (digits === 0 || digits > maxWholeDigits) return false;
  if (digits > 1 && bytes[wholeStart] === zero) return false;
  const isWhole = wholeEnd === end;
  if (!isWhole) {
    if (bytes[wholeEnd] !== dot) return false;
    const decimals = end - wholeEnd - 1;
    if (decimals === 0 || decimals > maxFractionDigits) return false;
    if (skipDigits(bytes, wholeEnd + 1, end) !== end) return false;
    if (bytes[end - 1] === zero) return false;
  }
  // Not compared as one number, which would round 999999999.00000001.
  const absolute = wholeNumber(bytes, wholeStart, wholeEnd);
  if (isNegative && isWhole && absolute === 0) return false;
  const bound = isNegative ? -min : max;
  return absolute < bound || (absolute === bound && isWhole);
}

/**
 * Whether the bytes are a text, which has at least one byte. White space, control
 * bytes, `%` and `,` are percent-encoded, with capital letters.
 */
function isText(bytes: Uint8Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const byte = bytes[index];
    if (byte === percent) {
      if (end - index < 3) return false;
      const high = digitOf(bytes[index + 1]);
      const low = digitOf(bytes[index + 2]);
      if (high < 0 || low < 0 || !isEscaped(high * 16 + low)) return false;
      index += 2;
    } else if (isEscaped(byte)) {
      return false;
    }
  }
  return end > start;
}

/** Whether a byte of a text is percent-encoded. */
function isEscaped(byte: number): boolean {
  return byte <= lastControl || byte === percent || byte === comma ||
    byte === deleteByte;
}

/** The value of a hexadecimal digit without small letters; -1 for other bytes. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x41 && byte <= 0x46 ? byte - 0x41 + 10 : -1;
}

/** Whether a text is a number in its one spelling, and the key allows it. */
export function isAttributeNumber(key: string, text: ByteString): boolean {
  const range = numberRanges.get(key);
  return range !== undefined &&
    isNumber(encodeScratch(text), 0, text.length, range);
}

/** The bytes that `isEscaped` names. */
// deno-lint-ignore no-control-regex
const escaped = /[\x00-\x20%,\x7f]/;
const allEscaped = new RegExp(escaped, "g");

/** The bytes as a text of the grammar. */
export function escapeText(bytes: ByteString): ByteString {
  if (!escaped.test(bytes)) return bytes;
  return bytes.replace(
    allEscaped,
    (byte) =>
      `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** The inverse of `escapeText`. */
function unescapeText(text: ByteString): ByteString {
  return text.replace(
    /%(..)/g,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
}

const keyForm = /^[a-z]{1,16}$/;

/**
 * Attributes as one field, empty if there are none; undefined if a key or a
 * value is not valid, or if the field would be too long.
 */
export function formatAttributes(
  attributes: Attributes,
): ByteString | undefined {
  let field = "";
  for (const key of sortedKeys(attributes)) {
    const value = attributes.get(key)!;
    // Neither may look like further attributes.
    if (!keyForm.test(key)) return undefined;
    const isNumber = numberRanges.has(key);
    if (isNumber && value.includes(",")) return undefined;
    if (field !== "") field += ",";
    field += `${key}=${isNumber ? value : escapeText(value)}`;
  }
  const isValid = field === "" ||
    isAttributesField(encodeScratch(field), 0, field.length);
  return isValid ? field : undefined;
}

/** The keys in their order, in which the readers find most of them. */
function sortedKeys(attributes: Attributes): string[] {
  const keys = [...attributes.keys()];
  const isSorted = keys.every((key, at) => at === 0 || keys[at - 1] < key);
  return isSorted ? keys : keys.sort();
}

/**
 * The inverse of `formatAttributes`; undefined if the field is not in the one
 * spelling of its values. Keys that this version does not know are texts.
 */
export function parseAttributes(field: ByteString): Attributes | undefined {
  const attributes = new Map<string, ByteString>();
  if (field === "") return attributes;
  if (!isAttributesField(encodeScratch(field), 0, field.length)) {
    return undefined;
  }
  for (const part of field.split(",")) {
    const keyEnd = part.indexOf("=");
    const key = part.slice(0, keyEnd);
    const text = part.slice(keyEnd + 1);
    attributes.set(key, numberRanges.has(key) ? text : unescapeText(text));
  }
  return attributes;
}
