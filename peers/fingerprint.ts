/**
 * Short names for long texts. Neighbours compare what they know by
 * fingerprints, and clients are spread over a tree by their hash. Neither is a
 * secret nor withstands someone who looks for collisions; a collision costs a
 * report some seconds of delay, never a wrong answer. Clients are looked up by
 * another hash, which has a key.
 *
 * The loops are FNV-1a (G. Fowler, L. C. Noll, P. Vo), the final mix that of
 * MurmurHash3 (A. Appleby).
 *
 * @module
 */
import { type ByteString, encodeScratch } from "../protocol/bytes.ts";

const startOne = 0x811c9dc5;
const factorOne = 0x01000193;
const startTwo = 0x9747b28c;
const factorTwo = 0x5bd1e995;

/** Hexadecimal digits of a fingerprint: 53 bits, a whole number to JavaScript. */
export const fingerprintDigits = 14;

/** The fingerprint of a report's line: a whole number below 2^53. */
export function fingerprint(line: ByteString): number {
  return fingerprintOf(encodeScratch(line), 0, line.length);
}

/** The fingerprint of a line that stands in a buffer. */
export function fingerprintOf(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let one = startOne;
  let two = startTwo;
  for (let index = start; index < end; index++) {
    const byte = bytes[index];
    one = Math.imul(one ^ byte, factorOne);
    two = Math.imul(two ^ byte, factorTwo);
  }
  return (mix(two) >>> 11) * 2 ** 32 + mix(one);
}

/** Writes a fingerprint: 14 hexadecimal digits. */
export function formatFingerprint(fingerprint: number): string {
  return fingerprint.toString(16).padStart(fingerprintDigits, "0");
}

/** The hash of a client's ID: a whole number below 2^32. */
export function hashClient(client: ByteString): number {
  return hashOf(encodeScratch(client), 0, client.length);
}

/** The hash of an ID that stands in a buffer. */
export function hashOf(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let hash = startOne;
  for (let index = start; index < end; index++) {
    hash = Math.imul(hash ^ bytes[index], factorOne);
  }
  return mix(hash);
}

/** Spreads every bit over all bits, so that any few of them are as good. */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
