/**
 * Decimal numbers of devices, from JSON or as text. Digits are kept as they
 * were sent: floating point is used for attributes only.
 *
 * @module
 */
import { isAttributeNumber, rangeOf } from "../../protocol/attributes.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { maxComputedDecimals, maxExponent } from "./limits.ts";

/** A number in decimal notation. */
export interface Decimal {
  readonly isNegative: boolean;
  /** Digits, and optionally a dot and more digits; no sign, no exponent. */
  readonly digits: ByteString;
}

/**
 * Sign, digits before and after the dot, exponent. Each part can begin in one
 * place only, so that matching takes linear time.
 */
const numberForm = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?)([0-9]+))?$/;

/** ASCII white space around a value of a form. */
const isSpace = (code: number) => code === 0x20 || code >= 0x09 && code <= 0x0d;

/** The text without ASCII white space before and after it. */
export function trimSpace(text: ByteString): ByteString {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (start < end && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/**
 * A number as it was sent, with its exponent written out; undefined if the text
 * is not a number. Besides JSON's numbers this accepts a plus sign, leading
 * zeros, and a dot without digits on one side. An exponent beyond `maxExponent`
 * counts as that: the number is out of every range, or too long.
 */
export function parseDecimal(text: ByteString): Decimal | undefined {
  return parsePlain(text) ?? parseAny(text);
}

const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const nine = 0x39;

/**
 * A number in the form that most devices send: digits, perhaps with a minus sign
 * and a fraction. Undefined for all others. Takes a quarter of the time.
 */
function parsePlain(text: ByteString): Decimal | undefined {
  const isNegative = text.charCodeAt(0) === minus;
  const start = isNegative ? 1 : 0;
  let dotAt = -1;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) continue;
    if (code !== dot || dotAt >= 0 || at === start) return undefined;
    dotAt = at;
  }
  const isWhole = text.length > start && dotAt !== text.length - 1;
  if (!isWhole) return undefined;
  return { isNegative, digits: isNegative ? text.slice(1) : text };
}

function parseAny(text: ByteString): Decimal | undefined {
  const found = numberForm.exec(text);
  if (found === null) return undefined;
  const [, sign, whole, fraction = "", exponentSign, exponentDigits] = found;
  if (whole === "" && fraction === "") return undefined;
  const isNegative = sign === "-";
  if (exponentDigits === undefined) {
    return { isNegative, digits: joined(whole, fraction) };
  }
  const exponent = Math.min(Number(exponentDigits), maxExponent);
  const digits = exponentSign === "-"
    ? shiftedLeft(whole, fraction, exponent)
    : shiftedRight(whole, fraction, exponent);
  return { isNegative, digits };
}

function joined(whole: ByteString, fraction: ByteString): ByteString {
  const integer = whole === "" ? "0" : whole;
  return fraction === "" ? integer : `${integer}.${fraction}`;
}

/** Removes zeros before an integer that was written out. */
const withoutZeros = (digits: ByteString) => digits.replace(/^0+(?=[0-9])/, "");

/** The number times 10 to the power of `places`. */
function shiftedRight(
  whole: ByteString,
  fraction: ByteString,
  places: number,
): ByteString {
  const moved = fraction.slice(0, places).padEnd(places, "0");
  return joined(withoutZeros(whole + moved), fraction.slice(places));
}

/** The number divided by 10 to the power of `places`. */
function shiftedLeft(
  whole: ByteString,
  fraction: ByteString,
  places: number,
): ByteString {
  const padded = whole.padStart(places + 1, "0");
  const dotAt = padded.length - places;
  return joined(
    withoutZeros(padded.slice(0, dotAt)),
    padded.slice(dotAt) + fraction,
  );
}

/** The number with its sign before it, as in a position: `+52.5`. */
export function signed({ digits, isNegative }: Decimal): ByteString {
  return (isNegative ? "-" : "+") + digits;
}

