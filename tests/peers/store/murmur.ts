/**
 * MurmurHash3_x86_32 in its plain form, to which fingerprints are held.
 *
 * @module
 */
import { encodeBytes } from "../../../protocol/bytes.ts";
import type { ByteString } from "../../../protocol/bytes.ts";

/** The hash of a byte string: a whole number below 2^32. */
export function murmur(seed: number, text: ByteString): number {
  const view = new DataView(encodeBytes(text).buffer);
  const end = text.length;
  let hash = seed;
  let at = 0;
  for (; at + 4 <= end; at += 4) {
    hash ^= scramble(view.getInt32(at, true));
    hash = Math.imul(hash << 13 | hash >>> 19, 5) + 0xe6546b64 | 0;
  }
  let rest = 0;
  for (let shift = 0; at < end; at += 1, shift += 8) {
    rest |= view.getUint8(at) << shift;
  }
  hash ^= scramble(rest) ^ end;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul(product << 15 | product >>> 17, 0x1b873593);
}
