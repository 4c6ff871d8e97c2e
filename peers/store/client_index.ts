/**
 * Finds records by the hash of their client: open addressing with linear
 * probing (D. E. Knuth, The Art of Computer Programming, vol. 3, 6.4). There
 * are many small tables rather than a large one, so that making one larger
 * holds nobody up.
 *
 * @module
 */
import type { Address } from "./record_arena.ts";

/** Tables, each for the hashes with the same highest bits. */
const tableBits = 8;
const tableCount = 2 ** tableBits;

/** Slots of a table that is in use, at least; always a power of two. */
const minSlots = 8;

/** A table that is fuller than this gets twice as many slots. */
const maxLoad = 3 / 4;

/** A table that is emptier than this gets half as many slots. */
const minLoad = 1 / 8;

/** A slot is two numbers: the hash, and the address or 0. */
const slotSize = 2;

/** The slots that all empty tables share at first: one, and it is free. */
const noSlots = new Uint32Array(slotSize);

/** One of the tables. */
class HashTable {
  slots = noSlots;
  /** How many are in use. */
  used = 0;

  /** The last slot, whose number has all bits set. */
  get mask(): number {
    return this.slots.length / slotSize - 1;
  }

  /** Whether it needs more slots for one record more. */
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

  /** The slot of a record that is there. */
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

  /** Frees a slot, and moves up those that it kept from their place. */
  #fillHole(slot: number): void {
    const { mask, slots } = this;
    let hole = slot;
    let next = slot;
    while (true) {
      slots[hole * slotSize + 1] = 0;
      do {
        next = (next + 1) & mask;
        if (slots[next * slotSize + 1] === 0) return;
        // One that is as near to its own place as it can be stays.
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
  // Where the search stands.
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

  /** The next one with the same hash, if the last was another client's. */
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

  /** A record has another address now. */
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
