/**
 * Limits failed attempts to authenticate, by address.
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";
import {
  attemptsSeconds,
  maxFailedAttempts,
  maxRememberedAddresses,
} from "./limits.ts";

/** The attempts of an address since the first one that counts. */
interface Attempts {
  count: number;
  readonly sinceMs: number;
}

/** Counts failed attempts. */
export class FailedAttempts {
  readonly #clock: Clock;
  /** By address key, the one that failed first, first. */
  readonly #attempts = new Map<string, Attempts>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts an attempt that has failed. */
  add(addressKey: string): void {
    const known = this.#known(addressKey);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    this.#attempts.delete(addressKey);
    const sinceMs = this.#clock.elapsedMs();
    this.#attempts.set(addressKey, { count: 1, sinceMs });
    if (this.#attempts.size <= maxRememberedAddresses) return;
    this.#attempts.delete(this.#attempts.keys().next().value!);
  }

  /** For how many seconds an address has to wait; 0 if not at all. */
  waitSeconds(addressKey: string): number {
    const known = this.#known(addressKey);
    if (known === undefined || known.count < maxFailedAttempts) return 0;
    const ageSeconds = (this.#clock.elapsedMs() - known.sinceMs) / 1000;
    return Math.ceil(attemptsSeconds - ageSeconds);
  }

  #known(addressKey: string): Attempts | undefined {
    const known = this.#attempts.get(addressKey);
    const ageMs = this.#clock.elapsedMs() - (known?.sinceMs ?? 0);
    return ageMs < attemptsSeconds * 1000 ? known : undefined;
  }
}
