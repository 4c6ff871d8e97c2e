/**
 * Compares this server's clock with those of its linked neighbours. No I/O, no
 * clock: both clocks of the machine are passed in.
 *
 * The reference is the median of this server's clock and the neighbours' clocks.
 * A clock that is wrong moves it little as long as most clocks are right, whether
 * it is this server's or a neighbour's. With two servers it is between their
 * clocks, and neither is right.
 *
 * A neighbour tells its clock from time to time. The message takes milliseconds, or
 * longer if the neighbour or the network was slow. So the value that is furthest
 * ahead, of the last seconds, counts. Seconds are
 * counted in runs of `tick`, not read from a clock: a server that was frozen
 * itself reads old messages when it resumes.
 *
 * Between these messages a neighbour's clock is extrapolated by a clock that is
 * not set, so that a step of this server's clock does not seem to be a step of
 * all others.
 *
 * @module
 */
import { isHeardAfter, type ReportParts } from "../../protocol/order.ts";
import {
  addSeconds,
  secondsBetween,
  type Timestamp,
} from "../../protocol/time.ts";
import type { ReplicaClockStatus } from "../../replica/replica.ts";
import {
  clockAgreesWithinSeconds,
  clockDiffersFromSeconds,
  maxClockSkewSeconds,
  ticksOfClockEpoch,
} from "../limits.ts";

/** What `ClockComparison` needs. */
export interface ClockSources {
  /**
   * This server's time of day.
   *
   * @param elapsedMs What `elapsedMs` has returned lately, to read it only once.
   */
  readonly now: (elapsedMs?: number) => Timestamp;
  /** Milliseconds from an arbitrary start. Never decreases. */
  readonly elapsedMs: () => number;
}

/** The furthest values of a neighbour's clock in this epoch and the last one. */
interface NeighbourClock {
  present: number;
  last: number;
}

/** The clocks of one server and its neighbours. */
export class ClockComparison {
  readonly #sources: ClockSources;
  /** All numbers below are seconds after this. */
  readonly #base: Timestamp;
  readonly #baseMs: number;
  /** How far each neighbour's clock is ahead of `elapsedMs`. */
  readonly #neighbours = new Map<string, NeighbourClock>();
  #ticks = 0;
  #differs = false;
  /** Reports that were heard later are ahead; a time that was right lately. */
  #limit: Timestamp;
  /**
   * How far the clocks of unlinked neighbours were ahead, as last known. Without
   * them, a server whose own clock is behind would consider all reports ahead of
   * all clocks.
   */
  readonly #formerNeighbours = new Map<string, number>();
  /**
   * The latest time that any of the clocks has shown; at first that of this
   * server's start. If all of them now show an earlier time, one was set back,
   * and reports may be stored that were heard at a time that has not come.
   */
  #latest = 0;

  constructor(sources: ClockSources) {
    this.#sources = sources;
    this.#base = sources.now();
    this.#baseMs = sources.elapsedMs();
    this.#limit = this.#computeLimit();
  }

  /** To be called when a neighbour has told its clock. */
  onTold(neighbour: string, theirs: Timestamp): void {
    const value = secondsBetween(this.#base, theirs) - this.#elapsed;
    const clock = this.#neighbours.get(neighbour);
    this.#formerNeighbours.delete(neighbour);
    if (clock === undefined) {
      this.#neighbours.set(neighbour, { present: value, last: -Infinity });
    } else {
      clock.present = Math.max(clock.present, value);
    }
    this.#limit = this.#computeLimit();
  }

  /** A neighbour is not linked any more: its clock does not count. */
  onUnlinked(neighbour: string): void {
    const clock = this.#neighbours.get(neighbour);
    if (clock === undefined) return;
    this.#neighbours.delete(neighbour);
    this.#formerNeighbours.set(neighbour, furthest(clock));
    this.#limit = this.#computeLimit();
  }

  /**
   * To be called once a second.
   *
   * @returns If clocks were set back: the time after which no report of the store
   * can have been heard, by any clock.
   */
  tick(): Timestamp | undefined {
    this.#ticks += 1;
    if (this.#ticks % ticksOfClockEpoch === 0) {
      for (const clock of this.#neighbours.values()) {
        // The last value of a silent neighbour is kept.
        if (clock.present === -Infinity) continue;
        clock.last = clock.present;
        clock.present = -Infinity;
      }
    }
    this.#limit = this.#computeLimit();
    const size = Math.abs(this.#aheadSeconds);
    this.#differs = this.#differs
      ? size > clockAgreesWithinSeconds
      : size > clockDiffersFromSeconds;
    const present = this.#elapsed + Math.max(
      this.#own,
      ...this.#neighbours.values().map(furthest),
      ...this.#formerNeighbours.values(),
    );
    const wasSetBack = this.#latest > present + clockDiffersFromSeconds;
    this.#latest = wasSetBack ? present : Math.max(this.#latest, present);
    return wasSetBack
      ? addSeconds(this.#base, present + maxClockSkewSeconds)
      : undefined;
  }

  /** How this server's clock compares with the reference. */
  get state(): ReplicaClockStatus {
    return {
      aheadSeconds: this.#aheadSeconds,
      clocks: this.#neighbours.size + 1,
      differs: this.#differs,
    };
  }

  /**
   * How far a neighbour's clock is ahead of this server's, in seconds; undefined
   * if it has not told its clock.
   */
  aheadSecondsOf(neighbour: string): number | undefined {
    const clock = this.#neighbours.get(neighbour);
    return clock === undefined ? undefined : furthest(clock) - this.#own;
  }

  /**
   * Whether a report of a neighbour was heard at a time that has not come. The
   * reference is computed anew only where the last one does not suffice, as every
   * report passes through here.
   */
  isAhead(report: ReportParts): boolean {
    if (!isHeardAfter(report, this.#limit)) return false;
    this.#limit = this.#computeLimit();
    return isHeardAfter(report, this.#limit);
  }

  /**
   * To be called when this server has heard reports: its clock may be set and set
   * back between two runs of `tick`.
   *
   * @param elapsedMs When they were heard, by `elapsedMs`, if that is known.
   */
  onHeard(elapsedMs?: number): void {
    if (this.#sources.now(elapsedMs).seconds < this.#limit.seconds) return;
    this.#limit = this.#computeLimit();
    this.#latest = Math.max(this.#latest, this.#own + this.#elapsed);
  }

  #computeLimit(): Timestamp {
    const seconds = this.#median + this.#elapsed + maxClockSkewSeconds;
    return addSeconds(this.#base, seconds);
  }

  get #aheadSeconds(): number {
    return this.#own - this.#median;
  }

  /** Seconds that have passed. */
  get #elapsed(): number {
    return (this.#sources.elapsedMs() - this.#baseMs) / 1_000;
  }

  /** How far this server's clock is ahead of `elapsedMs`, in seconds. */
  get #own(): number {
    return secondsBetween(this.#base, this.#sources.now()) - this.#elapsed;
  }

  /** The same for the median of all clocks. */
  get #median(): number {
    const clocks = [this.#own, ...this.#neighbours.values().map(furthest)];
    clocks.sort((one, other) => one - other);
    const middle = clocks.length >> 1;
    return clocks.length % 2 === 1
      ? clocks[middle]
      : (clocks[middle - 1] + clocks[middle]) / 2;
  }
}

function furthest({ last, present }: NeighbourClock): number {
  return Math.max(last, present);
}
