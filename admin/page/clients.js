/**
 * The newest position of each client that the page has heard of, in flat
 * arrays, so that a hundred thousand of them can be drawn at once. Slots 0 to
 * `count - 1` are taken.
 *
 * @module
 */

/** A client heard by a server that is not in the herd file. */
export const otherServer = 255;

export class Clients {
  /** @type {string[]} */
  ids = [];
  /** @type {string[]} */
  heardBy = [];
  /** The server's place in the herd file, or `otherServer`. */
  server;
  latitude;
  longitude;
  /** The client's own time, POSIX seconds. */
  time;
  /** On the map. */
  x;
  /** On the map. */
  y;
  #limit;
  #project;
  #columns;
  /**
   * Slots by ID, of the client heard longest ago first.
   *
   * @type {Map<string, number>}
   */
  #slots = new Map();
  /** Places in the herd file by name. */
  #servers = new Map();

  /**
   * @param {(latitude: number, longitude: number) => readonly [number, number]} project
   *   To a point of the map.
   * @param {number} limit How many clients there is room for.
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
    const columns = [this.ids, this.heardBy];
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
   * Notes a position; where there is no room, the client heard longest ago
   * makes some.
   *
   * @param {import("./types.d.ts").ShownPosition} position
   * @returns {number} The slot.
   */
  put([id, latitude, longitude, heardBy, time]) {
    let slot = this.#slots.get(id);
    if (slot === undefined) {
      if (this.count === this.#limit) this.#forgetOldest();
      slot = this.count;
      this.ids[slot] = id;
    } else {
      this.#slots.delete(id);
    }
    this.#slots.set(id, slot);
    this.heardBy[slot] = heardBy;
    this.server[slot] = this.#servers.get(heardBy) ?? otherServer;
    this.latitude[slot] = latitude;
    this.longitude[slot] = longitude;
    this.time[slot] = time;
    [this.x[slot], this.y[slot]] = this.#project(latitude, longitude);
    return slot;
  }

  /**
   * Forgets those heard longest ago until there are no more than so many: what
   * the server has forgotten.
   *
   * @param {number} most
   */
  keep(most) {
    while (this.count > most) this.#forgetOldest();
  }

  /** Forgets all. */
  clear() {
    this.#slots.clear();
    this.ids.length = 0;
    this.heardBy.length = 0;
  }

  /**
   * Says which servers there are, in the order of the herd file.
   *
   * @param {readonly string[]} names
   */
  setServers(names) {
    const isSame = names.length === this.#servers.size &&
      names.every((name, index) => this.#servers.get(name) === index);
    if (isSame) return;
    this.#servers = new Map(
      names.slice(0, otherServer).map((name, index) => [name, index]),
    );
    for (let slot = 0; slot < this.count; slot++) {
      this.server[slot] = this.#servers.get(this.heardBy[slot]) ?? otherServer;
    }
  }

  /** How many were heard by each server: at its place, or at `otherServer`. */
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
   * @param {number} reach How far away it may be, in units of the map.
   * @param {ReadonlySet<string>} [except] IDs that are left out.
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
   * The client with this ID, or else one whose ID begins with it.
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

  #forgetOldest() {
    const [[id, slot]] = this.#slots;
    this.#slots.delete(id);
    const last = this.count;
    if (slot !== last) {
      // The last one moves into the gap. It keeps its place in the order.
      this.#slots.set(this.ids[last], slot);
      for (const values of this.#columns) values[slot] = values[last];
    }
    this.ids.length = last;
    this.heardBy.length = last;
  }
}
