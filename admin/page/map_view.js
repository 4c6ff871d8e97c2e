/**
 * Draws the map on three canvases, one above the other: the land, which changes
 * with the view; the dots, which change with new positions; the marks, which
 * move. It draws once per frame at most, only what has changed, and nothing
 * while the page is hidden.
 *
 * @module
 */
import { Dots } from "./dots.js";
import { readColours } from "./palette.js";
import { Viewport } from "./viewport.js";

export class MapView {
  viewport;
  colours = readColours();
  /** The number of visible dots. */
  dots = 0;
  #frame;
  #clients;
  #land;
  #dotsContext;
  #dots;
  #marks;
  #paths;
  /** Draws the marks; returns whether any of them is still moving. */
  #drawMarks;
  #isLandDue = true;
  #areDotsDue = true;
  #isFrameDue = false;

  /**
   * @param {HTMLElement} frame Holds the canvases.
   * @param {import("./types.d.ts").WorldMap} map
   * @param {import("./clients.js").Clients} clients
   * @param {(context: CanvasRenderingContext2D, view: MapView) => boolean} drawMarks
   */
  constructor(frame, map, clients, drawMarks) {
    this.#frame = frame;
    this.#clients = clients;
    this.#drawMarks = drawMarks;
    this.viewport = new Viewport(map);
    this.#land = contextOf(frame, "#map-land");
    this.#dotsContext = contextOf(frame, "#map-dots");
    this.#dots = new Dots(this.#dotsContext);
    this.#marks = contextOf(frame, "#map-marks");
    this.#paths = {
      sphere: new Path2D(map.sphere),
      graticule: new Path2D(map.graticule),
      land: new Path2D(map.land),
      borders: new Path2D(map.borders),
    };
    new ResizeObserver(() => this.#resize()).observe(frame);
    matchMedia("(prefers-color-scheme: dark)").addEventListener(
      "change",
      () => {
        this.colours = readColours();
        this.viewChanged();
      },
    );
    document.addEventListener("visibilitychange", () => this.#schedule());
    this.#resize();
  }

  /** To be called when another part of the map is visible. */
  viewChanged() {
    this.#isLandDue = true;
    this.#areDotsDue = true;
    this.#frame.dataset.zoom = this.viewport.zoom.toFixed(2);
    this.#schedule();
  }

  /** To be called when clients are new or have moved. */
  clientsChanged() {
    this.#areDotsDue = true;
    this.#schedule();
  }

  /** To be called when marks have changed. */
  marksChanged() {
    this.#schedule();
  }

  #schedule() {
    if (this.#isFrameDue || document.hidden) return;
    this.#isFrameDue = true;
    requestAnimationFrame(() => {
      this.#isFrameDue = false;
      this.#draw();
    });
  }

  #draw() {
    if (this.#isLandDue) this.#drawLand();
    if (this.#areDotsDue) {
      this.dots = this.#dots.draw(this.#clients, this.viewport, this.colours);
      // For assistive programs and tests.
      this.#frame.dataset.clients = String(this.#clients.count);
      this.#frame.dataset.dots = String(this.dots);
    }
    this.#isLandDue = false;
    this.#areDotsDue = false;
    this.#clear(this.#marks);
    if (this.#drawMarks(this.#marks, this)) this.#schedule();
  }

  #drawLand() {
    const { scale, left, top } = this.viewport;
    const { colours } = this;
    const context = this.#land;
    this.#clear(context);
    context.save();
    context.transform(scale, 0, 0, scale, left, top);
    context.fillStyle = colours.sea;
    context.fill(this.#paths.sphere);
    context.lineWidth = 0.7 / scale;
    context.strokeStyle = colours.graticule;
    context.stroke(this.#paths.graticule);
    context.fillStyle = colours.land;
    context.fill(this.#paths.land);
    context.strokeStyle = colours.borders;
    context.stroke(this.#paths.borders);
    context.restore();
  }

  /** @param {CanvasRenderingContext2D} context */
  #clear(context) {
    const { width, height } = this.viewport;
    context.clearRect(0, 0, width, height);
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#frame;
    const ratio = devicePixelRatio;
    for (const context of [this.#land, this.#dotsContext, this.#marks]) {
      context.canvas.width = Math.round(clientWidth * ratio);
      context.canvas.height = Math.round(clientHeight * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.viewport.resize(clientWidth, clientHeight);
    this.viewChanged();
  }
}

/**
 * @param {HTMLElement} frame
 * @param {string} selector
 */
function contextOf(frame, selector) {
  const canvas = frame.querySelector(selector);
  const context = canvas instanceof HTMLCanvasElement &&
    canvas.getContext("2d");
  if (!context) throw new Error(`there is no canvas ${selector}`);
  return context;
}
