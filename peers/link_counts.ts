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
  /** How often a link was lost. */
  losses = 0;
  /** Since when there is a link, or none, in POSIX seconds. */
  since: number;
  /** Why there is none, or was none the last time. */
  lastFailure: string | undefined;

  /** @param now POSIX seconds. */
  constructor(now: number) {
    this.since = now;
  }

  /** A link has come up. */
  up(now: number): void {
    this.since = now;
  }

  /** The link is lost. */
  down(now: number, reason: string): void {
    this.since = now;
    this.losses += 1;
    this.lastFailure = reason;
  }
}
