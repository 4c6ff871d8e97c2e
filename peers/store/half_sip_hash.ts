/**
 * HalfSipHash-1-3 (J.-P. Aumasson, D. J. Bernstein): a hash that cannot be
 * predicted without its key. Clients choose their IDs. Without a key, an
 * attacker could choose thousands of IDs with equal hashes, and each lookup
 * would have to compare all of them.
 *
 * @module
 */

/** Rounds after the last word. */
const finalRounds = 3;

/** Two random whole numbers of 32 bits. */
export type HashKey = readonly [number, number];

/** Hashes with one key. */
export class HalfSipHash {
  // Arrays of small and of large numbers have different types at run time, and
  // the hash takes twice as long with keys of both.
  readonly #key: Int32Array;

  constructor(key: HashKey) {
    this.#key = Int32Array.from(key);
  }

  /** The hash of a range of bytes: a whole number below 2^32. */
  hash(view: DataView, start: number, end: number): number {
    const key0 = this.#key[0];
    const key1 = this.#key[1];
    // The state is in local variables, and the round is written once, in a
    // loop: with fields, the hash takes three times as long.
    let v0 = key0;
    let v1 = key1;
    let v2 = 0x6c796765 ^ key0;
    let v3 = 0x74656462 ^ key1;
    let at = start;
    for (let roundsLeft = finalRounds; roundsLeft > 0;) {
      let word = 0;
      if (at <= end) {
        // One round for each word. The last word ends with the length.
        word = at + 4 <= end
          ? view.getInt32(at, true)
          : lastWord(view, at, start, end);
        at += 4;
        v3 ^= word;
      } else {
        if (roundsLeft === finalRounds) v2 ^= 0xff;
        roundsLeft -= 1;
      }
      v0 = (v0 + v1) | 0;
      v1 = (v1 << 5 | v1 >>> 27) ^ v0;
      v0 = v0 << 16 | v0 >>> 16;
      v2 = (v2 + v3) | 0;
      v3 = (v3 << 8 | v3 >>> 24) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = (v3 << 7 | v3 >>> 25) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = (v1 << 13 | v1 >>> 19) ^ v2;
      v2 = v2 << 16 | v2 >>> 16;
      v0 ^= word;
    }
    return (v1 ^ v3) >>> 0;
  }
}

/** The last word: the remaining bytes and the length. */
function lastWord(
  view: DataView,
  at: number,
  start: number,
  end: number,
): number {
  let word = (end - start) << 24;
  for (let index = at, shift = 0; index < end; index += 1, shift += 8) {
    word |= view.getUint8(index) << shift;
  }
  return word;
}
