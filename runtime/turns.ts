/**
 * Divides long work into turns of the event loop, so that no client, however
 * much it asks for, makes the others wait. The runtime looks at its timers after
 * each turn, and at its sockets after two at most.
 *
 * Where work waits, connections get equal shares of the time: those that ask
 * for less than their share hardly wait, and the others wait for themselves.
 * (P. Goyal, H. Vin, H. Cheng, "Start-Time Fair Queueing", SIGCOMM 1996.)
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/**
 * Work in one turn, in milliseconds: so short that other clients and timers do
 * not notice it.
 */
export const turnMs = 2;

/**
 * The same while all work is short pieces, as of many clients that report: a
 * turn in which each of them is served once is not divided.
 */
export const shortTurnMs = 8;

/**
 * Work after a pause of this length, in milliseconds, begins a new turn. A pause
 * within a turn is a few microseconds long.
 */
const pauseMs = 0.5;

/**
 * When work has gone on without a pause for this part of a turn, the event loop
 * is asked to say when it begins its next turn. Otherwise short turns that follow
 * closely would count as one long turn.
 */
const watchedFraction = 1 / 2;

/** What a piece of work counts as before its time is known, in milliseconds. */
const expectedMs = 0.01;

/**
 * One in this many calls goes to the connection that has waited longest, though
 * links wait, or others that have had less than their share.
 */
const longestEvery = 8;

/**
 * Pieces that may begin do so a few microtasks later, after as many `await`s.
 * Only then the next ones are called: else more would begin in a turn than it
 * has room for.
 */
const hopsToBegin = 4;

/**
 * So many short pieces are called together, if each of their workloads took at
 * most this long in the turn in which it worked last, in milliseconds. Calling
 * each alone costs as much as a short piece.
 */
const [maxTogether, maxShortMs] = [8, 0.1];

/** The work of one connection or link. */
export class Workload {
  /** Whether it comes before all others, as links do. */
  readonly isUrgent: boolean;
  /** Its pieces that wait for a turn. */
  readonly waiting = new Queue<() => void>();
  /**
   * Where it stands in virtual time, in milliseconds: it has had less than
   * others with a higher number.
   */
  virtualMs = 0;
  /** The turn in which it worked last: when that began. */
  turnStartedAtMs = NaN;
  /** What it took of that turn, in milliseconds. */
  turnMs = Infinity;

  constructor(isUrgent = false) {
    this.isUrgent = isUrgent;
  }
}

/** The turns of one event loop. */
export class Turns {
  readonly #clock: Clock;
  #startedAtMs = -Infinity;
  #lastWorkAtMs = -Infinity;
  /** The pieces of urgent workloads, in order. */
  readonly #urgent = new Queue<() => void>();
  /** The other workloads that have pieces waiting. */
  readonly #workloads = new WorkloadHeap();
  /**
   * Virtual time: where the workload that was called last stood. One that waits
   * for the first time begins here, so that it saves nothing up.
   */
  #virtualMs = 0;
  /** Whether workloads wait. They are called in the turns that follow. */
  #isCalling = false;
  /** Whether the event loop will say when its turn ends. */
  #isWatching = false;
  #calls = 0;
  /** The work in this turn, with the pieces that are called, in milliseconds. */
  #plannedMs = 0;
  /** Microtasks until the next piece is called. */
  #hopsLeft = 0;
  readonly #hop = () => {
    this.#hopsLeft -= 1;
    if (this.#hopsLeft > 0) queueMicrotask(this.#hop);
    else this.#callNext();
  };

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
    const elapsedMs = nowMs - this.#startedAtMs;
    const mostMs = workload.turnMs <= maxShortMs ? shortTurnMs : turnMs;
    if (!this.#isCalling && elapsedMs < mostMs) {
      if (elapsedMs >= mostMs * watchedFraction) this.#watch();
      return undefined;
    }
    return new Promise((resolve) => {
      this.#add(workload, resolve);
      if (this.#isCalling) return;
      this.#isCalling = true;
      this.#clock.nextTurn(() => this.#call());
    });
  }

  /**
   * Must be called after each piece of work.
   *
   * @param estimateMs How long a short piece takes, so that the clock need not be
   * read for it.
   * @returns Whether the turn is known to be over. Then the rest needs another
   * `begin`.
   */
  end(workload: Workload, estimateMs?: number): boolean {
    if (estimateMs !== undefined) {
      this.#charge(workload, estimateMs);
      return false;
    }
    const nowMs = this.#clock.elapsedMs();
    this.#charge(workload, nowMs - this.#lastWorkAtMs);
    this.#lastWorkAtMs = nowMs;
    return nowMs - this.#startedAtMs >= turnMs;
  }

  /** When the last piece began or ended, by the clock's `elapsedMs`. */
  get lastWorkAtMs(): number {
    return this.#lastWorkAtMs;
  }

  /** How many pieces of work wait for a turn. */
  get waiting(): number {
    return this.#urgent.size + this.#workloads.pieces;
  }

  /** While nobody waits, nothing needs to be divided. */
  #charge(workload: Workload, workedMs: number): void {
    if (workload.turnStartedAtMs === this.#startedAtMs) {
      workload.turnMs += workedMs;
    } else {
      workload.turnStartedAtMs = this.#startedAtMs;
      workload.turnMs = workedMs;
    }
    if (this.#isCalling) workload.virtualMs += workedMs;
  }

