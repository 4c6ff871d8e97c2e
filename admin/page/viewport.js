/**
 * The projection, by the server's table, and the visible part of the map.
 *
 * @module
 */

/**
 * Projects degrees to units of the map, by linear interpolation between the
 * table's latitudes.
 *
 * @param {import("./types.d.ts").WorldMap} map
 * @returns {(latitude: number, longitude: number) => [number, number]}
 */
export function createProjection({ width, xPerDegree, y }) {
  return (latitude, longitude) => {
    const north = Math.min(Math.max(latitude, -90), 90) + 90;
    const row = north / 180 * (y.length - 1);
    const below = Math.min(Math.floor(row), y.length - 2);
    const part = row - below;
    const between = (/** @type {readonly number[]} */ values) =>
      values[below] + (values[below + 1] - values[below]) * part;
    return [width / 2 + longitude * between(xPerDegree), between(y)];
  };
}

/** Margin between the whole world and the edge of the canvas, in CSS pixels. */
const margin = 8;
const maxZoom = 32;

/**
 * The visible part of the map. A point of the map is at the CSS pixel
 * `x * scale + left`, `y * scale + top`.
 */
export class Viewport {
  scale = 1;
  left = 0;
  top = 0;
  #map;
  #width = 1;
  #height = 1;
  #zoom = 1;
  /** The point of the map in the middle of the canvas. */
  #centre;

  /** @param {{ readonly width: number, readonly height: number }} map */
  constructor(map) {
    this.#map = map;
    this.#centre = { x: map.width / 2, y: map.height / 2 };
  }

  /** The zoom, at least 1. At 1, the whole world is visible. */
  get zoom() {
    return this.#zoom;
  }

  get width() {
    return this.#width;
  }

  get height() {
    return this.#height;
  }

  get centre() {
    return this.#centre;
  }

  /**
   * @param {number} width In CSS pixels.
   * @param {number} height
   */
  resize(width, height) {
    this.#width = Math.max(width, 1);
    this.#height = Math.max(height, 1);
    this.#place();
  }

  /** Shows the whole world. */
  reset() {
    this.#zoom = 1;
    this.#place();
  }

  /**
   * Zooms. The point of the map at this pixel stays there.
   *
   * @param {number} factor
   * @param {number} px
   * @param {number} py
   */
  zoomAt(factor, px = this.#width / 2, py = this.#height / 2) {
    const [x, y] = this.toMap(px, py);
    this.#zoom = Math.min(Math.max(this.#zoom * factor, 1), maxZoom);
    this.#place();
    const [nowX, nowY] = this.toMap(px, py);
    this.moveTo(this.#centre.x + x - nowX, this.#centre.y + y - nowY);
  }

  /**
   * Moves the map by this distance, in CSS pixels.
   *
   * @param {number} dx
   * @param {number} dy
   */
  panBy(dx, dy) {
    const { x, y } = this.#centre;
    this.moveTo(x - dx / this.scale, y - dy / this.scale);
  }

  /**
   * Moves a point of the map to the middle, as far as the world's edges allow.
   *
   * @param {number} x
   * @param {number} y
   * @param {number} leastZoom
   */
  moveTo(x, y, leastZoom = 1) {
    this.#zoom = Math.max(this.#zoom, leastZoom);
    this.#centre = { x, y };
    this.#place();
  }

  /**
   * The point of the map at a pixel.
   *
   * @param {number} px
   * @param {number} py
   * @returns {[number, number]}
   */
  toMap(px, py) {
    return [(px - this.left) / this.scale, (py - this.top) / this.scale];
  }

  /** Calculates the scale, and keeps the world visible. */
  #place() {
    const { width, height } = this.#map;
    const fit = Math.min(
      (this.#width - 2 * margin) / width,
      (this.#height - 2 * margin) / height,
    );
    this.scale = Math.max(fit, 0.01) * this.#zoom;
    this.#centre = {
      x: clampCentre(this.#centre.x, width, this.#width / this.scale),
      y: clampCentre(this.#centre.y, height, this.#height / this.scale),
    };
    this.left = this.#width / 2 - this.#centre.x * this.scale;
    this.top = this.#height / 2 - this.#centre.y * this.scale;
  }
}

/**
 * @param {number} centre
 * @param {number} size Size of the world.
 * @param {number} visible Size of the visible part.
 */
function clampCentre(centre, size, visible) {
  if (visible >= size) return size / 2;
  return Math.min(Math.max(centre, visible / 2), size - visible / 2);
}
