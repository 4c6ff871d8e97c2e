/**
 * Time that passes only when a simulation lets it: a queue of events, and
 * nothing between them.
 *
 * @module
 */
import { setImmediate } from "node:timers";

/**
 * How many immediates are requested together. Before each of them the runtime
 * runs all continuations that are left, just as before a single one. A single
 * immediate costs one microsecond, and one of many a sixth of that.
 */
const stepsAtOnce = 32;

/** Something that happens at a time. */
interface TimedEvent {
  readonly timeMs: number;
  /** Events of the same time happen in the order of this. */
  readonly order: number;
  /** Undefined once it was called off, or has happened. */
  callback: (() => void) | undefined;
}

/** The time of a simulated world. Begins at 0. */
export class VirtualTime {
  readonly #queue = new EventQueue();
  #elapsedMs = 0;
  #scheduled = 0;
  #happened = 0;

  /** Milliseconds since the world began. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** How many events have happened. */
  get eventCount(): number {
    return this.#happened;
  }

  /**
   * Calls back at a time, or right after the present event if that has passed.
   * The returned function calls it off.
   */
  at(timeMs: number, callback: () => void): () => void {
    const event: TimedEvent = {
      timeMs: Math.max(timeMs, this.#elapsedMs),
      order: this.#scheduled++,
      callback,
    };
    this.#queue.add(event);
    return () => event.callback = undefined;
  }

  /**
   * Lets every event up to a time happen, that time included. Each begins when
   * all that the one before it set off has come to rest.
   */
  run(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false;
      const step = () => {
        if (isOver) return;
        try {
          if (this.#happenNext(untilMs)) return;
          this.#elapsedMs = Math.max(this.#elapsedMs, untilMs);
          resolve();
        } catch (error) {
          reject(error);
        }
        isOver = true;
      };
      const stepOn = () => {
        if (isOver) return;
        for (let count = 0; count < stepsAtOnce; count++) setImmediate(step);
        setImmediate(stepOn);
      };
      stepOn();
    });
  }

  /**
   * Lets every promise that can be kept without time be kept. The runtime only
   * turns to an immediate when no continuation is left, however long the chain
   * was.
   */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets the next event happen; false if none is left up to a time. */
  #happenNext(untilMs: number): boolean {
    let event;
    while ((event = this.#queue.takeUntil(untilMs)) !== undefined) {
      const { callback } = event;
      if (callback === undefined) continue;
      event.callback = undefined;
      this.#elapsedMs = event.timeMs;
      this.#happened += 1;
      callback();
      return true;
    }
    return false;
  }
}

/** A binary heap: the event that comes next is always first. */
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

  /** Takes the next event if it is due by then. */
  takeUntil(untilMs: number): TimedEvent | undefined {
    const heap = this.#heap;
    if (heap.length === 0 || heap[0].timeMs > untilMs) return undefined;
    const next = heap[0];
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return next;
  }

  /** Puts an event in the first place, and down from there to its own. */
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
