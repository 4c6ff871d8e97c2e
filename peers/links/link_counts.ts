/**
 * Counts of the links with one neighbour since the server started.
 *
 * @module
 */

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
  #since: number;
  #isUp = false;

  /** @param now POSIX seconds. */
  constructor(now: number) {
    this.#since = now;
  }

  /** How many links were lost. */
  get losses(): number {
    return this.#losses;
  }

  /** When the present state, linked or not, started, in POSIX seconds. */
  get since(): number {
    return this.#since;
  }

  /** To be called when a connection becomes the link in use. */
  up(now: number): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#since = now;
  }

  /** To be called when the link is lost. */
  down(now: number, reason: string): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#since = now;
    this.#losses += 1;
    this.lastFailure = reason;
  }
}
