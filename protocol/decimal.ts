/**
 * Unsigned decimal numbers as the digits that were sent: `12`, `0.50`. Floating
 * point is not used, so that no digit is lost or added.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "./bytes.ts";

// ASCII.
export const zero = 0x30;
const nine = 0x39;
export const dot = 0x2e;
export const plus = 0x2b;
export const minus = 0x2d;

/**
 * The index after the digits that begin at `start`; `start` if there are none.
 * Reads no byte at `end` or after it.
 */
export function skipDigits(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let index = start;
  while (index < end) {
    const byte = bytes[index];
    if (byte < zero || byte > nine) break;
    index += 1;
  }
  return index;
}

/**
 * The index after the number that begins at `start`: one or more digits, and
 * optionally a dot and one or more digits. -1 if there is no such number.
 */
export function skipDecimal(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const integerEnd = skipDigits(bytes, start, end);
  if (integerEnd === start) return -1;
  if (integerEnd === end || bytes[integerEnd] !== dot) return integerEnd;
  const fractionEnd = skipDigits(bytes, integerEnd + 1, end);
  return fractionEnd === integerEnd + 1 ? -1 : fractionEnd;
}

/** Whether the text is such a number. */
export function isDecimal(text: ByteString): boolean {
  return skipDecimal(encodeScratch(text), 0, text.length) === text.length;
}

/** Whether the text is one or more digits. */
export function isWholeNumber(text: ByteString): boolean {
  const end = skipDigits(encodeScratch(text), 0, text.length);
  return end === text.length && end > 0;
}

/**
 * Whether the number from `start` to `end` is at most `limit`, a whole number.
 * The result is exact for any number of digits.
 */
export function isAtMost(
  bytes: Uint8Array,
  start: number,
  end: number,
  limit: number,
): boolean {
  let value = 0;
  let index = start;
  for (; index < end; index++) {
    const byte = bytes[index];
    if (byte === dot) break;
    value = value * 10 + (byte - zero);
    if (value > limit) return false;
  }
  if (value < limit) return true;
  for (index += 1; index < end; index++) {
    if (bytes[index] !== zero) return false;
  }
  return true;
}

/**
 * Converts kilometres to metres: moves the dot three places to the right, and
 * removes zeros without effect. `1.5` becomes `1500`, `0.0015` becomes `1.5`.
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
