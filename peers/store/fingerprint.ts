/**
 * Fingerprints of reports and clients, by which neighbours compare them. They
 * use MurmurHash3_x86_32 (A. Appleby) with two seeds. It has no key and does not
 * resist deliberate collisions. Anti-entropy may fail to repair reports whose
 * fingerprints, or whose clients' fingerprints, are equal, but no answer is
 * wrong. What is looked up by a hash uses one with a key (`HalfSipHash`).
 *
 * @module
 */
import {
  type ByteString,
  encodeScratch,
  LastView,
} from "../../protocol/bytes.ts";

const lowSeed = 1;
const highSeed = 2;

/** Hexadecimal digits of a fingerprint, which is a safe integer of 53 bits. */
export const fingerprintDigits = 14;

/** The fingerprint of a report's line: a whole number below 2^53. */
export function fingerprint(line: ByteString): number {
  return fingerprintOf(scratchViews.of(encodeScratch(line)), 0, line.length);
}

/** The fingerprint of a line in a buffer, from `start` to `end` (exclusive). */
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

const scratchViews = new LastView();

/** MurmurHash3_x86_32 of a range of bytes: a whole number below 2^32. */
export function murmur(
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
