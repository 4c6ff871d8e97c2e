/**
 * The connections whose handshake is pending. Each has a name for the log. The
 * number of accepted ones is limited.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import type { LimitCounts } from "../../runtime/limit_counts.ts";
import type { TrafficLog, Transport } from "../../runtime/transport.ts";
import {
  dialTimeoutMs,
  handshakeTimeoutMs,
  minHalfOpenLinks,
} from "../limits.ts";
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
  /** How many there may be now: fewer while the system lacks descriptors. */
  #maxAccepted: number;
  #connectionCount = 0;
  #isClosed = false;

  constructor(options: PendingHandshakesOptions) {
    this.#options = options;
    this.#maxAccepted = options.maxHalfOpenLinks;
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
    if (this.#accepted.size >= this.#maxAccepted) {
      this.#evictOldest(`${this.#maxAccepted} connections arrived after it`);
    }
    return this.#run(
      transport,
      handshakeTimeoutMs,
      this.#accepted,
      runHandshake,
    );
  }

  /**
   * Must be called when no descriptors are left. Closes all but a few
   * connections, the oldest first, and accepts no more than these.
   *
   * @returns How many were closed.
   */
  onShortage(): number {
    this.#maxAccepted = Math.min(minHalfOpenLinks, this.#maxAccepted);
    const excess = Math.max(0, this.#accepted.size - this.#maxAccepted);
    for (let count = 0; count < excess; count++) {
      this.#evictOldest("no descriptors are left");
    }
    return excess;
  }

  /** Must be called when there are enough descriptors again. */
  onRecovery(): void {
    this.#maxAccepted = this.#options.maxHalfOpenLinks;
  }

  #evictOldest(reason: string): void {
    const [oldest] = this.#accepted;
    this.#accepted.delete(oldest);
    oldest.evict(reason);
    this.#options.counts.hit("half-open-links");
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
