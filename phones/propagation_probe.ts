/**
 * Measures propagation: after a report was answered, queries another server
 * until it has the report.
 *
 * @module
 */
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import type { Requester } from "./requester.ts";
import type { Results } from "./results.ts";
import type { Connection, Servers } from "./servers.ts";

/** Delay between two queries, in milliseconds. */
const queryIntervalMs = 1;

/** After this time a report that has not arrived is late, in milliseconds. */
const lateAfterMs = 10_000;

/** Measures propagation, with one connection to each server. */
export class PropagationProbe {
  readonly #servers: Servers;
  readonly #requester: Requester;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #end: AbortSignal;
  readonly #connections = new Map<string, Promise<Connection | undefined>>();

  constructor(
    servers: Servers,
    requester: Requester,
    clock: Clock,
    random: Random,
    end: AbortSignal,
  ) {
    this.#servers = servers;
    this.#requester = requester;
    this.#clock = clock;
    this.#random = random;
    this.#end = end;
    // Connects now, so that a measurement need not wait for a connection.
    for (const server of servers.names) void this.#connectionTo(server);
  }

  /**
   * Measures how long a report takes to another server than `origin`, which has
   * just answered it.
   */
  async measure(
    origin: string,
    id: string,
    line: string,
    results: Results,
  ): Promise<void> {
    const clock = this.#clock;
    const server = this.#servers.pick(this.#random, origin);
    if (server === undefined || server === origin) return;
    const startMs = clock.elapsedMs();
    const connection = await this.#connectionTo(server);
    if (connection === undefined) return;
    try {
      while (!this.#end.aborted) {
        const hasReport = await this.#requester.hasReport(
          connection,
          server,
          id,
          line,
        );
        if (hasReport === undefined) return;
        const elapsedMs = clock.elapsedMs() - startMs;
        if (hasReport) return results.propagation.add(elapsedMs);
        if (elapsedMs >= lateAfterMs) {
          results.late += 1;
          return;
        }
        await sleep(clock, queryIntervalMs, this.#end);
      }
    } catch {
      // The connection is lost; the next measurement makes a new one.
      this.#connections.delete(server);
    }
  }

  /** Aborts all connections. */
  async close(): Promise<void> {
    for (const connection of this.#connections.values()) {
      (await connection)?.abort();
    }
  }

  async #connectionTo(server: string): Promise<Connection | undefined> {
    const existing = this.#connections.get(server);
    const connecting = existing ?? this.#servers.connect(server);
    this.#connections.set(server, connecting);
    const connection = await connecting;
    if (connection === undefined) this.#connections.delete(server);
    return connection;
  }
}
