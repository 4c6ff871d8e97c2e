/**
 * Finds the connection that has been idle longest, which is ended to make room
 * for another. A client that has vanished leaves its connection open, and
 * cannot be distinguished from a silent client.
 *
 * @module
 */

/** A connection, as far as it matters here. */
export interface IdleClient {
  /** The client's address, if connections are limited by address. */
  readonly addressKey: string | undefined;
  /** For how long nothing was received or sent, in milliseconds. */
  readonly idleMs: number;
}

/**
 * How many connections are found in one search of all: many new connections
 * must not cost a search each.
 */
const maxFound = 64;

/** What one search has found. */
interface Search<Client> {
  /** The longest idle last. */
  readonly found: Client[];
  /** Whether there may be more than were found. */
  readonly isPartial: boolean;
}

/** The connections of a server by how long they have been idle. */
export class IdleClients<Client extends IdleClient> {
  readonly #minIdleMs: number;
  /** By address, or `undefined` for all addresses. */
  readonly #searches = new Map<string | undefined, Search<Client>>();

  /** @param minIdleMs Connections that are idle for less do not count. */
  constructor(minIdleMs: number) {
    this.#minIdleMs = minIdleMs;
  }

  /** Must be called every heartbeat: other connections may be idle by now. */
  onHeartbeat(): void {
    this.#searches.clear();
  }

  /**
   * The connection that has been idle longest; undefined if none is idle for
   * long enough. Each is returned once.
   *
   * @param clients All connections.
   * @param addressKey Only those of this address; `undefined` for all.
   */
  take(
    clients: Iterable<Client>,
    addressKey: string | undefined,
  ): Client | undefined {
    while (true) {
      let search = this.#searches.get(addressKey);
      const isOver = search?.found.length === 0 && search.isPartial;
      if (search === undefined || isOver) {
        search = this.#search(clients, addressKey);
        this.#searches.set(addressKey, search);
      }
      const client = search.found.pop();
      if (client === undefined) return undefined;
      // It may have sent something since the search, or have ended.
      if (client.idleMs >= this.#minIdleMs) return client;
    }
  }

  #search(
    clients: Iterable<Client>,
    addressKey: string | undefined,
  ): Search<Client> {
    const found: { readonly client: Client; readonly idleMs: number }[] = [];
    for (const client of clients) {
      const { idleMs } = client;
      if (idleMs < this.#minIdleMs) continue;
      if (addressKey !== undefined && client.addressKey !== addressKey) {
        continue;
      }
      const isFull = found.length === maxFound;
      if (isFull && idleMs <= found[0].idleMs) continue;
      if (isFull) found.shift();
      const at = found.findLastIndex((other) => other.idleMs < idleMs);
      found.splice(at + 1, 0, { client, idleMs });
    }
    return {
      found: found.map(({ client }) => client),
      isPartial: found.length === maxFound,
    };
  }
}