  #add(workload: Workload, resolve: () => void): void {
    if (workload.isUrgent) return this.#urgent.add(resolve);
    workload.waiting.add(resolve);
    if (workload.waiting.size > 1) return;
    // A new connection has saved nothing up either.
    const stoodAtMs = workload.virtualMs || this.#virtualMs;
    workload.virtualMs = Math.max(stoodAtMs, this.#virtualMs);
    this.#workloads.add(workload, stoodAtMs);
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#clock.endOfTurn(() => {
      this.#isWatching = false;
      if (!this.#isCalling) this.#startedAtMs = this.#clock.elapsedMs();
    });
  }

  /** Begins a turn. */
  #call(): void {
    this.#startedAtMs = this.#clock.elapsedMs();
    this.#callNext();
  }

  /** Lets one workload after the other go on until the turn is over. */
  #callNext(): void {
    this.#lastWorkAtMs = this.#clock.elapsedMs();
    this.#plannedMs = this.#lastWorkAtMs - this.#startedAtMs;
    if (this.#plannedMs >= turnMs) {
      this.#clock.nextTurn(() => this.#call());
      return;
    }
    let called = 0;
    while (called < maxTogether && this.#plannedMs < turnMs) {
      const resume = this.#next();
      if (resume === undefined) break;
      resume();
      called += 1;
    }
    if (called === 0) {
      this.#isCalling = false;
      return;
    }
    this.#hopsLeft = hopsToBegin;
    queueMicrotask(this.#hop);
  }

  #next(): (() => void) | undefined {
    this.#calls += 1;
    const workload = this.#calls % longestEvery === 0
      ? this.#workloads.takeOldest()
      : undefined;
    if (workload !== undefined) return this.#pieceOf(workload);
    const urgent = this.#urgent.take();
    if (urgent !== undefined) {
      this.#plannedMs = Infinity;
      return urgent;
    }
    const first = this.#workloads.take();
    if (first === undefined) return undefined;
    this.#virtualMs = Math.max(this.#virtualMs, first.virtualMs);
    return this.#pieceOf(first);
  }

  #pieceOf(workload: Workload): (() => void) | undefined {
    workload.virtualMs += expectedMs;
    this.#plannedMs += workload.turnMs <= maxShortMs
      ? workload.turnMs
      : Infinity;
    const resume = workload.waiting.take();
    if (workload.waiting.size > 0) this.#workloads.add(workload);
    return resume;
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

/** A workload, and its virtual time when it was added. */
interface HeapEntry {
  readonly workload: Workload;
  readonly virtualMs: number;
  /** Of those with equal times, the one comes first that stood here before. */
  readonly stoodAtMs: number;
  /** Of those that are equal in this too, the first one comes first. */
  readonly order: number;
}

/** Workloads, each at most once; the one with the least virtual time is first. */
class WorkloadHeap {
  readonly #entries: HeapEntry[] = [];
  #added = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** How many pieces of all workloads wait. */
  get pieces(): number {
    return this.#entries.reduce(
      (sum, { workload }) => sum + workload.waiting.size,
      0,
    );
  }

  /** @param stoodAtMs Its virtual time when it last waited for something. */
  add(workload: Workload, stoodAtMs = workload.virtualMs): void {
    this.#added += 1;
    const { virtualMs } = workload;
    const order = this.#added;
    this.#entries.push({ workload, virtualMs, stoodAtMs, order });
    this.#rise(this.#entries.length - 1);
  }

  take(): Workload | undefined {
    while (this.#entries.length > 0) {
      const { virtualMs, workload } = this.#removeAt(0);
      // What a piece has taken is known only after the next one was added.
      if (workload.virtualMs === virtualMs) return workload;
      this.add(workload);
    }
    return undefined;
  }

  /** Takes the one that was added before all others. */
  takeOldest(): Workload | undefined {
    const entries = this.#entries;
    if (entries.length === 0) return undefined;
    let oldest = 0;
    for (let at = 1; at < entries.length; at++) {
      if (entries[at].order < entries[oldest].order) oldest = at;
    }
    return this.#removeAt(oldest).workload;
  }

  #removeAt(at: number): HeapEntry {
    const entries = this.#entries;
    const removed = entries[at];
    const last = entries.pop()!;
    if (last !== removed) {
      entries[at] = last;
      this.#rise(at);
      this.#sink(at);
    }
    return removed;
  }

  /** Moves an entry up to its place. */
  #rise(from: number): void {
    const entries = this.#entries;
    const entry = entries[from];
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(entry, entries[above])) break;
      entries[at] = entries[above];
      at = above;
    }
    entries[at] = entry;
  }

  /** Moves an entry down to its place. */
  #sink(from: number): void {
    const entries = this.#entries;
    const entry = entries[from];
    let at = from;
    while (true) {
      let below = 2 * at + 1;
      if (below >= entries.length) break;
      const other = below + 1;
      if (other < entries.length && isBefore(entries[other], entries[below])) {
        below = other;
      }
      if (!isBefore(entries[below], entry)) break;
      entries[at] = entries[below];
      at = below;
    }
    entries[at] = entry;
  }
}

function isBefore(one: HeapEntry, other: HeapEntry): boolean {
  if (one.virtualMs !== other.virtualMs) return one.virtualMs < other.virtualMs;
  return one.stoodAtMs === other.stoodAtMs
    ? one.order < other.order
    : one.stoodAtMs < other.stoodAtMs;
}
