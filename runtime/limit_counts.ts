/**
 * Counts how often each limit was reached, and tells so without filling the log
 * with it.
 *
 * @module
 */
import type { Clock } from "./clock.ts";
import type { EmitEvent } from "./events.ts";

/** The limits that are counted when they are reached. */
export type LimitName =
  /** A line was too long. */
  | "line-bytes"
  /** A client's ID was too long. */
  | "id-bytes"
  /** A position was too long. */
  | "position-bytes"
  /** A time was too long. */
  | "time-bytes"
  /** A source that holds its share of the table reported a new client. */
  | "table-share"
  /** There were too many connections of clients. */
  | "connections"
  /** There were too many of them from one address. */
  | "connections-per-address"
  /** Too many requests of a client were unanswered: reading stopped. */
  | "pipelined"
  /** A client had too many bytes of reply to read: reading stopped. */
  | "reply-bytes"
  /** All clients together had. */
  | "reply-bytes-in-all"
  /** A client took nothing of its replies for too long. */
  | "slow-consumer-seconds"
  /** A client said nothing for too long. */
  | "idle-seconds"
  /** A question of a client had to wait for others of the same client. */
  | "whatsats-per-connection"
  /** It had to wait for those of all clients. */
  | "whatsats"
  /** Too many connections to the peer port were not linked yet. */
  | "half-open-links"
  /** The system had no descriptor for another connection. */
  | "descriptors";

/** A limit is told of at most once in this time, in milliseconds. */
const logEveryMs = 60_000;

/** How often, and when it was last told. */
interface Count {
  hits: number;
  loggedAtMs: number;
}

/** One server's counts. */
export class LimitCounts {
  readonly #clock: Clock;
  readonly #emit: EmitEvent;
  readonly #counts = new Map<LimitName, Count>();

  constructor(clock: Clock, emit: EmitEvent) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** A limit was reached. */
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

  /** How often each limit was reached, of those that were. */
  get hits(): ReadonlyMap<LimitName, number> {
    return new Map([...this.#counts].map(([name, { hits }]) => [name, hits]));
  }
}
