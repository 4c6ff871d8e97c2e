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

/** The fingerprint of a record: a whole number below 2^53. */
export function fingerprint(record: ByteString): number {
  const view = scratchViews.of(encodeScratch(record));
  return fingerprintOf(view, 0, record.length);
}

/** The fingerprint of a text in a buffer, from `start` to `end` (exclusive). */
export function fingerprintOf(
  view: DataView,
  start: number,
  end: number,
): number {
  // Both hashes in one pass: reading and scrambling a word is most of the work.
  let low = lowSeed;
  let high = highSeed;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = scramble(view.getInt32(at, true));
    low = mix(low ^ word);
    high = mix(high ^ word);
  }
  const rest = scramble(lastWord(view, at, end)) ^ (end - start);
  return (finish(high ^ rest) >>> 11) * 2 ** 32 + finish(low ^ rest);
}

/** Writes a fingerprint: 14 hexadecimal digits. */
export function formatFingerprint(fingerprint: number): string {
  return fingerprint.toString(16).padStart(fingerprintDigits, "0");
}

const scratchViews = new LastView();

/** The bytes after the last whole word, the first one lowest. */
function lastWord(view: DataView, from: number, end: number): number {
  let word = 0;
  for (let at = from, shift = 0; at < end; at += 1, shift += 8) {
    word |= view.getUint8(at) << shift;
  }
  return word;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul(product << 15 | product >>> 17, 0x1b873593);
}

function mix(hash: number): number {
  return Math.imul(hash << 13 | hash >>> 19, 5) + 0xe6546b64 | 0;
}

/** A whole number below 2^32. */
function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const last = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (last ^ (last >>> 16)) >>> 0;
}
