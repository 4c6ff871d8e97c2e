/**
 * Reproducible random numbers, from a seed.
 *
 * @module
 */

/** The generator xoshiro128** of Blackman and Vigna, seeded by splitmix32. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed Any whole number. Its low 32 bits are used. */
  constructor(seed: number) {
    let state = seed | 0;
    const splitmix = () => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = splitmix();
    this.#b = splitmix();
    this.#c = splitmix();
    this.#d = splitmix();
  }

  /** A number from 0 up to 1 (exclusive). */
  next(): number {
    return this.#nextBits() / 0x1_0000_0000;
  }

  /** A whole number from 0 up to `limit` (exclusive). */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A number from `low` up to `high` (exclusive). */
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /**
   * A random item of a list.
   *
   * @throws {RangeError} If the list is empty.
   */
  pick<Item>(list: readonly Item[]): Item {
    if (list.length === 0) {
      throw new RangeError("Cannot pick from an empty list.");
    }
    return list[this.below(list.length)];
  }

  /** A copy of the list in random order. */
  shuffle<Item>(list: readonly Item[]): Item[] {
    const shuffled = [...list];
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
    }
    return shuffled;
  }

  /**
   * An independent generator, seeded from this one. Drawing more numbers from
   * one does not change the other.
   */
  fork(): Random {
    return new Random(this.#nextBits());
  }

  #nextBits(): number {
    const bits = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return bits;
  }
}

function rotateLeft(bits: number, count: number): number {
  return (bits << count) | (bits >>> (32 - count));
}
