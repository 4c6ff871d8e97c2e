/**
 * Clocks. All code gets the time from a clock that is passed to it, so that
 * tests can run hours in milliseconds.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Timestamp } from "../protocol/time.ts";

/** The only source of time, timers and random numbers. */
export interface Clock {
  /**
   * The time of day.
   *
   * @param elapsedMs What `elapsedMs()` has just returned, to read it only once.
   */
  now(elapsedMs?: number): Timestamp;
  /** Milliseconds from an arbitrary start. Never decreases. */
  elapsedMs(): number;
  /**
   * Calls `callback` once after a delay. The returned function cancels that.
   */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls `callback` once, after the sockets and timers that are due. */
  nextTurn(callback: () => void): void;
  /** Calls `callback` once, when this turn of the event loop ends. */
  endOfTurn(callback: () => void): void;
  /** A number from 0 up to 1 (exclusive). */
  random(): number;
}

/** The time of day in POSIX seconds, rounded to a double. */
export function secondsOf(clock: Clock): number {
  const { nanoseconds, seconds } = clock.now();
  return seconds + nanoseconds / 1e9;
}

/** Waits until the delay has passed or the signal aborts. Never rejects. */
export function sleep(
  clock: Clock,
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal.addEventListener("abort", done);
  });
}

/**
 * Largest difference between the two clocks of `SystemClock`, in milliseconds,
 * before it is corrected. `Date.now()` has only whole milliseconds.
 */
const maxDriftMs = 5;

/** A timer without a delay is due after this time at most, in milliseconds. */
const timerDueMs = 2;

/**
 * The machine's clock. `Date.now()` has the time of day, but only in
 * milliseconds. `performance.now()` has nanoseconds, but does not change when
 * the time of day is set. This clock counts with `performance.now()` and is
 * corrected by `Date.now()`.
 */
export class SystemClock implements Clock {
  // The time of day when `performance.now()` was zero. One double cannot hold
  // it, so whole milliseconds and the rest are separate.
  #originMs: number;
  #originNanoseconds: number;
  /** When a timer was set for `nextTurn`; undefined if none is. */
  #timerSetAtMs: number | undefined;
  /** What is called when that timer is due. */
  #onTimer: (() => void)[] = [];

  constructor() {
    this.#originMs = Math.floor(performance.timeOrigin);
    this.#originNanoseconds = Math.floor(
      (performance.timeOrigin - this.#originMs) * 1_000_000,
    );
  }

  now(counterMs: number = performance.now()): Timestamp {
    const dateMs = Date.now();
    if (Math.abs(this.#originMs + counterMs - dateMs) > maxDriftMs) {
      this.#originMs = Math.floor(dateMs - counterMs);
      this.#originNanoseconds = 0;
    }
    const wholeMs = Math.floor(counterMs);
    const milliseconds = this.#originMs + wholeMs;
    const seconds = Math.floor(milliseconds / 1000);
    const nanoseconds = (milliseconds - seconds * 1000) * 1_000_000 +
      this.#originNanoseconds +
      Math.floor((counterMs - wholeMs) * 1_000_000);
    return nanoseconds < 1_000_000_000
      ? { seconds, nanoseconds }
      : { seconds: seconds + 1, nanoseconds: nanoseconds - 1_000_000_000 };
  }

  elapsedMs(): number {
    return performance.now();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  }

  /**
   * While something waits in `setImmediate`, the runtime looks at its sockets
   * only at every 61st turn. It looks at them at once when it has only timers to
   * wait for, even if one is already due. So each turn sets a timer when it
   * begins, and a turn that takes longer than that is followed by its callback.
   * A timer that is set when a turn ends would let the processor rest for 2 ms.
   */
  nextTurn(callback: () => void): void {
    const setAtMs = this.#timerSetAtMs;
    if (setAtMs !== undefined && performance.now() - setAtMs > timerDueMs) {
      this.#onTimer.push(callback);
      return;
    }
    setImmediate(() => {
      this.#setTimer();
      callback();
    });
  }

  #setTimer(): void {
    if (this.#timerSetAtMs !== undefined) return;
    this.#timerSetAtMs = performance.now();
    setTimeout(() => {
      this.#timerSetAtMs = undefined;
      const callbacks = this.#onTimer;
      if (callbacks.length === 0) return;
      this.#onTimer = [];
      this.#setTimer();
      for (const callback of callbacks) callback();
    }, 0);
  }

  endOfTurn(callback: () => void): void {
    setImmediate(callback);
  }

  random(): number {
    return Math.random();
  }
}
