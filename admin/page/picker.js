/**
 * Shows one client's details on a card beside its dot: the client under the
 * pointer, or else the client picked last by a tap, a key or its ID.
 *
 * @module
 */
import { html } from "./dom.js";
import { clientTime, cut, position } from "./format.js";
import { colourClass } from "./palette.js";

/** Largest distance of the pointer from a dot, in CSS pixels. */
const reachPx = 14;

export class Picker {
  #card;
  #clients;
  #view;
  /** @type {string | undefined} */
  #picked;
  /** @type {string | undefined} */
  #hovered;
  /** The present text of the card. */
  #shown = "";
  /** IDs of clients picked by Enter since the view was moved. */
  #visited = new Set();

  /**
   * @param {HTMLElement} card
   * @param {import("./clients.js").Clients} clients
   * @param {import("./map_view.js").MapView} view
   */
  constructor(card, clients, view) {
    this.#card = card;
    this.#clients = clients;
    this.#view = view;
  }

  /**
   * @param {number} px
   * @param {number} py
   */
  hover(px, py) {
    this.#hovered = this.#at(px, py);
    this.refresh();
  }

  leave() {
    this.#hovered = undefined;
    this.refresh();
  }

  /**
   * Picks the client at a pixel, or no client.
   *
   * @param {number} px
   * @param {number} py
   */
  pickAt(px, py) {
    this.#picked = this.#at(px, py);
    this.refresh();
  }

  /** Picks the client nearest to the middle; at the next call, the next one. */
  pickNearest() {
    const { viewport } = this.#view;
    const { x, y } = viewport.centre;
    const reach = Math.max(viewport.width, viewport.height) / viewport.scale;
    const slot = this.#clients.nearest(x, y, reach, this.#visited);
    if (slot === undefined) return this.clear();
    this.#picked = this.#clients.ids[slot];
    this.#visited.add(this.#picked);
    this.#hovered = undefined;
    this.refresh();
  }

  /**
   * Picks a client by its ID or the beginning of its ID, and moves the map to
   * it.
   *
   * @param {string} text
   * @returns {boolean} Whether there is such a client.
   */
  pickById(text) {
    const slot = this.#clients.find(text);
    if (slot === undefined) return false;
    this.#picked = this.#clients.ids[slot];
    this.#hovered = undefined;
    this.#view.viewport.moveTo(this.#clients.x[slot], this.#clients.y[slot], 4);
    this.#view.viewChanged();
    this.refresh();
    return true;
  }

  /** Picks no client. */
  clear() {
    this.#picked = undefined;
    this.#hovered = undefined;
    this.#visited.clear();
    this.refresh();
  }

  /** To be called when the view was moved. Enter starts at the new middle. */
  moved() {
    this.#visited.clear();
    this.#hovered = undefined;
    this.refresh();
  }

  /** Updates the card. */
  refresh() {
    const slot = this.#slot();
    this.#view.marksChanged();
    if (slot === undefined) {
      this.#card.hidden = true;
      this.#shown = "";
      return;
    }
    const { ids, receivedBy, server, latitude, longitude, time } =
      this.#clients;
    const lines = [
      cut(ids[slot], 200),
      `received by ${receivedBy[slot]}`,
      position(latitude[slot], longitude[slot]),
      clientTime(time[slot]),
    ];
    const text = lines.join("\n");
    if (text !== this.#shown) {
      const [id, ...rest] = lines;
      this.#card.replaceChildren(
        html("bdi", { class: `client-id mark ${colourClass(server[slot])}` }, [
          id,
        ]),
        ...rest.map((line) => html("span", {}, [line])),
      );
      this.#shown = text;
    }
    this.#card.hidden = false;
    this.#place(slot);
  }

  /**
   * Draws a ring around the card's client.
   *
   * @param {CanvasRenderingContext2D} context
   */
  draw(context) {
    const slot = this.#slot();
    if (slot === undefined) return;
    const [x, y] = this.#pixelOf(slot);
    context.lineWidth = 2;
    context.strokeStyle = this.#view.colours.mark;
    context.beginPath();
    context.arc(x, y, 8, 0, 2 * Math.PI);
    context.stroke();
  }

  #slot() {
    const id = this.#hovered ?? this.#picked;
    return id === undefined ? undefined : this.#clients.slotOf(id);
  }

  /**
   * @param {number} px
   * @param {number} py
   */
  #at(px, py) {
    const { viewport } = this.#view;
    const [x, y] = viewport.toMap(px, py);
    const slot = this.#clients.nearest(x, y, reachPx / viewport.scale);
    return slot === undefined ? undefined : this.#clients.ids[slot];
  }

  /** @param {number} slot */
  #pixelOf(slot) {
    const { scale, left, top } = this.#view.viewport;
    return [
      this.#clients.x[slot] * scale + left,
      this.#clients.y[slot] * scale + top,
    ];
  }

  /**
   * Places the card beside the dot, on the side that has room.
   *
   * @param {number} slot
   */
  #place(slot) {
    const { width, height } = this.#view.viewport;
    const [x, y] = this.#pixelOf(slot);
    const { offsetWidth, offsetHeight } = this.#card;
    const isRight = x + 14 + offsetWidth < width;
    const left = isRight ? x + 14 : x - 14 - offsetWidth;
    const top = y - offsetHeight / 2;
    const within = (
      /** @type {number} */ value,
      /** @type {number} */ most,
    ) => Math.round(Math.max(4, Math.min(value, most - 4)));
    this.#card.style.left = `${within(left, width - offsetWidth)}px`;
    this.#card.style.top = `${within(top, height - offsetHeight)}px`;
  }
}
