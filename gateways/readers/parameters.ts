/**
 * Queries and forms (application/x-www-form-urlencoded) as bytes. Unlike
 * `URLSearchParams`, this keeps bytes that are not UTF-8, and tells when a key
 * is given twice.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../../protocol/bytes.ts";
import { hexDigit } from "./hex.ts";
import { repeated } from "./json.ts";
import { maxParameterBytes, maxParameters } from "./limits.ts";
import type { Raw } from "./reading.ts";

const percent = 0x25;
const plus = 0x2b;
const space = 0x20;

/** Values by their keys. */
export type Parameters = ReadonlyMap<
  ByteString,
  ByteString | typeof repeated
>;

/**
 * Reads queries and forms together; undefined if they have too many keys or too
 * many bytes. A key with two different values has the value `repeated`.
 */
export function parseParameters(
  ...texts: readonly ByteString[]
): Parameters | undefined {
  const parameters = new Map<ByteString, ByteString | typeof repeated>();
  const bytes = texts.reduce((sum, { length }) => sum + length, 0);
  if (bytes > maxParameterBytes) return undefined;
  let count = 0;
  for (const text of texts) {
    for (let start = 0; start < text.length;) {
      const ampersand = text.indexOf("&", start);
      const end = ampersand < 0 ? text.length : ampersand;
      if (end > start) {
        count += 1;
        if (count > maxParameters) return undefined;
        addPair(text.slice(start, end), parameters);
      }
      start = end + 1;
    }
  }
  return parameters;
}

function addPair(
  pair: ByteString,
  parameters: Map<ByteString, ByteString | typeof repeated>,
): void {
  const equals = pair.indexOf("=");
  const key = decodePercent(equals < 0 ? pair : pair.slice(0, equals));
  const value = equals < 0 ? "" : decodePercent(pair.slice(equals + 1));
  const known = parameters.get(key);
  const isTwice = known !== undefined && known !== value;
  parameters.set(key, isTwice ? repeated : value);
}

/** The bytes of a key or a value, in which a plus sign is a space. */
function decodePercent(text: ByteString): ByteString {
  return /[%+]/.test(text) ? decode(text, space) : text;
}

/** The bytes of a part of a path. A percent sign without digits stays. */
export function decodeSegment(text: ByteString): ByteString {
  return text.includes("%") ? decode(text, plus) : text;
}

/** @param ofPlus The byte that a plus sign stands for. */
function decode(text: ByteString, ofPlus: number): ByteString {
  const bytes = allocateBuffer(text.length);
  let at = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === plus) {
      bytes[at++] = ofPlus;
      continue;
    }
    const high = code === percent ? hexDigit(text.charCodeAt(index + 1)) : -1;
    const low = high < 0 ? -1 : hexDigit(text.charCodeAt(index + 2));
    if (low >= 0) index += 2;
    bytes[at++] = low < 0 ? code : high << 4 | low;
  }
  return decodeBytes(bytes, 0, at);
}

/** The value of a key. */
export function parameterOf(parameters: Parameters, key: ByteString): Raw {
  return parameters.get(key);
}
