/**
 * The fingerprints of the reports that came in lately. A neighbour that holds
 * reports back for us says which it has, moments after we got them from others;
 * this tells cheaply that we need not ask.
 *
 * @module
 */
import { recentReports } from "../limits.ts";

/** Remembers most of the last ones; may forget any, never makes one up. */
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
