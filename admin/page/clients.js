/**
 * The newest position of each client that the page knows, in flat arrays, so
 * that a hundred thousand clients can be drawn at once. Slots 0 to `count - 1`
 * are in use.
 *
 * @module
 */

/** Stands for a server that is not in the herd file. */
export const otherServer = 255;

export class Clients {
  /** @type {string[]} */
  ids = [];
  /**
   * Names of the servers that received the reports.
   *
   * @type {string[]}
   */
  receivedBy = [];
  /** The server's index in the herd file, or `otherServer`. */
  server;
  latitude;
  longitude;
  /** The client's time, in POSIX seconds. */
  time;
  /** In units of the map. */
  x;
  /** In units of the map. */
  y;
  #limit;
  #project;
  #columns;
  /**
   * Slots by ID, from the oldest report to the newest.
   *
   * @type {Map<string, number>}
   */
  #slots = new Map();
  /** Indexes in the herd file by name. */
  #servers = new Map();

  /**
   * @param {(latitude: number, longitude: number) => readonly [number, number]} project
   *   Projects a position to the map.
   * @param {number} limit Largest number of clients.
   */
  constructor(project, limit = 100_000) {
    this.#limit = limit;
    this.#project = project;
    this.server = new Uint8Array(limit);
    this.latitude = new Float64Array(limit);
    this.longitude = new Float64Array(limit);
    this.time = new Float64Array(limit);
    this.x = new Float32Array(limit);
    this.y = new Float32Array(limit);
    /** @type {any[][]} */
    const columns = [this.ids, this.receivedBy];
    this.#columns = [
      ...columns,
      this.server,
      this.latitude,
      this.longitude,
      this.time,
      this.x,
      this.y,
    ];
  }

  get count() {
    return this.#slots.size;
  }

  /**
   * The slot of a client, or undefined.
   *
   * @param {string} id
   * @returns {number | undefined}
   */
  slotOf(id) {
    return this.#slots.get(id);
  }

  /**
   * Stores a position. If there is no room, the client with the oldest report is
   * removed.
   *
   * @param {import("./types.d.ts").ShownPosition} position
   * @returns {number} The slot.
   */
  put([id, latitude, longitude, receivedBy, time]) {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      if (this.count === this.#limit) this.#removeOldest();
      slot = this.count;
      this.ids[slot] = id;
    } else {
      this.#slots.delete(id);
    }
    this.#slots.set(id, slot);
    this.receivedBy[slot] = receivedBy;
    this.server[slot] = this.#servers.get(receivedBy) ?? otherServer;
    this.latitude[slot] = latitude;
    this.longitude[slot] = longitude;
    this.time[slot] = time;
    [this.x[slot], this.y[slot]] = this.#project(latitude, longitude);
    return slot;
  }

  /**
   * Removes the clients with the oldest reports until at most this number
   * remains, because the server has removed them too.
   *
   * @param {number} most
   */
  keep(most) {
    while (this.count > most) this.#removeOldest();
  }

  /** Removes all clients. */
  clear() {
    this.#slots.clear();
    this.ids.length = 0;
    this.receivedBy.length = 0;
  }

  /** @param {readonly string[]} names In the order of the herd file. */
  setServers(names) {
    const isSame = names.length === this.#servers.size &&
      names.every((name, index) => this.#servers.get(name) === index);
    if (isSame) return;
    this.#servers = new Map(
      names.slice(0, otherServer).map((name, index) => [name, index]),
    );
    for (let slot = 0; slot < this.count; slot++) {
      this.server[slot] = this.#servers.get(this.receivedBy[slot]) ??
        otherServer;
    }
  }

  /** The number of clients of each server, by its index or `otherServer`. */
  countByServer() {
    const counts = new Uint32Array(otherServer + 1);
    for (let slot = 0; slot < this.count; slot++) counts[this.server[slot]]++;
    return counts;
  }

  /**
   * The slot of the client nearest to a point of the map.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} reach Largest distance, in units of the map.
   * @param {ReadonlySet<string>} [except] IDs of clients to ignore.
   * @returns {number | undefined}
   */
  nearest(x, y, reach, except) {
    let best;
    let bestSquare = reach * reach;
    for (let slot = 0; slot < this.count; slot++) {
      const square = (this.x[slot] - x) ** 2 + (this.y[slot] - y) ** 2;
      if (square <= bestSquare && !except?.has(this.ids[slot])) {
        best = slot;
        bestSquare = square;
      }
    }
    return best;
  }

  /**
   * The slot of the client with this ID, or else of one whose ID begins with it.
   *
   * @param {string} text
   * @returns {number | undefined}
   */
  find(text) {
    if (text === "") return undefined;
    const exact = this.#slots.get(text);
    if (exact !== undefined) return exact;
    const found = this.ids.findIndex((id) => id.startsWith(text));
    return found === -1 ? undefined : found;
  }

  #removeOldest() {
    const [[id, slot]] = this.#slots;
    this.#slots.delete(id);
    const last = this.count;
    if (slot !== last) {
      // The client in the last slot moves to this one.
      this.#slots.set(this.ids[last], slot);
      for (const values of this.#columns) values[slot] = values[last];
    }
    this.ids.length = last;
    this.receivedBy.length = last;
  }
}
