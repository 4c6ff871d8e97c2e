/**
 * Counts of the links with one neighbour since the server started.
 *
 * @module
 */
import { type Clock, PastMoment } from "../../runtime/clock.ts";

/** The counts of one neighbour. */
export class LinkCounts {
  /** AT lines received. */
  reportsReceived = 0;
  /** Messages of a later version that were ignored, as they are optional. */
  ignoredMessages = 0;
  /**
   * Alternations of connections between two servers that both have the
   * neighbour's name.
   */
  duplicates = 0;
  /** Bytes written to sockets. */
  bytesSent = 0;
  /** The reason of the latest failed dial or lost link. */
  lastFailure: string | undefined;
  #losses = 0;
  readonly #clock: Clock;
  /** When the present state, linked or not, started. */
  #start: PastMoment;
  #isUp = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#start = new PastMoment(clock);
  }

  /** How many links were lost. */
  get losses(): number {
    return this.#losses;
  }

  /** When the present state, linked or not, started, in POSIX seconds. */
  get since(): number {
    return this.#start.posixSeconds;
  }

  /** For how long the neighbour has been linked, or not linked, in seconds. */
  get stateSeconds(): number {
    return this.#start.ageSeconds;
  }

  /** To be called when a connection becomes the link in use. */
  up(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#start = new PastMoment(this.#clock);
  }

  /** To be called when the link is lost. */
  down(reason: string): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#start = new PastMoment(this.#clock);
    this.#losses += 1;
    this.lastFailure = reason;
  }
}
