/**
 * Client IDs that MurmurHash3_x86_32 with seed 0 sends to one leaf, or to one
 * bucket. The hash has no secret, and each of its steps can be undone: for any
 * first four bytes and any wanted hash there are four more bytes that give it.
 *
 * @module
 */

const [c1Inverse, c2Inverse] = [0xcc9e2d51, 0x1b873593].map(inverse);
const fiveInverse = inverse(5);
const [finalInverse1, finalInverse2] = [0x85ebca6b, 0xc2b2ae35].map(inverse);

/** The length of the IDs, in bytes. */
const idBytes = 8;

/** IDs of eight bytes that all belong to one leaf, 0 to 65,535. */
export function idsOfLeaf(leaf: number, count: number): Generator<string> {
  return idsWith((low) => leaf << 16 | low, count);
}

/** IDs of eight bytes whose hashes have the same low 16 bits. */
export function idsOfBucket(bucket: number, count: number): Generator<string> {
  return idsWith((high) => high << 16 | bucket, count);
}

/** IDs whose hashes are those of the numbers from 0 to 65,535. */
function* idsWith(
  hashOf: (number: number) => number,
  count: number,
): Generator<string> {
  let made = 0;
  for (let prefix = 0; made < count; prefix++) {
    const head = prefix.toString(36).padStart(4, "0");
    const state = mixed(0, wordOf(head));
    for (let number = 0; number < 0x10000 && made < count; number++) {
      const tail = tailFor(state, hashOf(number) >>> 0);
      if (tail === undefined) continue;
      made += 1;
      yield head + tail;
    }
  }
}

/** The last four bytes of an ID; undefined if they cannot be in an ID. */
function tailFor(state: number, hash: number): string | undefined {
  const before = unfinished(hash) ^ idBytes;
  const sum = Math.imul(before - 0xe6546b64, fiveInverse);
  const block = (rotated(sum, 32 - 13) ^ state) >>> 0;
  const word = Math.imul(
    rotated(Math.imul(block, c2Inverse), 32 - 15),
    c1Inverse,
  );
  const bytes = [0, 8, 16, 24].map((shift) => word >>> shift & 0xff);
  // Printable ones only: they go through everything.
  if (bytes.some((byte) => byte < 0x21 || byte > 0x7e)) return undefined;
  return String.fromCharCode(...bytes);
}

function mixed(state: number, word: number): number {
  const block = Math.imul(
    rotated(Math.imul(word, 0xcc9e2d51), 15),
    0x1b873593,
  );
  return Math.imul(rotated(state ^ block, 13), 5) + 0xe6546b64 | 0;
}

/** Undoes the last steps of the hash. */
function unfinished(hash: number): number {
  let state = unshifted(hash, 16);
  state = unshifted(Math.imul(state, finalInverse2), 13);
  return unshifted(Math.imul(state, finalInverse1), 16);
}

/** Undoes `x ^ x >>> shift`. */
function unshifted(value: number, shift: number): number {
  let found = value;
  for (let bits = shift; bits < 32; bits += shift) {
    found = value ^ found >>> shift;
  }
  return found;
}

function rotated(value: number, by: number): number {
  return value << by | value >>> 32 - by;
}

function wordOf(text: string): number {
  return [0, 1, 2, 3].reduce(
    (word, at) => word | text.charCodeAt(at) << 8 * at,
    0,
  );
}

/** The number that gives 1 with an odd one, modulo 2^32. */
function inverse(odd: number): number {
  let found = odd;
  for (let round = 0; round < 5; round++) {
    found = Math.imul(found, 2 - Math.imul(odd, found));
  }
  return found;
}
