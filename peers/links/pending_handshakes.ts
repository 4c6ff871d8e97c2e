/**
 * The connections whose handshake is under way: each has a name for the log,
 * and of those that came in there are only so many at a time.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import type { LimitCounts } from "../../runtime/limit_counts.ts";
import type { TrafficLog, Transport } from "../../runtime/transport.ts";
import { dialTimeoutMs, handshakeTimeoutMs } from "../limits.ts";
import { Introduction } from "./handshake_connection.ts";

/** What introductions need. */
export interface IntroductionsOptions {
  readonly clock: Clock;
  readonly counts: LimitCounts;
  /** Most connections that came in and are not linked yet. */
  readonly maxHalfOpenLinks: number;
  /** Where a connection's traffic is told. */
  readonly trafficOf: (connection: string) => TrafficLog;
}

/** What is said on a connection until it is a link, or refused and closed. */
export type Talk<Result> = (
  introduction: Introduction,
  /** The connection's name in the log. */
  connection: string,
) => Promise<Result>;

/** The introductions of one server. */
export class Introductions {
  readonly #options: IntroductionsOptions;
  /** Of connections that we have dialled. */
  readonly #dialled = new Set<Introduction>();
  /** Of those that came in, the oldest first. */
  readonly #accepted = new Set<Introduction>();
  #connectionCount = 0;
  #isClosed = false;

  constructor(options: IntroductionsOptions) {
    this.#options = options;
  }

  /** Introduces ourselves on a connection that we have dialled. */
  dial<Result>(transport: Transport, talk: Talk<Result>): Promise<Result> {
    return this.#introduce(transport, dialTimeoutMs, this.#dialled, talk);
  }

  /**
   * Lets somebody introduce himself who has dialled us. Where there are too
   * many of them the oldest goes: a neighbour takes milliseconds, strangers who
   * say nothing take all the time there is.
   */
  accept<Result>(transport: Transport, talk: Talk<Result>): Promise<Result> {
    const { counts, maxHalfOpenLinks } = this.#options;
    if (this.#accepted.size >= maxHalfOpenLinks) {
      const [oldest] = this.#accepted;
      this.#accepted.delete(oldest);
      oldest.crowdOut(`${maxHalfOpenLinks} came in behind it`);
      counts.hit("half-open-links");
    }
    return this.#introduce(transport, handshakeTimeoutMs, this.#accepted, talk);
  }

  /** Closes them all, and those that come from now on. */
  close(): void {
    this.#isClosed = true;
    for (const introduction of this.#dialled) introduction.close();
    for (const introduction of this.#accepted) introduction.close();
  }

  async #introduce<Result>(
    transport: Transport,
    deadlineMs: number,
    introductions: Set<Introduction>,
    talk: Talk<Result>,
  ): Promise<Result> {
    const { clock, trafficOf } = this.#options;
    this.#connectionCount += 1;
    const connection = `peer/${this.#connectionCount}`;
    const introduction = new Introduction(
      transport,
      trafficOf(connection),
      clock,
      deadlineMs,
    );
    introductions.add(introduction);
    if (this.#isClosed) introduction.close();
    try {
      return await talk(introduction, connection);
    } finally {
      introductions.delete(introduction);
    }
  }
}
