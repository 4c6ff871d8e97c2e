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

/**
 * While something waits for its next turn, the runtime looks at its sockets only
 * at every 61st turn (tokio's `event_interval`).
 */
const turnsPerLook = 61;

/**
 * While there is always work for the next turn, sockets are looked at after this
 * time, in milliseconds. The empty turns for that take 0.15 ms.
 */
const lookIntervalMs = 6;

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
  /** When the runtime looked at its sockets as `nextTurn` had it do so. */
  #lookedAtMs = -Infinity;
  /** What is called when it has looked at them; undefined if nothing waits. */
  #onLook: (() => void)[] | undefined;

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
   * Passes empty turns at intervals, until the runtime has looked at its
   * sockets. It would do so at once if it had to wait for a timer, but such a
   * rest takes 2 ms.
   */
  nextTurn(callback: () => void): void {
    if (this.#onLook !== undefined) {
      this.#onLook.push(callback);
    } else if (performance.now() - this.#lookedAtMs < lookIntervalMs) {
      setImmediate(callback);
    } else {
      this.#onLook = [callback];
      this.#passTurns(turnsPerLook);
    }
  }

  #passTurns(turns: number): void {
    setImmediate(() => {
      if (turns > 1) return this.#passTurns(turns - 1);
      const callbacks = this.#onLook!;
      this.#onLook = undefined;
      this.#lookedAtMs = performance.now();
      for (const callback of callbacks) callback();
    });
  }

  endOfTurn(callback: () => void): void {
    setImmediate(callback);
  }

  random(): number {
    return Math.random();
  }
}
