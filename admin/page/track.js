/**
 * The track of the client that was found: the positions of the last day that the
 * page's server has recorded, as a line on the map.
 *
 * @module
 */
import { setText } from "./dom.js";
import { counted } from "./format.js";

/** The age of the oldest position that is drawn, as the server reads it. */
const since = "24 hours ago";

/** Most pages that are requested: 10,000 positions, one in nine seconds. */
const maxPages = 10;

/** Width of the line, and of its rim, in CSS pixels. */
const [lineWidth, rimWidth] = [2, 4];

export class Track {
  #note;
  #project;
  #view;
  /** In units of the map. */
  #path = new Path2D();
  /** The ID of its client, as the page shows it. */
  #id = "";
  /** Counts requests, as an answer may come after the next request. */
  #request = 0;

  /**
   * @param {HTMLElement} note Says how many positions the track has.
   * @param {(latitude: number, longitude: number) => [number, number]} project
   * @param {import("./map_view.js").MapView} view
   */
  constructor(note, project, view) {
    this.#note = note;
    this.#project = project;
    this.#view = view;
  }

  /** Shows no track. */
  clear() {
    this.#request += 1;
    this.#id = "";
    this.#path = new Path2D();
    setText(this.#note, "");
    this.#view.marksChanged();
  }

  /**
   * Requests and shows the track of a client. A server without a history has
   * none.
   *
   * @param {string} shown The ID as the page shows it.
   * @param {string} id The whole ID.
   */
  async load(shown, id) {
    this.clear();
    const request = this.#request;
    const answer = await readHistory(id);
    if (request !== this.#request || answer === undefined) return;
    const { isWhole, positions, server } = answer;
    this.#path = this.#pathOf(positions);
    this.#id = shown;
    const number = counted(positions.length, "position");
    setText(
      this.#note,
      `Track of ${since.replace(" ago", "")}: ` +
        `${isWhole ? number : `the first ${number}`}, recorded by ${server}`,
    );
    this.#view.marksChanged();
  }

  /**
   * Draws the track, if its client is the one that is picked.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {string | undefined} picked
   */
  draw(context, picked) {
    if (this.#id === "" || picked !== this.#id) return;
    const { viewport: { left, scale, top }, colours } = this.#view;
    context.save();
    context.transform(scale, 0, 0, scale, left, top);
    context.lineJoin = "round";
    for (
      const [width, colour] of /** @type {const} */ ([
        [rimWidth, colours.halo],
        [lineWidth, colours.mark],
      ])
    ) {
      context.lineWidth = width / scale;
      context.strokeStyle = colour;
      context.stroke(this.#path);
    }
    context.restore();
  }

  /** @param {readonly Position[]} positions */
  #pathOf(positions) {
    const path = new Path2D();
    let last;
    for (const { latitude, longitude } of positions) {
      const [x, y] = this.#project(latitude, longitude);
      // Over the date line it goes on at the other edge of the map.
      const isNear = last !== undefined && Math.abs(longitude - last) < 180;
      if (isNear) path.lineTo(x, y);
      else path.moveTo(x, y);
      last = longitude;
    }
    return path;
  }
}

/**
 * @typedef {object} Position
 * @property {number} latitude
 * @property {number} longitude
 */

/**
 * Requests the positions of a client, page by page.
 *
 * @param {string} id
 * @returns {Promise<
 *   | { isWhole: boolean, positions: Position[], server: string }
 *   | undefined
 * >} Undefined if there are none.
 */
async function readHistory(id) {
  const url = new URL("history.json", document.baseURI);
  url.searchParams.set("id", id);
  url.searchParams.set("from", since);
  /** @type {Position[]} */
  const positions = [];
  let server = "";
  let next = null;
  try {
    for (let page = 0; page < maxPages; page++) {
      const response = await fetch(url);
      if (!response.ok) return undefined;
      const answer = await response.json();
      positions.push(...answer.records);
      ({ next, server } = answer);
      if (next === null) break;
      url.searchParams.set("cursor", next);
    }
  } catch {
    return undefined;
  }
  if (positions.length === 0) return undefined;
  return { isWhole: next === null, positions, server };
}
