/**
 * Counts how often each limit was reached, and logs it at a limited rate.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { EmitEvent } from "./events.ts";

/** The limits that are counted. */
export type LimitName =
  /** A client's line was too long. */
  | "line-bytes"
  /** A client's ID was too long. */
  | "id-bytes"
  /** A position was too long. */
  | "position-bytes"
  /** A time was too long. */
  | "time-bytes"
  /** A source that holds its share of the table reported a new client. */
  | "table-share"
  /** Clients had too many connections. */
  | "connections"
  /** Clients had too many connections from one address. */
  | "connections-per-address"
  /** A client had too many unanswered requests, and reading stopped. */
  | "pipelined"
  /** A client had too many bytes of unread replies, and reading stopped. */
  | "reply-bytes"
  /** All clients together had too many bytes of unread replies. */
  | "reply-bytes-in-all"
  /** The unfinished lines of all clients together had too many bytes. */
  | "unfinished-bytes-in-all"
  /** A client read none of its replies for too long. */
  | "slow-consumer-seconds"
  /** A client sent nothing for too long. */
  | "idle-seconds"
  /** A client was disconnected to make room, as it was idle longest. */
  | "idle-longest"
  /** A command came without its LF, and was answered after a time. */
  | "partial-line-ms"
  /** A datagram was too long, and was dropped. */
  | "datagram-bytes"
  /** Too many datagrams waited for their turn, and another was dropped. */
  | "datagrams-waiting"
  /** There were too many senders of datagrams, and one was forgotten. */
  | "datagram-senders"
  /** Too much had changed for a phone, which is sent all its friends again. */
  | "friends-bytes-per-phone"
  /** The friends of all phones took too much memory, and one was forgotten. */
  | "friends-bytes"
  /** A query waited for other queries of the same client. */
  | "whatsats-per-connection"
  /** A query waited for queries of other clients. */
  | "whatsats"
  /** A connection or an identity reported too often, and reading stopped. */
  | "reports-per-second"
  /** The same for queries. */
  | "queries-per-second"
  /** The peer port had too many connections without a finished handshake. */
  | "half-open-links"
  /** The administration port had too many connections. */
  | "admin-connections"
  /** The administration port had too many event streams. */
  | "admin-streams"
  /** A page did not read its event stream, and was disconnected. */
  | "admin-stream-bytes"
  /** What waited for a neighbour had too many bytes, and was dropped. */
  | "outbox-bytes"
  /** The deletions of clients took their part of the table. */
  | "deletion-bytes"
  /** The system had no descriptor for a new connection. */
  | "descriptors"
  /** Too many bytes waited to be written to the history, and were lost. */
  | "history-waiting-bytes"
  /** A client's ID was too long for the database of the history. */
  | "history-id-bytes"
  /** The spool of the history was full, and reports were lost to it. */
  | "history-spool-bytes"
  /** An operation on a log file took too long. */
  | "log-operation-seconds";

/** Each limit is logged at most once in this time, in milliseconds. */
const logEveryMs = 60_000;

/** How often a limit was reached, and when that was last logged. */
interface Count {
  hits: number;
  loggedAtMs: number;
}

/** Counts for one server. */
export class LimitCounts {
  readonly #clock: Clock;
  readonly #emit: EmitEvent;
  readonly #counts = new Map<LimitName, Count>();

  constructor(clock: Clock, emit: EmitEvent) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Counts that a limit was reached. */
  hit(limit: LimitName): void {
    const nowMs = this.#clock.elapsedMs();
    const count = this.#counts.get(limit) ?? { hits: 0, loggedAtMs: -Infinity };
    this.#counts.set(limit, count);
    count.hits += 1;
    if (nowMs - count.loggedAtMs < logEveryMs) return;
    count.loggedAtMs = nowMs;
    const { hits } = count;
    this.#emit("warning", "server", "limit reached", { limit, hits });
  }

  /** How often each limit was reached, without those that never were. */
  get hits(): ReadonlyMap<LimitName, number> {
    return new Map([...this.#counts].map(([name, { hits }]) => [name, hits]));
  }
}
