/**
 * Shows one client's details on a card beside its dot: the client under the
 * pointer, or else the client picked last by a tap, a key or its ID.
 *
 * @module
 */
import { html, setText } from "./dom.js";
import { age, clientTime, position } from "./format.js";
import { colourClass } from "./palette.js";

/** Whether an ID is cut, as `shown_id.ts` does it. No whole ID has a space. */
const cutId = / \(\d+ bytes, #[0-9a-f]+\)$/;

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
   * The cut ID that is shown whole, and the whole ID.
   *
   * @type {{ readonly id: string, readonly text: string } | undefined}
   */
  #whole;
  #clock;

  /**
   * @param {HTMLElement} card
   * @param {import("./clients.js").Clients} clients
   * @param {import("./map_view.js").MapView} view
   * @param {import("./server_clock.js").ServerClock} clock
   */
  constructor(card, clients, view, clock) {
    this.#clock = clock;
    this.#card = card;
    this.#clients = clients;
    this.#view = view;
  }

  /** The ID of the client that is picked, as the page shows it. */
  get picked() {
    return this.#picked;
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
    this.#whole = undefined;
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
    const id = ids[slot];
    const whole = this.#whole?.id === id ? this.#whole.text : undefined;
    // The pointer cannot reach a card that goes when the pointer leaves the dot.
    const isPicked = id === this.#picked;
    const lines = [
      whole ?? id,
      `received by ${receivedBy[slot]}`,
      position(latitude[slot], longitude[slot]),
    ];
    const isCut = isPicked && whole === undefined && cutId.test(id);
    const text = [isCut, ...lines].join("\n");
    if (text !== this.#shown) {
      const [shownId, ...rest] = lines;
      const mark = `client-id mark ${colourClass(server[slot])}`;
      this.#card.replaceChildren(
        html("bdi", { class: mark }, [shownId]),
        ...rest.map((line) => html("span", {}, [line])),
        html("span", { class: "client-time" }),
        ...(isCut ? [this.#wholeButton(id)] : []),
      );
      this.#shown = text;
    }
    this.#card.classList.toggle("is-whole", whole !== undefined);
    const [when] = this.#card.getElementsByClassName("client-time");
    const ago = age(this.#clock.now - time[slot]);
    setText(when, `${clientTime(time[slot])}, ${ago}`);
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

  /** @param {string} id */
  #wholeButton(id) {
    const button = html("button", { type: "button" }, ["Show the whole ID"]);
    button.addEventListener("click", async () => {
      const url = new URL("client.json", document.baseURI);
      url.searchParams.set("shown", id);
      try {
        const response = await fetch(url);
        if (!response.ok) throw new Error(await response.text());
        const { position: [text] } = await response.json();
        this.#whole = { id, text };
        this.refresh();
      } catch {
        setText(button, "The server does not have it");
      }
    });
    return button;
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
