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
  /**
   * Calls `callback` once, after the timers that are due and, in each call after
   * some milliseconds, after the sockets that are ready.
   */
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

/** A moment that has passed. The clock may be set after it. */
export class PastMoment {
  readonly #clock: Clock;
  readonly #elapsedMs: number;
  #posixSeconds: number;

  /** The present moment. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#elapsedMs = clock.elapsedMs();
    this.#posixSeconds = secondsOf(clock);
  }

  /** Seconds from the moment until now. Never decreases. */
  get ageSeconds(): number {
    return (this.#clock.elapsedMs() - this.#elapsedMs) / 1000;
  }

  /**
   * When it was, in POSIX seconds, by the clock as it is set now. It changes
   * only if the clock was set by at least `maxShiftSeconds`.
   */
  get posixSeconds(): number {
    const seconds = secondsOf(this.#clock) - this.ageSeconds;
    if (Math.abs(seconds - this.#posixSeconds) >= maxShiftSeconds) {
      this.#posixSeconds = seconds;
    }
    return this.#posixSeconds;
  }
}

/** Smaller differences are rounding, or slow drift, in seconds. */
const maxShiftSeconds = 1;

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

/** The two clocks of the machine. */
export interface TimeSources {
  /** The time of day, in whole POSIX milliseconds. May be set at any time. */
  dateMs(): number;
  /** Milliseconds, with fractions, from an arbitrary start. Never decreases. */
  counterMs(): number;
}

const machineSources: TimeSources = {
  dateMs: () => Date.now(),
  counterMs: () => performance.now(),
};

/**
 * A greater difference between the two clocks, in milliseconds, is a step: the
 * time of day was set. A smaller one is drift.
 */
const maxDriftMs = 5;

/**
 * How precisely the start of a millisecond is found at the start and after a
 * step, in milliseconds. Reading both clocks takes less than a microsecond.
 */
const stepPrecisionMs = 0.01;

/** The same while the clocks drift: one reading is enough. */
const driftPrecisionMs = 1.01;

/**
 * The time of day is read again after this time, in milliseconds: a step is
 * noticed so much later, and a busy server reads it less often.
 */
const dateIntervalMs = 0.25;

/** Most readings to reach a precision: two milliseconds, with fast clocks. */
const maxReadings = 20_000;

/**
 * The machine's clock. `Date.now()` has the time of day, but only in whole
 * milliseconds. `performance.now()` has nanoseconds, but does not change when
 * the time of day is set. This clock counts with `performance.now()` and is
 * corrected by `Date.now()`.
 *
 * The process may pause between two readings. So a reading gives only bounds of
 * the difference between the clocks, and a correction needs a reading whose
 * bounds exclude the present difference. The clock takes the upper bound, and
 * so it is never behind the machine's.
 */
export class SystemClock implements Clock {
  readonly #sources: TimeSources;
  // One double cannot hold the time of day in nanoseconds, so the difference is
  // the sum of whole milliseconds and a small number.
  #originMs = 0;
  #offsetMs = 0;
  /** When the time of day was read last, by the counter. */
  #correctedAtMs = -Infinity;
  /** When the runtime last looked at its sockets because of `nextTurn`. */
  #lookedAtMs = -Infinity;
  /** What is called when it has looked at them; undefined if nothing waits. */
  #onLook: (() => void)[] | undefined;

  constructor(sources: TimeSources = machineSources) {
    this.#sources = sources;
    this.#measure(stepPrecisionMs);
  }

  now(counterMs: number = this.#sources.counterMs()): Timestamp {
    if (counterMs - this.#correctedAtMs >= dateIntervalMs) {
      this.#correctedAtMs = counterMs;
      this.#correct(counterMs, this.#sources.dateMs());
    }
    const sumMs = counterMs + this.#offsetMs;
    const wholeMs = Math.floor(sumMs);
    const milliseconds = this.#originMs + wholeMs;
    const seconds = Math.floor(milliseconds / 1000);
    const nanoseconds = (milliseconds - seconds * 1000) * 1_000_000 +
      Math.floor((sumMs - wholeMs) * 1_000_000);
    return { seconds, nanoseconds };
  }

  /** @param counterMs Was read before `dateMs`. */
  #correct(counterMs: number, dateMs: number): void {
    const aheadMs = this.#aheadMs(counterMs, dateMs);
    if (aheadMs >= 0 && aheadMs <= 1) return;
    // The process may have paused after it had read the counter.
    if (aheadMs < 0 && !this.#isBehind(dateMs)) return;
    if (Math.abs(aheadMs) > maxDriftMs) this.#measure(stepPrecisionMs);
    else if (aheadMs > 1) this.#offsetMs -= aheadMs - 1;
    else this.#measure(driftPrecisionMs);
  }

  /** Whether a time of day that was read just now is later than this clock. */
  #isBehind(dateMs: number): boolean {
    return this.#aheadMs(this.#sources.counterMs(), dateMs) < 0;
  }

  /** How far this clock is ahead of a whole millisecond of the time of day. */
  #aheadMs(counterMs: number, dateMs: number): number {
    return this.#originMs - dateMs + counterMs + this.#offsetMs;
  }

  /**
   * Measures the difference between the clocks. Each reading of the time of day
   * is between two readings of the counter, which give a lower and an upper
   * bound.
   */
  #measure(precisionMs: number): void {
    let [least, most] = [-Infinity, Infinity];
    for (let readings = 0; readings < maxReadings; readings++) {
      const beforeMs = this.#sources.counterMs();
      const dateMs = this.#sources.dateMs();
      const afterMs = this.#sources.counterMs();
      if (readings === 0) this.#originMs = dateMs;
      const sinceOriginMs = dateMs - this.#originMs;
      least = Math.max(least, sinceOriginMs - afterMs);
      most = Math.min(most, sinceOriginMs + 1 - beforeMs);
      if (most < least) {
        // The time of day was set meanwhile.
        least = sinceOriginMs - afterMs;
        most = sinceOriginMs + 1 - beforeMs;
      }
      if (most - least <= precisionMs) break;
    }
    this.#offsetMs = most;
  }

  elapsedMs(): number {
    return this.#sources.counterMs();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  }

  /**
   * Passes empty turns at intervals, until the runtime has looked at its
   * sockets. It would do so at once if it had to wait for a timer, but such a
   * wait takes 2 ms.
   */
  nextTurn(callback: () => void): void {
    if (this.#onLook !== undefined) {
      this.#onLook.push(callback);
    } else if (this.elapsedMs() - this.#lookedAtMs < lookIntervalMs) {
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
      this.#lookedAtMs = this.elapsedMs();
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
