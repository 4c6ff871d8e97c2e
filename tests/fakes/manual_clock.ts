/**
 * A clock that stands still until a test moves it.
 *
 * @module
 */
import type { Timestamp } from "../../protocol/time.ts";
import type { Clock } from "../../runtime/clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Begins at 2018-03-02 21:05:34 UTC, and draws 0.5 for every chance. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;

  now(): Timestamp {
    const ms = 1_520_024_734_000 + this.#elapsedMs;
    return {
      seconds: Math.floor(ms / 1000),
      nanoseconds: Math.round((ms % 1000) * 1_000_000),
    };
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#elapsedMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  random(): number {
    return 0.5;
  }

  /** How many callbacks are due some day. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on, and lets what is due happen in its order. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms;
    await drainMicrotasks();
    while (true) {
      const [next] = [...this.#timers]
        .filter(({ dueMs }) => dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.callback();
      await drainMicrotasks();
    }
    this.#elapsedMs = untilMs;
  }
}

/** Lets every promise that can be kept without time be kept. */
export async function drainMicrotasks(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}
