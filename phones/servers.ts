/**
 * The servers that phones connect to. A server that could not be reached is
 * avoided for a while.
 *
 * @module
 */
import type {
  At,
  NearbyAnswer,
  NearbyQuery,
  PositionReport,
} from "../client/types.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";

import { noEnding, Permits } from "./ending.ts";

/** What phones need of a connection. `HerdClient` implements it. */
export interface Connection {
  report(report: PositionReport): Promise<At>;
  nearby(query: NearbyQuery): Promise<NearbyAnswer>;
  /** Ends sending, and closes after the last answer. */
  close(): Promise<void>;
  /** Closes at once. */
  abort(): void;
}

/** Connects to a server; rejects if that fails. */
export type ConnectTo = (server: string) => Promise<Connection>;

/** Longest time to wait for an answer, in milliseconds. */
const answerDeadlineMs = 10_000;

/** Waits for an answer. Aborts the connection after `answerDeadlineMs`. */
export async function withDeadline<Answer>(
  connection: Connection,
  clock: Clock,
  answer: Promise<Answer>,
): Promise<Answer> {
  const cancel = clock.after(answerDeadlineMs, () => connection.abort());
  try {
    return await answer;
  } finally {
    cancel();
  }
}

/**
 * A server that could not be reached is avoided for this time, in milliseconds.
 */
const retryMs = 1_000;

/**
 * Most connections that are opened at once. A server's system queues about a
 * hundred that the server has not accepted.
 */
export const maxConnecting = 64;

/**
 * Most unanswered requests of phones at one server. With more phones than the
 * machine can serve, phones become slower, and servers are not flooded.
 */
export const maxRequesting = 200;

/** All servers of a herd. */
export class Servers {
  readonly names: readonly string[];
  /** How many connections failed. */
  failures = 0;
  /** The server and the reason of the last failure. */
  lastFailure = "";
  readonly #connect: ConnectTo;
  readonly #clock: Clock;
  readonly #connecting = new Permits(maxConnecting);
  /** Permits for the requests at each server. */
  readonly #requesting = new Map<string, Permits>();
  /** Until when a server is avoided, in milliseconds. */
  readonly #avoidedUntilMs = new Map<string, number>();

  constructor(names: readonly string[], connect: ConnectTo, clock: Clock) {
    this.names = names;
    this.#connect = connect;
    this.#clock = clock;
    for (const name of names) {
      this.#requesting.set(name, new Permits(maxRequesting));
    }
  }

  /**
   * Picks a server that is not avoided; not `except` if there are others.
   * Undefined if all are avoided.
   */
  pick(random: Random, except?: string): string | undefined {
    const nowMs = this.#clock.elapsedMs();
    const available = this.names.filter((name) =>
      (this.#avoidedUntilMs.get(name) ?? -Infinity) <= nowMs
    );
    const others = available.filter((name) => name !== except);
    const names = others.length > 0 ? others : available;
    return names.length > 0 ? random.pick(names) : undefined;
  }

  /** The permits for requests at a server. */
  requestPermits(name: string): Permits {
    return this.#requesting.get(name)!;
  }

  /**
   * Connects to a server; undefined if that fails, or if the end comes before it
   * is this connection's turn.
   */
  async connect(
    name: string,
    ending = noEnding,
  ): Promise<Connection | undefined> {
    if (!await this.#connecting.acquire(ending)) return undefined;
    try {
      return await this.#connect(name);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.lastFailure = `${name}: ${reason}`;
      this.failures += 1;
      this.#avoidedUntilMs.set(name, this.#clock.elapsedMs() + retryMs);
    } finally {
      this.#connecting.release();
    }
  }
}
