/**
 * Slows a connection down that reports or queries more often than its rates
 * permit.
 *
 * @module
 */
import type { ConnectionRates, RatedUse } from "../identity/client_rates.ts";
import type { Clock } from "../runtime/clock.ts";
import type { LimitCounts, LimitName } from "../runtime/limit_counts.ts";

const limitOf: Readonly<Record<RatedUse, LimitName>> = {
  report: "reports-per-second",
  query: "queries-per-second",
};

const uses = ["report", "query"] as const;

/** The pace of one connection. */
export class Pace {
  /** May be replaced before the first line. */
  rates: ConnectionRates;
  readonly #clock: Clock;
  readonly #counts: LimitCounts;
  #hasEnded = false;
  #cancel: (() => void) | undefined;
  #onDue: (() => void) | undefined;

  constructor(rates: ConnectionRates, clock: Clock, counts: LimitCounts) {
    this.rates = rates;
    this.#clock = clock;
    this.#counts = counts;
  }

  /** Counts a report or a query. */
  count(use: RatedUse): void {
    this.rates.use(use, this.#clock.elapsedMs());
  }

  /**
   * Undefined if the next line may be read. Otherwise resolves when it may be.
   * What the line will ask for is not known, so both rates count.
   */
  whenDue(): Promise<void> | undefined {
    if (this.#hasEnded) return undefined;
    const exceeded = uses.filter((use) => this.#waitMs(use) > 0);
    if (exceeded.length === 0) return undefined;
    for (const use of exceeded) this.#counts.hit(limitOf[use]);
    return new Promise((resolve) => {
      this.#onDue = resolve;
      this.#wait();
    });
  }

  /** Ends the wait, and all later ones: the connection is ending. */
  end(): void {
    this.#hasEnded = true;
    this.#cancel?.();
    this.#onDue?.();
  }

  /** Waits again if other connections have used the rate meanwhile. */
  #wait(): void {
    const waitMs = Math.max(...uses.map((use) => this.#waitMs(use)));
    if (waitMs === 0) return this.#onDue?.();
    // A timer of a part of a millisecond may fire before it has passed.
    this.#cancel = this.#clock.after(Math.ceil(waitMs), () => this.#wait());
  }

  #waitMs(use: RatedUse): number {
    return this.rates.waitMs(use, this.#clock.elapsedMs());
  }
}
