/**
 * Time, as a thing that is passed in: rooms ask a Clock, never the runtime, so
 * that tests can run hours in milliseconds.
 *
 * @module
 */
import type { Timestamp } from "../protocol/time.ts";

/** The only source of time, of waiting and of chance. */
export interface Clock {
  /** The time of day. */
  now(): Timestamp;
  /** Milliseconds from an arbitrary start; never goes back. */
  elapsedMs(): number;
  /** Calls back once, later. The returned function calls it off. */
  after(delayMs: number, callback: () => void): () => void;
  /** A number from 0 up to 1 (exclusive). */
  random(): number;
}

/** The time of day in POSIX seconds, as exactly as a double can be. */
export function secondsOf(clock: Clock): number {
  const { nanoseconds, seconds } = clock.now();
  return seconds + nanoseconds / 1e9;
}

/** Waits, at most until the signal aborts. Never throws. */
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
 * How far the fine clock may stray from the coarse one, in milliseconds,
 * before it is set again. The coarse one only ticks whole milliseconds.
 */
const maxStrayMs = 5;

/**
 * The machine's clock. `Date.now()` follows the time of day but has only
 * milliseconds; `performance.now()` has nanoseconds but does not follow when
 * the time of day is set. This one counts with the second and is set by the
 * first.
 */
export class SystemClock implements Clock {
  // The time of day when `performance.now()` was zero. Whole milliseconds and
  // the rest are kept apart: one double has no room for both.
  #originMs: number;
  #originNanoseconds: number;

  constructor() {
    this.#originMs = Math.floor(performance.timeOrigin);
    this.#originNanoseconds = Math.floor(
      (performance.timeOrigin - this.#originMs) * 1_000_000,
    );
  }

  now(): Timestamp {
    const counterMs = performance.now();
    const dateMs = Date.now();
    if (Math.abs(this.#originMs + counterMs - dateMs) > maxStrayMs) {
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

  random(): number {
    return Math.random();
  }
}
