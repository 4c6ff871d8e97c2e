/**
 * A clock that a test moves.
 *
 * @module
 */
import type { Timestamp } from "../../protocol/time.ts";
import type { Clock } from "../../runtime/clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Begins at 2018-03-02 21:05:34 UTC. Every random number is 0.5. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;
  #setByMs = 0;

  now(): Timestamp {
    const ms = 1_520_024_734_000 + this.#setByMs + this.#elapsedMs;
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

  nextTurn(callback: () => void): void {
    queueMicrotask(callback);
  }

  endOfTurn(callback: () => void): void {
    queueMicrotask(callback);
  }

  random(): number {
    return 0.5;
  }

  /** How many callbacks are pending. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Sets the time of day later. `elapsedMs` does not change. */
  setBy(seconds: number): void {
    this.#setByMs += seconds * 1000;
  }

  /** Moves the clock as if the program had not run: timers are late. */
  sleep(ms: number): void {
    this.#elapsedMs += ms;
  }

  /** Moves the clock, and runs the callbacks that are due in order. */
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

/** Waits until all promises that need no time have settled. */
export async function drainMicrotasks(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}
