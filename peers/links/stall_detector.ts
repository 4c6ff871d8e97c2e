/**
 * Flood before reply, within reason: how long replies wait for a link.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import { stallAfterMs } from "../limits.ts";

/**
 * Lets replies wait until a link has caught up, but only so long: a link that
 * keeps one waiting for `stallAfterMs` is stalled until it has caught up.
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

  wait(): Promise<void> | undefined {
    if (this.#stalled) return undefined;
    if (this.#cancel === undefined) this.#arm();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  onDrained(): void {
    this.#drains += 1;
    this.#stalled = false;
    this.#release();
  }

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