/**
 * Whether the number is at most `limit`, a small whole number, in both
 * directions. The result is exact for any number of digits.
 */
export function isWithin({ digits }: Decimal, limit: number): boolean {
  let whole = 0;
  let at = 0;
  for (; at < digits.length; at++) {
    const code = digits.charCodeAt(at);
    if (code === dot) break;
    whole = 10 * whole + code - zero;
  }
  if (whole !== limit) return whole < limit;
  return at === digits.length || /^0*$/.test(digits.slice(at + 1));
}

/** Whether the number is zero. */
export function isZero({ digits }: Decimal): boolean {
  return /^[0.]*$/.test(digits);
}

/**
 * Degrees and minutes of NMEA, `3540.87417`, as degrees with at most eight
 * decimals, half rounded up; undefined if the text is not such an angle.
 *
 * @param negative The hemisphere: south or west.
 */
export function degreesOfMinutes(
  text: ByteString,
  negative: boolean,
): Decimal | undefined {
  const found = /^([0-9]{0,3})([0-5][0-9])(?:\.([0-9]{0,12}))?$/.exec(text);
  if (found === null) return undefined;
  const [, degrees, minutes, fraction = ""] = found;
  const scale = 10n ** BigInt(maxComputedDecimals);
  const minuteScale = 10n ** BigInt(fraction.length);
  const numerator = BigInt(minutes + fraction) * scale;
  const denominator = 60n * minuteScale;
  const rounded = (2n * numerator + denominator) / (2n * denominator);
  const total = BigInt(degrees === "" ? "0" : degrees) * scale + rounded;
  const decimals = `${total % scale}`.padStart(maxComputedDecimals, "0");
  return {
    isNegative: negative,
    digits: joined(`${total / scale}`, decimals.replace(/0+$/, "")),
  };
}

const computedScale = 10 ** maxComputedDecimals;

/** A number in units of the last decimal, without needless zeros. */
function ofUnits(units: number): ByteString {
  const whole = Math.floor(units / computedScale);
  let rest = units - whole * computedScale;
  if (rest === 0) return `${whole}`;
  let decimals = maxComputedDecimals;
  while (rest % 10 === 0) {
    rest /= 10;
    decimals -= 1;
  }
  return `${whole}.${`${rest}`.padStart(decimals, "0")}`;
}

/** Most digits that are compared as a number at once. */
const shortDigits = 6;

/** Whether a text is an integer of a few digits, without needless zeros. */
function isShortInteger(text: ByteString): boolean {
  const { length } = text;
  if (length === 0 || length > shortDigits) return false;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code < zero || code > nine) return false;
  }
  return length === 1 || text.charCodeAt(0) !== zero;
}

/**
 * A number as the value of an attribute, in the attribute's unit; undefined if
 * it is not a number, or not in the attribute's range. Devices send -1 for
 * unknown, which is out of every range but that of the altitude.
 *
 * @param factor What the number is multiplied by to get the attribute's unit.
 */
export function attributeNumber(
  key: string,
  text: ByteString | undefined,
  factor = 1,
): ByteString | undefined {
  if (text === undefined) return undefined;
  const range = rangeOf(key)!;
  // Most numbers already have the spelling of an attribute.
  if (factor === 1) {
    if (isShortInteger(text)) {
      return Number(text) <= range.max ? text : undefined;
    }
    if (isAttributeNumber(key, text)) return text;
  }
  if (parseDecimal(text) === undefined) return undefined;
  const value = Number(text) * factor;
  if (!(value >= range.min && value <= range.max)) return undefined;
  // In units of the last decimal: of larger numbers these are not exact.
  const units = Math.round(value * computedScale);
  if (units >= 0 && units < 2 ** 40) return ofUnits(units);
  const digits = value.toFixed(maxComputedDecimals).replace(/\.?0+$/, "");
  return digits === "-0" ? "0" : digits;
}
