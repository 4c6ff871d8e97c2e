/**
 * A herd in memory, as phones see it: each server knows at once what another
 * was told, unless it is made to go wrong.
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

/** What a server does otherwise than it should. */
export interface Faults {
  /** Changes the answer to a report. */
  report?: (line: string) => string;
  /** Changes the AT line in the answer to a question. */
  question?: (line: string) => string;
  /** Tells nobody what it hears, if it says so. */
  isDeaf?: (server: string) => boolean;
  /** Never answers. */
  isFrozen?: (server: string) => boolean;
  /** More places than were asked for. */
  places?: number;
}

/** All servers. */
export class FakeHerd {
  readonly faults: Faults = {};
  readonly connections = new Set<FakeConnection>();
  /** Servers that are not there. */
  readonly dead = new Set<string>();
  readonly #known = new Map<string, Map<string, string>>();

  constructor(readonly names: readonly string[]) {
    for (const name of names) this.#known.set(name, new Map());
  }

  connect(server: string): Promise<Connection> {
    if (this.dead.has(server)) return Promise.reject(new Error("refused"));
    const connection = new FakeConnection(this, server);
    this.connections.add(connection);
    return Promise.resolve(connection);
  }

  /** A server dies, with all its connections. */
  kill(server: string): void {
    this.dead.add(server);
    this.#known.set(server, new Map());
    for (const connection of this.connections) {
      if (connection.server === server) connection.abort();
    }
  }

  report(server: string, id: string, line: string): void {
    for (const name of this.names) {
      const isTold = name === server || !this.faults.isDeaf?.(name);
      if (isTold && !this.dead.has(name)) this.#known.get(name)!.set(id, line);
    }
  }

  find(server: string, id: string): string | undefined {
    return this.#known.get(server)!.get(id);
  }
}

/** A connection to one of them. */
export class FakeConnection implements Connection {
  readonly #ended = Promise.withResolvers<never>();

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
      const at = readAt(faults.question?.(line) ?? line);
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
    await (isFrozen ? ended : Promise.race([ended, Promise.resolve()]));
    return make();
  }
}

const location = { lat: 0, lng: 0 };
