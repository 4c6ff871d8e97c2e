/**
 * Rates of reports and of queries, as token buckets: one for each connection,
 * and one for each identity.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { maxRememberedRates } from "./limits.ts";

/** A use for which no more than this is missing need not wait. */
const roundingError = 1e-6;

/**
 * What has been used of a rate. A second's worth may be used at once. More than
 * that is owed, and what follows has to wait until it is paid.
 */
export class Rate {
  readonly #perSecond: number;
  #available: number;
  #countedAtMs: number;

  /**
   * @param perSecond Above 0.
   * @param nowMs By a clock that never goes back, as in all calls.
   */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#available = this.#most;
    this.#countedAtMs = nowMs;
  }

  /** Uses the rate, even if nothing is available: what was done is counted. */
  use(count: number, nowMs: number): void {
    this.#count(nowMs);
    this.#available -= count;
  }

  /** How long the next use has to wait, in milliseconds; 0 if not at all. */
  waitMs(nowMs: number): number {
    this.#count(nowMs);
    const missing = 1 - this.#available;
    return missing <= roundingError ? 0 : missing / this.#perSecond * 1000;
  }

  /** Whether it is as if it had never been used. */
  isFull(nowMs: number): boolean {
    this.#count(nowMs);
    return this.#available >= this.#most;
  }

  /** A second's worth, and one use at least. */
  get #most(): number {
    return Math.max(1, this.#perSecond);
  }

  #count(nowMs: number): void {
    const seconds = Math.max(0, nowMs - this.#countedAtMs) / 1000;
    this.#countedAtMs = nowMs;
    this.#available = Math.min(
      this.#most,
      this.#available + seconds * this.#perSecond,
    );
  }
}

/** The rates of identities, by subject. They go on when a connection ends. */
export class IdentityRates {
  readonly #perSecond: number;
  readonly #most: number;
  // The one that was used longest ago first.
  readonly #rates = new Map<ByteString, Rate>();
  #forgotten = 0;

  /**
   * @param perSecond Above 0.
   * @param most Most rates that are remembered.
   */
  constructor(perSecond: number, most = maxRememberedRates) {
    this.#perSecond = perSecond;
    this.#most = most;
  }

  /** How many rates are remembered. */
  get count(): number {
    return this.#rates.size;
  }

  /** How many were forgotten before they were full again. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** The rate of a subject. It must be asked for again at each use. */
  of(subject: ByteString, nowMs: number): Rate {
    const rate = this.#rates.get(subject) ?? new Rate(this.#perSecond, nowMs);
    this.#rates.delete(subject);
    this.#rates.set(subject, rate);
    if (this.#rates.size > this.#most) {
      const [oldest, oldestRate] = this.#rates.entries().next().value!;
      if (!oldestRate.isFull(nowMs)) this.#forgotten += 1;
      this.#rates.delete(oldest);
    }
    return rate;
  }
}
