/**
 * The connections whose handshake is pending. Each has a name for the log. The
 * number of accepted ones is limited.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import type { LimitCounts } from "../../runtime/limit_counts.ts";
import type { TrafficLog, Transport } from "../../runtime/transport.ts";
import { dialTimeoutMs, handshakeTimeoutMs } from "../limits.ts";
import { HandshakeConnection } from "./handshake_connection.ts";

/** What `PendingHandshakes` needs. */
export interface PendingHandshakesOptions {
  readonly clock: Clock;
  readonly counts: LimitCounts;
  /** Most accepted connections whose handshake is pending. */
  readonly maxHalfOpenLinks: number;
  /** Receives a connection's traffic for the log. */
  readonly trafficLogFor: (connection: string) => TrafficLog;
}

/** Runs a handshake, until the connection is a link or is closed. */
export type HandshakeFn<Result> = (
  handshake: HandshakeConnection,
  /** The connection's name in the log. */
  connection: string,
) => Promise<Result>;

/** The pending handshakes of one server. */
export class PendingHandshakes {
  readonly #options: PendingHandshakesOptions;
  readonly #dialled = new Set<HandshakeConnection>();
  /** The oldest is first. */
  readonly #accepted = new Set<HandshakeConnection>();
  #connectionCount = 0;
  #isClosed = false;

  constructor(options: PendingHandshakesOptions) {
    this.#options = options;
  }

  /** Runs the handshake of a connection that was dialled. */
  dial<Result>(
    transport: Transport,
    runHandshake: HandshakeFn<Result>,
  ): Promise<Result> {
    return this.#run(transport, dialTimeoutMs, this.#dialled, runHandshake);
  }

  /**
   * Runs the handshake of an accepted connection. If too many handshakes are
   * pending, the oldest is closed. It is hardly a neighbour's, whose handshake
   * takes milliseconds.
   */
  accept<Result>(
    transport: Transport,
    runHandshake: HandshakeFn<Result>,
  ): Promise<Result> {
    const { counts, maxHalfOpenLinks } = this.#options;
    if (this.#accepted.size >= maxHalfOpenLinks) {
      const [oldest] = this.#accepted;
      this.#accepted.delete(oldest);
      oldest.evict(`${maxHalfOpenLinks} connections arrived after it`);
      counts.hit("half-open-links");
    }
    return this.#run(
      transport,
      handshakeTimeoutMs,
      this.#accepted,
      runHandshake,
    );
  }

  /** Closes all pending connections, and all later ones. */
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
