/**
 * Unsigned decimal numbers as the digits that were sent: `12`, `0.50`. Nothing
 * here goes through floating point, so no digit is lost or made up.
 *
 * @module
 */
import type { ByteString } from "./bytes.ts";

const zero = 0x30;
const nine = 0x39;
const dot = 0x2e;

/** The index behind the digits that start at `start`; `start` if none do. */
export function skipDigits(text: ByteString, start: number): number {
  let index = start;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    if (code < zero || code > nine) break;
    index += 1;
  }
  return index;
}

/**
 * The index behind the number that starts at `start`: one or more digits, and
 * optionally a dot and one or more digits. -1 if there is no such number.
 */
export function skipDecimal(text: ByteString, start: number): number {
  const integerEnd = skipDigits(text, start);
  if (integerEnd === start) return -1;
  if (text.charCodeAt(integerEnd) !== dot) return integerEnd;
  const fractionEnd = skipDigits(text, integerEnd + 1);
  return fractionEnd === integerEnd + 1 ? -1 : fractionEnd;
}

/** Whether the whole text is one number. */
export function isDecimal(text: ByteString): boolean {
  return skipDecimal(text, 0) === text.length && text.length > 0;
}

/** Whether the whole text is digits, at least one. */
export function isWholeNumber(text: ByteString): boolean {
  return text.length > 0 && skipDigits(text, 0) === text.length;
}

/**
 * Whether the number from `start` to `end` is at most `limit`, a whole number.
 * Exact for any count of digits.
 */
export function isAtMost(
  text: ByteString,
  start: number,
  end: number,
  limit: number,
): boolean {
  let value = 0;
  let index = start;
  for (; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === dot) break;
    value = value * 10 + (code - zero);
    if (value > limit) return false;
  }
  if (value < limit) return true;
  for (index += 1; index < end; index++) {
    if (text.charCodeAt(index) !== zero) return false;
  }
  return true;
}

/**
 * A number of kilometres in metres: the same digits with the dot three places
 * further right, without idle zeros. `1.5` is `1500`, `0.0015` is `1.5`.
 */
export function kilometresToMetres(kilometres: ByteString): ByteString {
  const dotIndex = kilometres.indexOf(".");
  const integer = dotIndex < 0 ? kilometres : kilometres.slice(0, dotIndex);
  const fraction = dotIndex < 0 ? "" : kilometres.slice(dotIndex + 1);
  const metres = (integer + fraction.slice(0, 3).padEnd(3, "0"))
    .replace(/^0+(?=\d)/, "");
  const rest = fraction.slice(3).replace(/0+$/, "");
  return rest === "" ? metres : `${metres}.${rest}`;
}
