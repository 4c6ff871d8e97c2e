/**
 * Clients' IDs as the page shows them. An ID may have as many bytes as a line,
 * and each may be shown as four characters. So the page gets the beginning of a
 * long ID, its length and a hash. `/client.json?shown=` gives the whole ID.
 *
 * @module
 */
import { escapeBytes, unescapeBytes } from "../log/escape.ts";
import {
  bytesOfText,
  type ByteString,
  encodeScratch,
  textOfBytes,
} from "../protocol/bytes.ts";
import {
  escapedIdBytes,
  hashedIdBytes,
  maxShownIdBytes,
  maxShownIdLength,
} from "./limits.ts";

/** No ID has white space, so no ID looks like this. */
const cutForm = /^(.*)… \((\d{1,6}) bytes, #([0-9a-f]{13})\)$/s;

/** The ID, escaped as in the log, or its cut form if it is long. */
export function showId(id: ByteString): string {
  if (id.length <= maxShownIdBytes) {
    const shown = escape(id);
    if (shown.length <= maxShownIdLength) return shown;
  }
  const { head, tail } = endsOf(id);
  return cutId(head, tail, id.length);
}

/** The first and the last bytes of a long ID: all that its cut form needs. */
export function endsOf(id: ByteString): { head: string; tail: string } {
  const half = hashedIdBytes / 2;
  return {
    head: id.slice(0, half),
    tail: id.slice(Math.max(half, id.length - half)),
  };
}

/**
 * The cut form of an ID.
 *
 * @param head Its first `hashedIdBytes / 2` bytes.
 * @param tail Its last ones, without those in `head`.
 * @param bytes Its length.
 */
export function cutId(
  head: ByteString,
  tail: ByteString,
  bytes: number,
): string {
  const startOf = (length: number) =>
    escape(head.slice(0, characterStart(head, length)));
  const long = startOf(maxShownIdBytes);
  const shown = long.length <= maxShownIdLength
    ? long
    : startOf(escapedIdBytes);
  return `${shown}… (${bytes} bytes, #${hash(head + tail)})`;
}

function escape(bytes: ByteString): string {
  return textOfBytes(escapeBytes(bytes));
}

/** The first bytes of an ID in its cut form; undefined for other texts. */
export function startOfCutId(text: string): ByteString | undefined {
  const [, start] = text.match(cutForm) ?? [];
  return start === undefined ? undefined : unescapeBytes(bytesOfText(start));
}

/** The start of the UTF-8 character that has the byte at an index. */
export function characterStart(bytes: ByteString, index: number): number {
  let start = index;
  const isInside = () => (bytes.charCodeAt(start) & 0xc0) === 0x80;
  // A character has at most three such bytes.
  while (start > index - 3 && start > 0 && isInside()) start -= 1;
  return isInside() ? index : start;
}

/** 52 bits of two FNV-1a hashes, so that different IDs have different hashes. */
function hash(text: ByteString): string {
  // A loop over an array takes a tenth of the time of one over a string.
  const bytes = encodeScratch(text);
  let one = 0x811c9dc5;
  let other = 0x1b873593;
  for (let index = 0; index < text.length; index++) {
    one = Math.imul(one ^ bytes[index], 0x01000193);
    other = Math.imul(other ^ bytes[index], 0x5bd1e995);
  }
  // The last bytes have to change all digits.
  other ^= other >>> 15;
  return toHex(one) + toHex(other).slice(0, 5);
}

function toHex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}
