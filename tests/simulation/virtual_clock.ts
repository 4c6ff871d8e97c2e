/**
 * The time of a simulation: a queue of events, without any wait between them.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/**
 * How many immediates are requested together. Before each of them, the runtime
 * runs all pending continuations, as it does before a single one. A single
 * immediate costs 1 µs, and each of many a sixth of that.
 */
const stepsAtOnce = 32;

/** An event at a time. */
interface TimedEvent {
  readonly timeMs: number;
  /** The order of events at the same time. */
  readonly order: number;
  /** Undefined if it was cancelled, or has occurred. */
  callback: (() => void) | undefined;
}

/** The time of a simulation, which starts at 0. */
export class VirtualTime {
  readonly #queue = new EventQueue();
  #elapsedMs = 0;
  #scheduledCount = 0;
  #eventCount = 0;

  /** Milliseconds since the start. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** How many events have occurred. */
  get eventCount(): number {
    return this.#eventCount;
  }

  /**
   * Calls back at a time, or after the present event if that time has passed.
   * The returned function cancels it.
   */
  at(timeMs: number, callback: () => void): () => void {
    const event: TimedEvent = {
      timeMs: Math.max(timeMs, this.#elapsedMs),
      order: this.#scheduledCount++,
      callback,
    };
    this.#queue.add(event);
    return () => event.callback = undefined;
  }

  /**
   * Runs all events up to a time (inclusive). Each event starts when all
   * continuations of the previous one have run.
   */
  run(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const step = () => {
        if (isOver) return;
        try {
          if (this.#runNext(untilMs)) return;
          this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
          resolve();
        } catch (error) {
          reject(error);
        }
        isOver = true;
      };
      const runSteps = () => {
        if (isOver) return;
        for (let count = 0; count < stepsAtOnce; count++) setImmediate(step);
        setImmediate(runSteps);
      };
      runSteps();
    });
  }

  /**
   * Resolves when no continuation is pending, while time stands still. The
   * runtime runs an immediate only when no continuation is left.
   */
  drainMicrotasks(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Runs the next event. Returns false if none is left up to a time. */
  #runNext(untilMs: number): boolean {
    let event;
    while ((event = this.#queue.takeUntil(untilMs)) !== undefined) {
      const { callback } = event;
      if (callback === undefined) continue;
      event.callback = undefined;
      this.#elapsedMs = event.timeMs;
      this.#eventCount += 1;
      callback();
      return true;
    }
    return false;
  }
}

/** A binary heap with the next event first. */
class EventQueue {
  readonly #heap: TimedEvent[] = [];

  add(event: TimedEvent): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent], event)) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = event;
  }

  /** Removes and returns the next event, if it is not after `untilMs`. */
  takeUntil(untilMs: number): TimedEvent | undefined {
    const heap = this.#heap;
    if (heap.length === 0 || heap[0].timeMs > untilMs) return undefined;
    const next = heap[0];
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return next;
  }

  /** Inserts an event at the root, and moves it down to its place. */
  #sink(event: TimedEvent): void {
    const heap = this.#heap;
    let index = 0;
    while (true) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (
        child + 1 < heap.length && isBefore(heap[child + 1], heap[child])
      ) {
        child += 1;
      }
      if (isBefore(event, heap[child])) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = event;
  }
}

function isBefore(one: TimedEvent, other: TimedEvent): boolean {
  return one.timeMs < other.timeMs ||
    (one.timeMs === other.timeMs && one.order < other.order);
}
