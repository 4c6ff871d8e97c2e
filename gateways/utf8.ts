/**
 * Checks the encoding of texts.
 *
 * @module
 */
import { indexOfByte } from "../protocol/bytes.ts";

/**
 * Whether the bytes from `start` to `end` are valid UTF-8 without U+0000, as
 * strings of MQTT have to be. Surrogates and overlong forms are not valid.
 */
export function isMqttText(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === 0) return false;
    if (byte < 0x80) continue;
    return indexOfByte(bytes, 0, at, end) < 0 && isUtf8(bytes, at, end);
  }
  return true;
}

/** Whether the bytes from `start` to `end` are valid UTF-8. */
export function isUtf8(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  let at = start;
  while (at < end) {
    const length = bytes[at] < 0x80 ? 1 : sequenceLength(bytes, at, end);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/**
 * The length of the valid sequence of two to four bytes at `at`; 0 if there is
 * none. The ranges are those of RFC 3629, section 4.
 */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at];
  // The second byte has a smaller range after some first bytes.
  let [lowest, highest] = [0x80, 0xbf];
  let length;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    if (first === 0xe0) lowest = 0xa0;
    if (first === 0xed) highest = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    if (first === 0xf0) lowest = 0x90;
    if (first === 0xf4) highest = 0x8f;
  } else {
    return 0;
  }
  if (at + length > end) return 0;
  const second = bytes[at + 1];
  if (second < lowest || second > highest) return 0;
  for (let index = at + 2; index < at + length; index++) {
    if ((bytes[index] & 0xc0) !== 0x80) return 0;
  }
  return length;
}
