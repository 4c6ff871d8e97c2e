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
import { HandshakeConnection } from "./handshake_connection.ts";

/** What introductions need. */
export interface PendingHandshakesOptions {
  readonly clock: Clock;
  readonly counts: LimitCounts;
  /** Most connections that came in and are not linked yet. */
  readonly maxHalfOpenLinks: number;
  /** Where a connection's traffic is told. */
  readonly trafficLogFor: (connection: string) => TrafficLog;
}

/** What is said on a connection until it is a link, or refused and closed. */
export type HandshakeFn<Result> = (
  handshake: HandshakeConnection,
  /** The connection's name in the log. */
  connection: string,
) => Promise<Result>;

/** The introductions of one server. */
export class PendingHandshakes {
  readonly #options: PendingHandshakesOptions;
  /** Of connections that we have dialled. */
  readonly #dialled = new Set<HandshakeConnection>();
  /** Of those that came in, the oldest first. */
  readonly #accepted = new Set<HandshakeConnection>();
  #connectionCount = 0;
  #isClosed = false;

  constructor(options: PendingHandshakesOptions) {
    this.#options = options;
  }

  /** Introduces ourselves on a connection that we have dialled. */
  dial<Result>(
    transport: Transport,
    runHandshake: HandshakeFn<Result>,
  ): Promise<Result> {
    return this.#run(transport, dialTimeoutMs, this.#dialled, runHandshake);
  }

  /**
   * Runs the handshake of a connection that came in. If too many handshakes are
   * pending, the oldest is closed: a neighbour's takes milliseconds, and a
   * connection that sends nothing is the oldest.
   */
  accept<Result>(
    transport: Transport,
    runHandshake: HandshakeFn<Result>,
  ): Promise<Result> {
    const { counts, maxHalfOpenLinks } = this.#options;
    if (this.#accepted.size >= maxHalfOpenLinks) {
      const [oldest] = this.#accepted;
      this.#accepted.delete(oldest);
      oldest.evict(`${maxHalfOpenLinks} came in behind it`);
      counts.hit("half-open-links");
    }
    return this.#run(
      transport,
      handshakeTimeoutMs,
      this.#accepted,
      runHandshake,
    );
  }

  /** Closes them all, and those that come from now on. */
  close(): void {
    this.#isClosed = true;
    for (const handshake of this.#dialled) handshake.close();
    for (const handshake of this.#accepted) handshake.close();
  }

  async #run<Result>(
    transport: Transport,
    deadlineMs: number,
    pending: Set<HandshakeConnection>,
    runHandshake: HandshakeFn<Result>,
  ): Promise<Result> {
    const { clock, trafficLogFor } = this.#options;
    this.#connectionCount += 1;
    const connection = `peer/${this.#connectionCount}`;
    const handshake = new HandshakeConnection(
      transport,
      trafficLogFor(connection),
      clock,
      deadlineMs,
    );
    pending.add(handshake);
    if (this.#isClosed) handshake.close();
    try {
      return await runHandshake(handshake, connection);
    } finally {
      pending.delete(handshake);
    }
  }
}
