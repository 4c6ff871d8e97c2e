/**
 * A fake herd in memory. Each report reaches all servers at once, unless a test
 * sets a fault.
 *
 * @module
 */
import { readAt } from "../../client/operands.ts";
import {
  type At,
  DisconnectedError,
  InvalidCommandError,
  type NearbyAnswer,
  type NearbyQuery,
  type PositionReport,
} from "../../client/types.ts";
import type { Connection } from "../../phones/servers.ts";

/** Faults of servers. */
export interface Faults {
  /** Changes the answer to a report. */
  report?: (line: string) => string;
  /** Changes the AT line in the answer to a query. */
  query?: (line: string) => string;
  /** Whether a server does not receive other servers' reports. */
  isIsolated?: (server: string) => boolean;
  /** Whether a server never answers. */
  isFrozen?: (server: string) => boolean;
  /** The number of places in an answer. */
  places?: number;
}

/** The servers of the herd. */
export class FakeHerd {
  readonly faults: Faults = {};
  readonly connections = new Set<FakeConnection>();
  /** Servers that refuse connections. */
  readonly stopped = new Set<string>();
  /** Most requests at the same time that a server had not answered. */
  mostUnanswered = 0;
  readonly #reports = new Map<string, Map<string, string>>();

  constructor(readonly names: readonly string[]) {
    for (const name of names) this.#reports.set(name, new Map());
  }

  connect(server: string): Promise<Connection> {
    if (this.stopped.has(server)) return Promise.reject(new Error("refused"));
    const connection = new FakeConnection(this, server);
    this.connections.add(connection);
    return Promise.resolve(connection);
  }

  /** Stops a server, and aborts its connections. */
  kill(server: string): void {
    this.stopped.add(server);
    this.#reports.set(server, new Map());
    for (const connection of this.connections) {
      if (connection.server === server) connection.abort();
    }
  }

  /** A server has got a request. */
  noteUnanswered(server: string): void {
    const counts = Array.from(this.connections)
      .filter((connection) => connection.server === server)
      .map(({ unanswered }) => unanswered);
    const sum = counts.reduce((sum, count) => sum + count, 0);
    this.mostUnanswered = Math.max(this.mostUnanswered, sum);
  }

  report(server: string, id: string, line: string): void {
    for (const name of this.names) {
      const isReached = name === server || !this.faults.isIsolated?.(name);
      if (isReached && !this.stopped.has(name)) {
        this.#reports.get(name)!.set(id, line);
      }
    }
  }

  find(server: string, id: string): string | undefined {
    return this.#reports.get(server)!.get(id);
  }
}

/** A connection to a fake server. */
export class FakeConnection implements Connection {
  readonly #ended = Promise.withResolvers<never>();
  unanswered = 0;

  constructor(readonly herd: FakeHerd, readonly server: string) {
    this.#ended.promise.catch(() => {});
  }

  report({ client, position, time }: PositionReport): Promise<At> {
    const { herd, server } = this;
    const line = `AT ${server} +0.000000001 ${client} ${position} ${time}`;
    herd.report(server, client, line);
    return this.#answer(() => readAt(herd.faults.report?.(line) ?? line));
  }

  nearby({ bound, client, radiusKm }: NearbyQuery): Promise<NearbyAnswer> {
    const { faults } = this.herd;
    const line = this.herd.find(this.server, client);
    return this.#answer(() => {
      if (line === undefined) {
        throw new InvalidCommandError(
          `the server answered ? WHATSAT ${client} ${radiusKm} ${bound}`,
        );
      }
      const at = readAt(faults.query?.(line) ?? line);
      const place = { name: "", place_id: "", geometry: { location } };
      const results = Array(faults.places ?? 0).fill(place);
      return { at, text: "", status: "OK", results };
    });
  }

  async close(): Promise<void> {
    this.herd.connections.delete(this);
    if (!this.herd.faults.isFrozen?.(this.server)) return;
    await this.#ended.promise.catch(() => {});
  }

  abort(): void {
    this.herd.connections.delete(this);
    this.#ended.reject(new DisconnectedError("the connection ended"));
  }

  async #answer<Answer>(make: () => Answer): Promise<Answer> {
    const isFrozen = this.herd.faults.isFrozen?.(this.server) === true;
    const ended = this.#ended.promise;
    this.unanswered += 1;
    this.herd.noteUnanswered(this.server);
    try {
      await (isFrozen ? ended : Promise.race([ended, Promise.resolve()]));
      return make();
    } finally {
      this.unanswered -= 1;
    }
  }
}

const location = { lat: 0, lng: 0 };
