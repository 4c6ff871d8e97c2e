/**
 * Draws a dot for each client, or one for all that would lie on the same few
 * pixels. A path of fifty thousand circles takes a browser a tenth of a second
 * and more; so every dot is a copy of a stamp, pixel by pixel.
 *
 * @module
 */
import { colourOf } from "./palette.js";

/**
 * The size of dots, in CSS pixels: the more there are, the smaller.
 *
 * @param {number} count
 * @param {number} zoom
 */
export function dotRadius(count, zoom) {
  const most = count > 20_000 ? 1.5 : count > 2_000 ? 2 : count > 200 ? 3 : 4;
  return Math.min(most * zoom ** 0.35, 4.5);
}

/**
 * @typedef {object} Stamps
 * @property {number} size Of a side, in pixels of the canvas.
 * @property {readonly Uint32Array[]} pixels By colour.
 */

export class Dots {
  #context;
  #image = new ImageData(1, 1);
  #pixels = new Uint32Array(1);
  /** The cells that hold a dot. */
  #cells = new Uint8Array(0);
  /** @type {Stamps} */
  #stamps = { size: 0, pixels: [] };
  #stampsKey = "";

  /** @param {CanvasRenderingContext2D} context */
  constructor(context) {
    this.#context = context;
  }

  /**
   * Draws the dots that are in sight.
   *
   * @param {import("./clients.js").Clients} clients
   * @param {import("./viewport.js").Viewport} viewport
   * @param {{ readonly servers: readonly string[], readonly halo: string }} colours
   * @returns {number} How many it drew.
   */
  draw(clients, viewport, colours) {
    const { width, height } = this.#context.canvas;
    this.#clear(width, height);
    const ratio = width / viewport.width;
    const radius = dotRadius(clients.count, viewport.zoom) * ratio;
    this.#prepareStamps(radius, ratio, colours);
    const scale = viewport.scale * ratio;
    const [left, top] = [viewport.left * ratio, viewport.top * ratio];

    // Dots closer than that hide each other.
    const cell = Math.max(radius, 2 * ratio);
    const columns = Math.ceil(width / cell) + 3;
    const cellCount = columns * (Math.ceil(height / cell) + 3);
    if (this.#cells.length < cellCount) this.#cells = new Uint8Array(cellCount);
    else this.#cells.fill(0);

    let drawn = 0;
    for (let slot = 0; slot < clients.count; slot++) {
      const x = clients.x[slot] * scale + left;
      const y = clients.y[slot] * scale + top;
      const isInSight = x > -cell && x < width + cell && y > -cell &&
        y < height + cell;
      if (!isInSight) continue;
      const index = Math.floor(y / cell + 1) * columns +
        Math.floor(x / cell + 1);
      if (this.#cells[index] !== 0) continue;
      this.#cells[index] = 1;
      drawn += 1;
      this.#stamp(x, y, this.#stamps.pixels[colourOf(clients.server[slot])]);
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
   * @param {Uint32Array} stamp
   */
  #stamp(x, y, stamp) {
    const { width, height } = this.#image;
    const { size } = this.#stamps;
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
        // Alpha is the highest byte. A soft edge leaves what is below it.
        if (pixel >>> 31 === 1 || this.#pixels[target] === 0) {
          this.#pixels[target] = pixel;
        }
      }
    }
  }

  /**
   * @param {number} radius In pixels of the canvas, as all lengths here.
   * @param {number} ratio
   * @param {{ readonly servers: readonly string[], readonly halo: string }} colours
   */
  #prepareStamps(radius, ratio, { servers, halo }) {
    const key = [radius, ratio, halo, ...servers].join();
    if (key === this.#stampsKey) return;
    this.#stampsKey = key;
    // A rim keeps neighbours apart where dots are large enough for it.
    const rim = radius > 2.5 * ratio ? ratio : 0;
    const size = 2 * Math.ceil(radius + rim) + 1;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) return;
    const pixels = servers.map((colour) => {
      context.clearRect(0, 0, size, size);
      if (rim > 0) fillCircle(context, size / 2, radius + rim / 2, halo);
      fillCircle(context, size / 2, radius - rim / 2, colour);
      const { data } = context.getImageData(0, 0, size, size);
      return new Uint32Array(data.buffer);
    });
    this.#stamps = { size, pixels };
  }
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
