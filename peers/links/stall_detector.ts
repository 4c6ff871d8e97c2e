/**
 * Limits how long replies wait for a link.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import { stallAfterMs } from "../limits.ts";

/**
 * Lets replies wait until the outbox of a link is empty. If that takes longer
 * than `stallAfterMs`, the link is stalled: replies do not wait for it until its
 * outbox is empty.
 */
export class StallDetector {
  readonly #clock: Clock;
  #waiters: (() => void)[] = [];
  #drains = 0;
  #stalled = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when replies need not wait; undefined if the link is stalled. */
  wait(): Promise<void> | undefined {
    if (this.#stalled) return undefined;
    if (this.#cancel === undefined) this.#arm();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** To be called when the outbox is empty. */
  onDrained(): void {
    this.#drains += 1;
    this.#stalled = false;
    this.#release();
  }

  /** Resolves all waits. */
  stop(): void {
    this.#cancel?.();
    this.#release();
  }

  #arm(): void {
    const drains = this.#drains;
    this.#cancel = this.#clock.after(stallAfterMs, () => {
      this.#cancel = undefined;
      if (this.#waiters.length === 0) return;
      if (this.#drains === drains) {
        this.#stalled = true;
        this.#release();
      } else {
        this.#arm();
      }
    });
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
