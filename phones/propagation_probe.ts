/**
 * Follows reports through the herd: asks another server than the one that was
 * told, until it knows.
 *
 * @module
 */
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import type { Requester } from "./requester.ts";
import type { Results } from "./results.ts";
import type { Connection, Servers } from "./servers.ts";

/** A server that does not know yet is asked again after this time. */
const askAgainMs = 1;

/** A report that is not known after this time is late, in milliseconds. */
const lateAfterMs = 10_000;

/** One connection to each server, for all reports that are followed. */
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
    // So that nobody who follows a report has to wait for a connection.
    for (const server of servers.names) void this.#connectionTo(server);
  }

  /** Follows a report from the server that has just answered it. */
  async follow(
    told: string,
    id: string,
    line: string,
    results: Results,
  ): Promise<void> {
    const clock = this.#clock;
    const server = this.#servers.pick(this.#random, told);
    if (server === undefined || server === told) return;
    const startMs = clock.elapsedMs();
    const connection = await this.#connectionTo(server);
    if (connection === undefined) return;
    try {
      while (!this.#end.aborted) {
        const isKnown = await this.#requester.hasReport(
          connection,
          server,
          id,
          line,
        );
        if (isKnown === undefined) return;
        const tookMs = clock.elapsedMs() - startMs;
        if (isKnown) return results.propagation.add(tookMs);
        if (tookMs >= lateAfterMs) {
          results.late += 1;
          return;
        }
        await sleep(clock, askAgainMs, this.#end);
      }
    } catch {
      // The connection is lost; the next one who follows makes another.
      this.#connections.delete(server);
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    for (const connection of this.#connections.values()) {
      (await connection)?.abort();
    }
  }

  async #connectionTo(server: string): Promise<Connection | undefined> {
    const known = this.#connections.get(server);
    const connecting = known ?? this.#servers.connect(server);
    this.#connections.set(server, connecting);
    const connection = await connecting;
    if (connection === undefined) this.#connections.delete(server);
    return connection;
  }
}
