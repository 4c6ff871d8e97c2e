/**
 * Draws a dot for each client, or a larger dot for several clients on the same
 * few pixels. A path of fifty thousand circles takes a browser 100 ms or more.
 * So each dot is copied from a stamp, pixel by pixel.
 *
 * @module
 */
import { colourOf } from "./palette.js";

/**
 * The radius of dots, in CSS pixels. It falls with the number of clients.
 *
 * @param {number} count
 * @param {number} zoom
 */
export function dotRadius(count, zoom) {
  const most = count > 20_000 ? 1.5 : count > 2_000 ? 2 : count > 200 ? 3 : 4;
  return Math.min(most * zoom ** 0.35, 4.5);
}

/** The factor by which a dot of at least this number of clients is larger. */
const sizes = [
  { least: 1, factor: 1 },
  { least: 3, factor: 1.3 },
  { least: 15, factor: 1.7 },
  { least: 75, factor: 2.2 },
];

/**
 * @typedef {object} Stamp
 * @property {number} size Length of a side, in pixels of the canvas.
 * @property {readonly Uint32Array[]} pixels By colour.
 */

export class Dots {
  #context;
  #image = new ImageData(1, 1);
  #pixels = new Uint32Array(1);
  /** The number of clients in each cell. */
  #cells = new Uint32Array(0);
  /** The first client of each cell that is not empty. */
  #slots = new Uint32Array(0);
  /**
   * The stamps, in the order of `sizes`.
   *
   * @type {Stamp[]}
   */
  #stamps = [];
  #stampsKey = "";

  /** @param {CanvasRenderingContext2D} context */
  constructor(context) {
    this.#context = context;
  }

  /**
   * Draws the visible dots.
   *
   * @param {import("./clients.js").Clients} clients
   * @param {import("./viewport.js").Viewport} viewport
   * @param {{ readonly servers: readonly string[], readonly halo: string }} colours
   * @returns {number} The number of dots drawn.
   */
  draw(clients, viewport, colours) {
    const { width, height } = this.#context.canvas;
    this.#clear(width, height);
    const ratio = width / viewport.width;
    const radius = dotRadius(clients.count, viewport.zoom) * ratio;
    this.#prepareStamps(radius, ratio, colours);
    const scale = viewport.scale * ratio;
    const [left, top] = [viewport.left * ratio, viewport.top * ratio];

    // Dots closer than this cover each other.
    const cell = Math.max(radius, 2 * ratio);
    const columns = Math.ceil(width / cell) + 3;
    const cellAt = (/** @type {number} */ x, /** @type {number} */ y) =>
      Math.floor(y / cell + 1) * columns + Math.floor(x / cell + 1);
    const cellCount = columns * (Math.ceil(height / cell) + 3);
    if (this.#cells.length < cellCount) {
      this.#cells = new Uint32Array(cellCount);
    } else {
      this.#cells.fill(0);
    }

    // The first client of each cell represents all clients in it.
    if (this.#slots.length < clients.count) {
      this.#slots = new Uint32Array(clients.x.length);
    }
    let drawn = 0;
    for (let slot = 0; slot < clients.count; slot++) {
      const x = clients.x[slot] * scale + left;
      const y = clients.y[slot] * scale + top;
      const isVisible = x > -cell && x < width + cell && y > -cell &&
        y < height + cell;
      if (!isVisible) continue;
      const index = cellAt(x, y);
      if (this.#cells[index] === 0) this.#slots[drawn++] = slot;
      this.#cells[index] += 1;
    }
    // Larger dots first, so that smaller ones are above them.
    for (let size = sizes.length - 1; size >= 0; size--) {
      const least = sizes[size].least;
      const most = sizes[size + 1]?.least ?? Infinity;
      for (let dot = 0; dot < drawn; dot++) {
        const slot = this.#slots[dot];
        const x = clients.x[slot] * scale + left;
        const y = clients.y[slot] * scale + top;
        const count = this.#cells[cellAt(x, y)];
        if (count < least || count >= most) continue;
        this.#stamp(x, y, this.#stamps[size], colourOf(clients.server[slot]));
      }
    }
    this.#context.putImageData(this.#image, 0, 0);
    return drawn;
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #clear(width, height) {
    if (this.#image.width === width && this.#image.height === height) {
      this.#pixels.fill(0);
      return;
    }
    this.#image = new ImageData(Math.max(width, 1), Math.max(height, 1));
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {Stamp} stamp
   * @param {number} colour
   */
  #stamp(x, y, { size, pixels }, colour) {
    const { width, height } = this.#image;
    const stamp = pixels[colour];
    const fromX = Math.round(x - size / 2);
    const fromY = Math.round(y - size / 2);
    for (let row = 0; row < size; row++) {
      const py = fromY + row;
      if (py < 0 || py >= height) continue;
      for (let column = 0; column < size; column++) {
        const px = fromX + column;
        const pixel = stamp[row * size + column];
        if (px < 0 || px >= width || pixel === 0) continue;
        const target = py * width + px;
        // Alpha is the highest byte. A translucent pixel does not replace
        // another one.
        if (pixel >>> 31 === 1 || this.#pixels[target] === 0) {
          this.#pixels[target] = pixel;
        }
      }
    }
  }

  /**
   * @param {number} radius In pixels of the canvas.
   * @param {number} ratio
   * @param {{ readonly servers: readonly string[], readonly halo: string }} colours
   */
  #prepareStamps(radius, ratio, { servers, halo }) {
    const key = [radius, ratio, halo, ...servers].join();
    if (key === this.#stampsKey) return;
    this.#stampsKey = key;
    // A rim separates dots that touch, if the dots are large enough for one.
    const rim = radius > 2.5 * ratio ? ratio : 0;
    this.#stamps = sizes.map(({ factor }) =>
      createStamp(radius * factor, rim, servers, halo)
    );
  }
}

/**
 * @param {number} radius
 * @param {number} rim
 * @param {readonly string[]} colours
 * @param {string} halo
 * @returns {Stamp}
 */
function createStamp(radius, rim, colours, halo) {
  const size = 2 * Math.ceil(radius + rim) + 1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) return { size, pixels: [] };
  const pixels = colours.map((colour) => {
    context.clearRect(0, 0, size, size);
    if (rim > 0) fillCircle(context, size / 2, radius + rim / 2, halo);
    fillCircle(context, size / 2, radius - rim / 2, colour);
    const { data } = context.getImageData(0, 0, size, size);
    return new Uint32Array(data.buffer);
  });
  return { size, pixels };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} centre
 * @param {number} radius
 * @param {string} colour
 */
function fillCircle(context, centre, radius, colour) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(centre, centre, radius, 0, 2 * Math.PI);
  context.fill();
}
