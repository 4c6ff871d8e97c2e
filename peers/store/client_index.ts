/**
 * Finds records by the hash of their client: open addressing with linear
 * probing (D. E. Knuth, The Art of Computer Programming, vol. 3, 6.4). It uses
 * many small tables rather than one large table, so that growing one takes
 * little time.
 *
 * @module
 */
import type { Address } from "./record_arena.ts";

/** Each table has the hashes with the same highest bits. */
const tableBits = 8;
const tableCount = 2 ** tableBits;

/** Fewest slots of a table in use. The number is always a power of two. */
const minSlots = 8;

/** A table doubles above this fraction of used slots. */
const maxLoad = 3 / 4;

/** A table that is emptier than this gets half as many slots. */
const minLoad = 1 / 8;

/** A slot is two numbers: the hash, and the address, 0 in a free slot. */
const slotSize = 2;

/** One free slot, shared by all tables that were never used. */
const noSlots = new Uint32Array(slotSize);

/** One of the tables. */
class HashTable {
  slots = noSlots;
  /** How many are in use. */
  used = 0;

  /** The index of the last slot, which has all bits set. */
  get mask(): number {
    return this.slots.length / slotSize - 1;
  }

  /** Whether it needs more slots for another record. */
  get isFull(): boolean {
    return this.used + 1 > (this.mask + 1) * maxLoad;
  }

  /** The memory that it would have then, in bytes. */
  get grownBytes(): number {
    return this.#grownSlots * slotSize * Uint32Array.BYTES_PER_ELEMENT;
  }

  get #grownSlots(): number {
    return Math.max((this.mask + 1) * 2, minSlots);
  }

  /** Writes into the first free slot. */
  add(hash: number, address: Address): void {
    if (this.isFull) this.#resize(this.#grownSlots);
    const { mask, slots } = this;
    let slot = hash & mask;
    while (slots[slot * slotSize + 1] !== 0) slot = (slot + 1) & mask;
    slots[slot * slotSize] = hash;
    slots[slot * slotSize + 1] = address;
    this.used += 1;
  }

  /** The slot of a record. The record must be in the table. */
  slotOf(hash: number, address: Address): number {
    const { mask, slots } = this;
    let slot = hash & mask;
    while (slots[slot * slotSize + 1] !== address) slot = (slot + 1) & mask;
    return slot;
  }

  /** Frees a slot, and shortens the table if it is mostly empty. */
  free(slot: number): void {
    this.#fillHole(slot);
    this.used -= 1;
    const slotCount = this.mask + 1;
    if (slotCount > minSlots && this.used < slotCount * minLoad) {
      this.#resize(slotCount / 2);
    }
  }

  /** Frees a slot, and moves displaced entries closer to their own slots. */
  #fillHole(slot: number): void {
    const { mask, slots } = this;
    let hole = slot;
    let next = slot;
    while (true) {
      slots[hole * slotSize + 1] = 0;
      do {
        next = (next + 1) & mask;
        if (slots[next * slotSize + 1] === 0) return;
        // An entry stays if its own slot is after the hole.
      } while (
        ((next - slots[next * slotSize]) & mask) < ((next - hole) & mask)
      );
      slots[hole * slotSize] = slots[next * slotSize];
      slots[hole * slotSize + 1] = slots[next * slotSize + 1];
      hole = next;
    }
  }

  #resize(slotCount: number): void {
    const old = this.slots;
    this.slots = new Uint32Array(slotCount * slotSize);
    this.used = 0;
    for (let at = 0; at < old.length; at += slotSize) {
      if (old[at + 1] !== 0) this.add(old[at], old[at + 1]);
    }
  }
}

/** Addresses by hash. */
export class ClientIndex {
  readonly #tables = Array.from({ length: tableCount }, () => new HashTable());
  #bytes = 0;
  // The state of the search.
  #table = this.#tables[0];
  #hash = 0;
  #slot = 0;

  /** The first record whose client has this hash; 0 if there is none. */
  first(hash: number): Address {
    this.#table = this.#tableOf(hash);
    this.#hash = hash;
    this.#slot = (hash & this.#table.mask) - 1;
    return this.next();
  }

  /** The next record with the hash given to `first`; 0 if there is none. */
  next(): Address {
    const { mask, slots } = this.#table;
    while (true) {
      this.#slot = (this.#slot + 1) & mask;
      const address = slots[this.#slot * slotSize + 1];
      if (address === 0) return 0;
      if (slots[this.#slot * slotSize] === this.#hash) return address;
    }
  }

  /** How many bytes of memory another record with this hash would add. */
  growthBy(hash: number): number {
    const table = this.#tableOf(hash);
    return table.isFull ? table.grownBytes - table.slots.byteLength : 0;
  }

  add(hash: number, address: Address): void {
    const table = this.#tableOf(hash);
    const bytesBefore = table.slots.byteLength;
    table.add(hash, address);
    this.#bytes += table.slots.byteLength - bytesBefore;
  }

  /** Changes the address of a record. */
  move(hash: number, from: Address, to: Address): void {
    const table = this.#tableOf(hash);
    table.slots[table.slotOf(hash, from) * slotSize + 1] = to;
  }

  remove(hash: number, address: Address): void {
    const table = this.#tableOf(hash);
    const bytesBefore = table.slots.byteLength;
    table.free(table.slotOf(hash, address));
    this.#bytes += table.slots.byteLength - bytesBefore;
  }

  /** The memory of its slots, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  #tableOf(hash: number): HashTable {
    return this.#tables[hash >>> 32 - tableBits];
  }
}
