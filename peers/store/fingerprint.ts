/**
 * Short names for long texts. Neighbours compare what they know by
 * fingerprints, and clients are spread over a tree by their hash; both are made
 * of MurmurHash3_x86_32 (A. Appleby), with other seeds. Neither is a secret nor
 * withstands someone who looks for collisions. Reports with one fingerprint, or
 * of clients with one, may never be repaired if the flood has lost them, but no
 * answer is wrong. Clients are looked up by another hash, which has a key.
 *
 * @module
 */
import {
  type ByteString,
  encodeScratch,
  LastView,
} from "../../protocol/bytes.ts";

const clientSeed = 0;
const lowSeed = 1;
const highSeed = 2;

/** Hexadecimal digits of a fingerprint: 53 bits, a whole number to JavaScript. */
export const fingerprintDigits = 14;

/** The fingerprint of a report's line: a whole number below 2^53. */
export function fingerprint(line: ByteString): number {
  return fingerprintOf(scratchViews.of(encodeScratch(line)), 0, line.length);
}

/** The fingerprint of a line that stands in a buffer. */
export function fingerprintOf(
  view: DataView,
  start: number,
  end: number,
): number {
  const high = murmur(highSeed, view, start, end) >>> 11;
  return high * 2 ** 32 + murmur(lowSeed, view, start, end);
}

/** Writes a fingerprint: 14 hexadecimal digits. */
export function formatFingerprint(fingerprint: number): string {
  return fingerprint.toString(16).padStart(fingerprintDigits, "0");
}

/** The hash of a client's ID: a whole number below 2^32. */
export function hashClient(client: ByteString): number {
  return hashOf(scratchViews.of(encodeScratch(client)), 0, client.length);
}

/** The hash of an ID that stands in a buffer. */
export function hashOf(view: DataView, start: number, end: number): number {
  return murmur(clientSeed, view, start, end);
}

const scratchViews = new LastView();

/** MurmurHash3_x86_32 of a stretch of bytes: a whole number below 2^32. */
function murmur(
  seed: number,
  view: DataView,
  start: number,
  end: number,
): number {
  let hash = seed;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash ^= scramble(view.getInt32(at, true));
    hash = Math.imul(hash << 13 | hash >>> 19, 5) + 0xe6546b64 | 0;
  }
  let rest = 0;
  for (let shift = 0; at < end; at += 1, shift += 8) {
    rest |= view.getUint8(at) << shift;
  }
  hash ^= scramble(rest) ^ (end - start);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul(product << 15 | product >>> 17, 0x1b873593);
}
