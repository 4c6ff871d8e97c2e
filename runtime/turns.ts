/**
 * Divides long work into turns of the event loop, so that no client can delay
 * the others, however much work it causes. Between two turns the runtime
 * handles its sockets and timers.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/**
 * Work in one turn, in milliseconds: long enough that changing turns costs
 * little, short enough that the delay is not noticed.
 */
export const turnMs = 2;

/**
 * Work after a pause of this length, in milliseconds, begins a new turn. A pause
 * within a turn is a few microseconds long.
 */
const pauseMs = 0.5;

/**
 * Workloads that have taken more time than this, in milliseconds, come after
 * those that have taken less.
 */
export const lightWorkMs = 4;

/** One in this many turns goes to a heavy workload, even if light ones wait. */
const heavyEvery = 8;

/** The work of one connection or link. */
export class Workload {
  /** Whether it comes before all others, as links do. */
  readonly isUrgent: boolean;
  /** The time that it has taken lately, in milliseconds. */
  workedMs = 0;

  constructor(isUrgent = false) {
    this.isUrgent = isUrgent;
  }

  /** Halves the time that counts. Must be called once a second. */
  relax(): void {
    this.workedMs /= 2;
  }
}

/** The turns of one event loop. */
export class Turns {
  readonly #clock: Clock;
  #startedAtMs = -Infinity;
  #lastWorkAtMs = -Infinity;
  /** Functions that resume a workload, in order. */
  readonly #urgent = new Queue<() => void>();
  readonly #light = new Queue<() => void>();
  readonly #heavy = new Queue<() => void>();
  #isCalling = false;
  #calls = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Must be called before each piece of work. A piece takes well below a
   * millisecond.
   *
   * @returns Undefined if the work may begin now. Otherwise resolves when it may.
   */
  begin(workload: Workload): Promise<void> | undefined {
    const nowMs = this.#clock.elapsedMs();
    if (nowMs - this.#lastWorkAtMs > pauseMs) this.#startedAtMs = nowMs;
    this.#lastWorkAtMs = nowMs;
    if (!this.#isCalling && nowMs - this.#startedAtMs < turnMs) {
      return undefined;
    }
    return new Promise((resolve) => {
      this.#queueOf(workload).add(resolve);
      if (this.#isCalling) return;
      this.#isCalling = true;
      this.#clock.nextTurn(() => this.#call());
    });
  }

  /**
   * Must be called after each piece of work.
   *
   * @returns Whether the turn is over. Then the rest needs another `begin`.
   */
  end(workload: Workload): boolean {
    const nowMs = this.#clock.elapsedMs();
    workload.workedMs += nowMs - this.#lastWorkAtMs;
    this.#lastWorkAtMs = nowMs;
    return nowMs - this.#startedAtMs >= turnMs;
  }

  /** How many pieces of work wait for a turn. */
  get waiting(): number {
    return this.#urgent.size + this.#light.size + this.#heavy.size;
  }

  #queueOf(workload: Workload): Queue<() => void> {
    if (workload.isUrgent) return this.#urgent;
    return workload.workedMs < lightWorkMs ? this.#light : this.#heavy;
  }

  /** Begins a turn. */
  #call(): void {
    this.#startedAtMs = this.#clock.elapsedMs();
    this.#lastWorkAtMs = this.#startedAtMs;
    this.#callNext();
  }

  /** Resumes one workload after another until the turn is over. */
  #callNext(): void {
    if (this.#clock.elapsedMs() - this.#startedAtMs >= turnMs) {
      this.#clock.nextTurn(() => this.#call());
      return;
    }
    const resume = this.#next();
    if (resume === undefined) {
      this.#isCalling = false;
      return;
    }
    // The work runs in a microtask, which is queued before this one.
    resume();
    queueMicrotask(() => this.#callNext());
  }

  #next(): (() => void) | undefined {
    this.#calls += 1;
    const first = this.#calls % heavyEvery === 0 ? this.#heavy : this.#urgent;
    return first.take() ?? this.#urgent.take() ?? this.#light.take() ??
      this.#heavy.take();
  }
}

/** First in, first out. */
class Queue<Item> {
  #items: Item[] = [];
  #first = 0;

  get size(): number {
    return this.#items.length - this.#first;
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  take(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#first++];
    // Taken items are dropped when they are half of all.
    if (this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }
}
