/**
 * Attributes: what a report says besides client, position and time, in one
 * field without white space, such as `accuracy=14,altitude=71,tid=mx`. They are
 * not sent between servers yet. docs/GATEWAYS.md has the grammar.
 *
 * Each set of values has exactly one text, so that equal attributes are equal
 * bytes: keys are sorted, no key occurs twice, and a number or a text has one
 * spelling.
 *
 * @module
 */
import type { ByteString } from "./bytes.ts";
import { maxAttributesBytes } from "./limits.ts";

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

/** The range of a key's numbers; undefined if its values are texts. */
export function rangeOf(key: string): Range | undefined {
  return numberRanges.get(key);
}

/** A key: lower-case letters, at most 16. */
const keyForm = /^[a-z]{1,16}$/;

/** The one spelling of a number: no `+`, `-0`, exponent or needless zero. */
const numberForm = /^(?!-0$)-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{0,7}[1-9])?$/;

/** Whether a text is a number in its one spelling, and the key allows it. */
export function isAttributeNumber(key: string, text: ByteString): boolean {
  const range = numberRanges.get(key);
  if (range === undefined || !numberForm.test(text)) return false;
  // Not compared as one number, which would round 999999999.00000001.
  const dotAt = text.indexOf(".");
  const whole = Math.abs(Number(dotAt < 0 ? text : text.slice(0, dotAt)));
  const bound = text.startsWith("-") ? -range.min : range.max;
  return whole < bound || (whole === bound && dotAt < 0);
}

/** ASCII bytes that a text cannot contain: white space, control, `%` and `,`. */
// deno-lint-ignore no-control-regex
const escaped = /[\x00-\x20%,\x7f]/g;

/** A byte of a text, as it is or percent-encoded with capital letters. */
// deno-lint-ignore no-control-regex
const textForm = /^(?:[^\x00-\x20%,\x7f]|%(?:[01][0-9A-F]|2[05C]|7F))+$/;

/** The bytes as a text of the grammar. */
function escapeText(bytes: ByteString): ByteString {
  return bytes.replace(
    escaped,
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

/** Whether a key may have the value. A text has at least one byte. */
function isValue(key: string, value: ByteString): boolean {
  if (!keyForm.test(key)) return false;
  return numberRanges.has(key) ? isAttributeNumber(key, value) : value !== "";
}

/**
 * Attributes as one field, empty if there are none; undefined if a key or a
 * value is not valid, or if the field would be too long.
 */
export function formatAttributes(
  attributes: Attributes,
): ByteString | undefined {
  const parts: ByteString[] = [];
  for (const key of [...attributes.keys()].sort()) {
    const value = attributes.get(key)!;
    if (!isValue(key, value)) return undefined;
    parts.push(`${key}=${numberRanges.has(key) ? value : escapeText(value)}`);
  }
  const field = parts.join(",");
  return field.length <= maxAttributesBytes ? field : undefined;
}

/**
 * The inverse of `formatAttributes`; undefined if the field is not in the one
 * spelling of its values. Keys that this version does not know are texts.
 */
export function parseAttributes(field: ByteString): Attributes | undefined {
  if (field.length > maxAttributesBytes) return undefined;
  const attributes = new Map<string, ByteString>();
  if (field === "") return attributes;
  let previous = "";
  for (const part of field.split(",")) {
    const equals = part.indexOf("=");
    if (equals < 0) return undefined;
    const key = part.slice(0, equals);
    const text = part.slice(equals + 1);
    // Sorted keys, each greater than the last, also contain no duplicates.
    if (!keyForm.test(key) || key <= previous) return undefined;
    const isNumber = numberRanges.has(key);
    const isValid = isNumber
      ? isAttributeNumber(key, text)
      : textForm.test(text);
    if (!isValid) return undefined;
    attributes.set(key, isNumber ? text : unescapeText(text));
    previous = key;
  }
  return attributes;
}
