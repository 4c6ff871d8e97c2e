/**
 * The reports that are held back for a neighbour until they are announced. A
 * busy herd adds and removes one for every report, so they are in arrays of
 * numbers, with open addressing and linear probing (D. E. Knuth, The Art of
 * Computer Programming, vol. 3, 6.4). With maps and their garbage, a herd needs
 * up to a fifth more CPU time.
 *
 * Clients can choose reports whose fingerprints have equal bits, so the place of
 * a fingerprint depends on a random key (multiply-shift: M. Dietzfelbinger et
 * al., "A Reliable Randomized Algorithm for the Closest-Pair Problem", 1997).
 *
 * @module
 */
import { recentReports } from "../limits.ts";
import type { HashKey } from "../store/half_sip_hash.ts";
import type { ReportId } from "./messages.ts";

/** Slots at the start, and the fewest. The number is always a power of two. */
const minSlots = 256;

/** At this fraction of used slots, their number doubles. */
const maxLoad = 1 / 2;

/** Below this fraction of used slots, `takeDue` reduces their number. */
const minLoad = 1 / 8;

/** The memory of a slot, in bytes. */
const bytesPerSlot = 14;

/** The fingerprint in a free slot. */
const free = -1;

/** After this many calls of `age`, an announcement is due. */
const dueAge = 2;

/** Report IDs by fingerprint. */
class Slots {
  readonly fingerprints: Float64Array;
  readonly leaves: Uint16Array;
  /** The value of `#age` when each was added. */
  readonly births: Uint32Array;
  /** The upper bits of a hash are a slot: it is shifted by this. */
  readonly shift: number;

  constructor(readonly count: number) {
    this.shift = 1 + Math.clz32(count);
    this.fingerprints = new Float64Array(count).fill(free);
    this.leaves = new Uint16Array(count);
    this.births = new Uint32Array(count);
  }
}

/** The slots that the last rebuild replaced, for reuse at the same size. */
let spare: Slots | undefined;

function takeSlots(count: number): Slots {
  const slots = spare;
  if (slots?.count !== count) return new Slots(count);
  spare = undefined;
  slots.fingerprints.fill(free);
  return slots;
}

/** The announcements that wait for one neighbour. */
export class LazyAnnouncements {
  #slots = new Slots(minSlots);
  readonly #lowFactor: number;
  readonly #highFactor: number;
  #size = 0;
  #age = 0;
  #mayBeDue = false;

  /** @param key Random, so that clients cannot choose reports that collide. */
  constructor([low, high]: HashKey = [0x9e3779b1, 0x85ebca77]) {
    this.#lowFactor = low | 1;
    this.#highFactor = high | 1;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** The memory of the table beyond that of an empty one, in bytes. */
  get bytes(): number {
    return (this.#slots.count - minSlots) * bytesPerSlot;
  }

  /** Removes all of them. */
  clear(): void {
    this.#slots = new Slots(minSlots);
    this.#size = 0;
  }

  /** The most slots that a look-up goes through, for tests. */
  get longestProbe(): number {
    const { count, fingerprints } = this.#slots;
    return fingerprints.reduce(
      (most, fingerprint, slot) =>
        fingerprint === free ? most : Math.max(
          most,
          (slot - this.#homeOf(fingerprint) + count) % count,
        ),
      0,
    );
  }

  /** Adds a report that is not in the table. */
  add({ fingerprint, leaf }: ReportId): void {
    const { count } = this.#slots;
    if (this.#size >= count * maxLoad) this.#rebuild(count * 2);
    this.#insert(fingerprint, leaf, this.#age);
  }

  /** Removes a report, if it is in the table. */
  delete(fingerprint: number): void {
    const slot = this.#slotOf(fingerprint);
    if (this.#slots.fingerprints[slot] !== free) this.#free(slot);
  }

  /** To be called at each maintenance. */
  age(): void {
    this.#age += 1;
    this.#mayBeDue = this.#size > 0;
    const isLarge = this.#slots.count > minSlots;
    if (this.#size === 0 && isLarge) this.#rebuild(minSlots);
  }

  /** Removes and returns those that were added before the last two `age`. */
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
    let slot = this.#homeOf(fingerprint);
    while (
      fingerprints[slot] !== free && fingerprints[slot] !== fingerprint
    ) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Where a fingerprint is if no other is in its place. */
  #homeOf(fingerprint: number): number {
    const high = Math.floor(fingerprint / 2 ** 32);
    const hash = Math.imul(fingerprint, this.#lowFactor) +
      Math.imul(high, this.#highFactor);
    return hash >>> this.#slots.shift;
  }

  #insert(fingerprint: number, leaf: number, addedAge: number): void {
    const { births, fingerprints, leaves } = this.#slots;
    const slot = this.#slotOf(fingerprint);
    if (fingerprints[slot] === free) this.#size += 1;
    fingerprints[slot] = fingerprint;
    leaves[slot] = leaf;
    births[slot] = addedAge;
  }

  /** Frees a slot, and moves displaced entries closer to their own slots. */
  #free(slot: number): void {
    const { births, fingerprints, leaves } = this.#slots;
    const mask = fingerprints.length - 1;
    this.#size -= 1;
    let hole = slot;
    for (let next = (slot + 1) & mask;; next = (next + 1) & mask) {
      const fingerprint = fingerprints[next];
      if (fingerprint === free) break;
      // An entry stays if its own slot is after the hole.
      const home = this.#homeOf(fingerprint);
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      fingerprints[hole] = fingerprint;
      leaves[hole] = leaves[next];
      births[hole] = births[next];
      hole = next;
    }
    fingerprints[hole] = free;
  }

  /** Moves all entries to `count` slots, and those that are due to `due`. */
  #rebuild(count: number, due?: ReportId[]): void {
    const old = this.#slots;
    const { births, fingerprints, leaves } = old;
    const dueBirth = due === undefined ? -1 : this.#age - dueAge;
    this.#slots = takeSlots(count);
    this.#size = 0;
    for (let slot = 0; slot < old.count; slot++) {
      const fingerprint = fingerprints[slot];
      if (fingerprint === free) continue;
      if (births[slot] <= dueBirth) {
        due?.push({ fingerprint, leaf: leaves[slot] });
      } else {
        this.#insert(fingerprint, leaves[slot], births[slot]);
      }
    }
    spare = old;
  }
}

/**
 * The fingerprints of recently received reports. A neighbour that holds reports
 * back announces them moments after this server received them by another link.
 * This set shows, at low cost, that they need not be requested.
 *
 * It has most of the latest fingerprints. A later one may overwrite any of them.
 */
export class RecentFingerprints {
  // A slot is for the fingerprints whose low bits are its index.
  readonly #slots: Float64Array;

  /** @param size Number of slots; a power of two. */
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
