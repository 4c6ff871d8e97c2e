/**
 * A hash that nobody can predict who does not know its key: HalfSipHash-1-3
 * (J.-P. Aumasson, D. J. Bernstein). Clients choose their IDs. With a public
 * hash someone could choose thousands that all meet at one place, and looking
 * one up would mean looking at all of them.
 *
 * @module
 */

/** Two random whole numbers of 32 bits. */
export type HashKey = readonly [number, number];

/** Hashes with one key. */
export class KeyedHash {
  readonly #key: HashKey;
  #v0 = 0;
  #v1 = 0;
  #v2 = 0;
  #v3 = 0;

  constructor(key: HashKey) {
    this.#key = key;
  }

  /** The hash of a stretch of bytes: a whole number below 2^32. */
  hash(bytes: Uint8Array, start: number, end: number): number {
    const [key0, key1] = this.#key;
    this.#v0 = key0 | 0;
    this.#v1 = key1 | 0;
    this.#v2 = 0x6c796765 ^ key0;
    this.#v3 = 0x74656462 ^ key1;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      this.#absorb(
        bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
          bytes[at + 3] << 24,
      );
    }
    // The last word ends in the length.
    let last = (end - start) << 24;
    for (let shift = 0; at < end; at += 1, shift += 8) {
      last |= bytes[at] << shift;
    }
    this.#absorb(last);
    this.#v2 ^= 0xff;
    this.#round();
    this.#round();
    this.#round();
    return (this.#v1 ^ this.#v3) >>> 0;
  }

  #absorb(word: number): void {
    this.#v3 ^= word;
    this.#round();
    this.#v0 ^= word;
  }

  #round(): void {
    let [v0, v1, v2, v3] = [this.#v0, this.#v1, this.#v2, this.#v3];
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
    this.#v0 = v0;
    this.#v1 = v1;
    this.#v2 = v2;
    this.#v3 = v3;
  }
}
