/**
 * A limit on requests per day. Days are in UTC, as the times in the log are.
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";

/** The requests made on one day. */
export interface DayCount {
  /** `2026-11-22` */
  readonly day: string;
  readonly requests: number;
}

/** What a budget needs. */
export interface BudgetOptions {
  readonly requestsPerDay: number;
  readonly clock: Clock;
  /** The count of an earlier run, if known. */
  readonly kept?: DayCount;
  /** Saves the count. Called once at a time. */
  readonly keep: (count: DayCount) => Promise<void>;
}

/** Allows a number of requests per day. */
export class Budget {
  readonly requestsPerDay: number;
  readonly #clock: Clock;
  readonly #keep: (count: DayCount) => Promise<void>;
  #spent: DayCount;
  #saved: DayCount | undefined;
  #saving: Promise<void> | undefined;

  constructor({ clock, keep, kept, requestsPerDay }: BudgetOptions) {
    this.requestsPerDay = requestsPerDay;
    this.#clock = clock;
    this.#keep = keep;
    this.#spent = kept ?? { day: dayOf(clock), requests: 0 };
  }

  /**
   * Counts one request; false if today's budget is used up. A request must not
   * be made before it is counted in the file too: see `save`.
   */
  spend(): boolean {
    const day = dayOf(this.#clock);
    if (this.#spent.day !== day) this.#spent = { day, requests: 0 };
    if (this.#spent.requests >= this.requestsPerDay) return false;
    this.#spent = { day, requests: this.#spent.requests + 1 };
    return true;
  }

  /** Resolves when all requests counted so far are saved. */
  save(): Promise<void> {
    return this.#saving ??= this.#saveAll();
  }

  /** Saves counts one after the other: two at once could end in any order. */
  async #saveAll(): Promise<void> {
    try {
      while (this.#saved !== this.#spent) {
        const count = this.#spent;
        await this.#keep(count);
        this.#saved = count;
      }
    } finally {
      this.#saving = undefined;
    }
  }

  /** When the next day begins, as RFC 3339. */
  get opensAt(): string {
    const { seconds } = this.#clock.now();
    return formatSeconds((Math.floor(seconds / daySeconds) + 1) * daySeconds);
  }
}

const daySeconds = 86_400;

function dayOf(clock: Clock): string {
  return formatSeconds(clock.now().seconds).slice(0, 10);
}

function formatSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

const countDigits = 15;

/** A count as one line, always of the same length in bytes. */
export function formatDayCount({ day, requests }: DayCount): string {
  return `${day} ${String(requests).padStart(countDigits, "0")}\n`;
}

/** The inverse of `formatDayCount`; undefined if the text is not a count. */
export function parseDayCount(text: string): DayCount | undefined {
  const [, day, requests] = text.match(/^(\d{4}-\d\d-\d\d) (\d{15})\n$/) ?? [];
  return day === undefined ? undefined : { day, requests: Number(requests) };
}
