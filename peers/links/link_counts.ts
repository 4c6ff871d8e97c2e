/**
 * What is counted about the links with one neighbour, over all of them since
 * the server's start.
 *
 * @module
 */

/** Counts, for whoever watches the server. */
export class LinkCounts {
  /** AT lines that came in. */
  reportsReceived = 0;
  /** Bytes that were handed to sockets. */
  bytesSent = 0;
  /** Why there is no link, or was none the last time. */
  lastFailure: string | undefined;
  #losses = 0;
  #since: number;
  #isUp = false;

  /** @param now POSIX seconds. */
  constructor(now: number) {
    this.#since = now;
  }

  /** How often a link was lost. */
  get losses(): number {
    return this.#losses;
  }

  /** Since when there is a link, or none, in POSIX seconds. */
  get since(): number {
    return this.#since;
  }

  /** There is a link. It may have moved to another connection. */
  up(now: number): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#since = now;
  }

  /** There is none any more. */
  down(now: number, reason: string): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#since = now;
    this.#losses += 1;
    this.lastFailure = reason;
  }
}
