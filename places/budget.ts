/**
 * A ceiling on requests a day. Days are UTC's: whoever reads the log can tell
 * when the next one begins.
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";

/** What was spent on one day. */
export interface DayCount {
  /** `2026-11-22` */
  readonly day: string;
  readonly requests: number;
}

/** What a budget needs. */
export interface BudgetOptions {
  readonly requestsPerDay: number;
  readonly clock: Clock;
  /** What was spent before, if that is known. */
  readonly kept?: DayCount;
  /** Called with each request that is spent, before it is made. */
  readonly keep: (count: DayCount) => void;
}

/** So many requests a day, and no more. */
export class Budget {
  readonly requestsPerDay: number;
  readonly #clock: Clock;
  readonly #keep: (count: DayCount) => void;
  #spent: DayCount;

  constructor({ clock, keep, kept, requestsPerDay }: BudgetOptions) {
    this.requestsPerDay = requestsPerDay;
    this.#clock = clock;
    this.#keep = keep;
    this.#spent = kept ?? { day: dayOf(clock), requests: 0 };
  }

  /** Takes one request out of today's; false if there is none left. */
  spend(): boolean {
    const day = dayOf(this.#clock);
    if (this.#spent.day !== day) this.#spent = { day, requests: 0 };
    if (this.#spent.requests >= this.requestsPerDay) return false;
    this.#spent = { day, requests: this.#spent.requests + 1 };
    this.#keep(this.#spent);
    return true;
  }

  /** When there are requests again, as RFC 3339. */
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

/** A count as one line, always of the same length. */
export function formatDayCount({ day, requests }: DayCount): string {
  return `${day} ${String(requests).padStart(countDigits, "0")}\n`;
}

/** The inverse of `formatDayCount`; undefined if the text is none. */
export function parseDayCount(text: string): DayCount | undefined {
  const [, day, requests] = text.match(/^(\d{4}-\d\d-\d\d) (\d{15})\n$/) ?? [];
  return day === undefined ? undefined : { day, requests: Number(requests) };
}
