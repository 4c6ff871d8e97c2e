/**
 * How long deletions apply: from `maxClockSkewSeconds` ahead of this server's
 * clock until a number of days after their time. A deletion outside of this
 * period deletes nothing, is not sent, and is freed.
 *
 * @module
 */
import {
  addSeconds,
  compareTimestamps,
  secondsPerDay,
  type Timestamp,
} from "../../protocol/time.ts";
import { defaultForgetDays, maxClockSkewSeconds } from "../limits.ts";

/** Why a deletion does not apply. */
export type NotApplied =
  /** It was kept as long as the setting says. */
  | "expired"
  /** Its time is ahead of this server's clock. */
  | "ahead";

/** The period of one server, and the deletions that it holds. */
export class DeletionPeriod {
  readonly #seconds: number;
  readonly #now: () => Timestamp;
  /** The times of the earliest and of the latest deletion that is held. */
  #held: { readonly first: Timestamp; readonly last: Timestamp } | undefined;

  /** @param seconds How long deletions apply; the default of the setting. */
  constructor(
    now: () => Timestamp,
    seconds = defaultForgetDays * secondsPerDay,
  ) {
    this.#now = now;
    this.#seconds = seconds;
  }

  /** Why a deletion until this time does not apply; undefined if it does. */
  fault(until: Timestamp): NotApplied | undefined {
    const now = this.#now();
    if (!isBefore(addSeconds(now, -this.#seconds), until)) return "expired";
    return isBefore(addSeconds(now, maxClockSkewSeconds), until)
      ? "ahead"
      : undefined;
  }

  /** Notes a deletion that is held from now on. */
  note(until: Timestamp): void {
    const { first = until, last = until } = this.#held ?? {};
    this.#held = {
      first: isBefore(until, first) ? until : first,
      last: isBefore(last, until) ? until : last,
    };
  }

  /** Forgets all deletions that were noted. */
  clear(): void {
    this.#held = undefined;
  }

  /** Whether a deletion that is held does not apply, and must be freed. */
  get isOver(): boolean {
    if (this.#held === undefined) return false;
    const { first, last } = this.#held;
    return this.fault(first) !== undefined || this.fault(last) !== undefined;
  }
}

function isBefore(time: Timestamp, other: Timestamp): boolean {
  return compareTimestamps(time, other) < 0;
}
