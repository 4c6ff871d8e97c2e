/**
 * The reports that are held back for a neighbour, until it is time to announce
 * them. A busy herd adds and removes one for every update, so they are kept in
 * arrays of numbers, by open addressing with linear probing (D. E. Knuth, The
 * Art of Computer Programming, vol. 3, 6.4). With maps instead, and their
 * garbage, a herd needs up to a fifth more CPU time.
 *
 * @module
 */
import { recentReports } from "../limits.ts";
import type { ReportId } from "./messages.ts";

/** Slots at first, and at least; always a power of two. */
const minSlots = 256;

/** With this part of its slots in use, it gets twice as many. */
const maxLoad = 1 / 2;

/** With less than this part in use when it is looked through, it gets fewer. */
const minLoad = 1 / 8;

/** A slot that is free. */
const free = -1;

/** How often `age` is called until something is ripe. */
const dueAge = 2;

/** Marks by fingerprint. */
class Slots {
  readonly fingerprints: Float64Array;
  readonly leaves: Uint16Array;
  /** The age of all at which each was added. */
  readonly births: Uint32Array;

  constructor(readonly count: number) {
    this.fingerprints = new Float64Array(count).fill(free);
    this.leaves = new Uint16Array(count);
    this.births = new Uint32Array(count);
  }
}

/** The slots that the last rebuild left, for the next one of that size. */
let left: Slots | undefined;

function takeSlots(count: number): Slots {
  const slots = left;
  if (slots?.count !== count) return new Slots(count);
  left = undefined;
  slots.fingerprints.fill(free);
  return slots;
}

/** Marks by fingerprint, each with its age. */
export class LazyAnnouncements {
  #slots = new Slots(minSlots);
  #size = 0;
  #age = 0;
  #mayBeDue = false;

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** Adds one that was not there. */
  add({ fingerprint, leaf }: ReportId): void {
    const { count } = this.#slots;
    if (this.#size >= count * maxLoad) this.#rebuild(count * 2);
    this.#insert(fingerprint, leaf, this.#age);
  }

  /** Removes one, if it is there. */
  delete(fingerprint: number): void {
    const slot = this.#slotOf(fingerprint);
    if (this.#slots.fingerprints[slot] !== free) this.#free(slot);
  }

  /** Some time has passed. */
  age(): void {
    this.#age += 1;
    this.#mayBeDue = this.#size > 0;
    const isLarge = this.#slots.count > minSlots;
    if (this.#size === 0 && isLarge) this.#rebuild(minSlots);
  }

  /** Takes out those that have been there since the last `age` but one. */
  takeDue(): ReportId[] {
    if (!this.#mayBeDue) return [];
    this.#mayBeDue = false;
    const ids: ReportId[] = [];
    let { count } = this.#slots;
    while (count > minSlots && this.#size < count * minLoad) count /= 2;
    this.#rebuild(count, ids);
    return ids;
  }

  /** The slot of a fingerprint, or the free one where it would be. */
  #slotOf(fingerprint: number): number {
    const { fingerprints } = this.#slots;
    const mask = fingerprints.length - 1;
    let slot = fingerprint & mask;
    while (
      fingerprints[slot] !== free && fingerprints[slot] !== fingerprint
    ) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #insert(fingerprint: number, leaf: number, addedAge: number): void {
    const { births, fingerprints, leaves } = this.#slots;
    const slot = this.#slotOf(fingerprint);
    if (fingerprints[slot] === free) this.#size += 1;
    fingerprints[slot] = fingerprint;
    leaves[slot] = leaf;
    births[slot] = addedAge;
  }

  /** Frees a slot, and moves up those that it kept from their place. */
  #free(slot: number): void {
    const { births, fingerprints, leaves } = this.#slots;
    const mask = fingerprints.length - 1;
    this.#size -= 1;
    let hole = slot;
    for (let next = (slot + 1) & mask;; next = (next + 1) & mask) {
      const fingerprint = fingerprints[next];
      if (fingerprint === free) break;
      // One that is as near to its own place as it can be stays.
      if (((next - fingerprint) & mask) < ((next - hole) & mask)) continue;
      fingerprints[hole] = fingerprint;
      leaves[hole] = leaves[next];
      births[hole] = births[next];
      hole = next;
    }
    fingerprints[hole] = free;
  }

  /** Goes over to so many slots, and moves what is ripe to `marks` instead. */
  #rebuild(count: number, marks?: ReportId[]): void {
    const old = this.#slots;
    const { births, fingerprints, leaves } = old;
    const ripeBirth = marks === undefined ? -1 : this.#age - dueAge;
    this.#slots = takeSlots(count);
    this.#size = 0;
    for (let slot = 0; slot < old.count; slot++) {
      const fingerprint = fingerprints[slot];
      if (fingerprint === free) continue;
      if (births[slot] <= ripeBirth) {
        marks?.push({ fingerprint, leaf: leaves[slot] });
      } else {
        this.#insert(fingerprint, leaves[slot], births[slot]);
      }
    }
    left = old;
  }
}

/**
 * The fingerprints of the reports that came in lately. A neighbour that holds
 * reports back for us says which it has, moments after we got them from others;
 * this tells cheaply that we need not ask.
 *
 * Remembers most of the last ones; may forget any, never makes one up.
 */
export class RecentFingerprints {
  // Each place belongs to the fingerprints that end in its number.
  readonly #slots: Float64Array;

  /** @param size Places; a power of two. */
  constructor(size = recentReports) {
    this.#slots = new Float64Array(size).fill(-1);
  }

  add(fingerprint: number): void {
    this.#slots[this.#slotOf(fingerprint)] = fingerprint;
  }

  has(fingerprint: number): boolean {
    return this.#slots[this.#slotOf(fingerprint)] === fingerprint;
  }

  #slotOf(fingerprint: number): number {
    return fingerprint & (this.#slots.length - 1);
  }
}
