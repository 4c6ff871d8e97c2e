/**
 * Rings that spread from where reports come in, and fade.
 *
 * @module
 */
import { dotRadius } from "./dots.js";
import { colourOf } from "./palette.js";

const lifeMs = 1_200;
const reachPx = 11;
/** Between two pieces of the stream; their pulses are spread over it. */
const spreadMs = 250;
const maxAlive = 160;
/** Of one piece. */
const maxNew = maxAlive * spreadMs / lifeMs;

const prefersStillness = matchMedia("(prefers-reduced-motion: reduce)");

export class Pulses {
  /**
   * By when they start.
   *
   * @type {{ x: number, y: number, colour: number, startMs: number }[]}
   */
  #alive = [];

  /**
   * Starts a pulse at clients that were just heard, or at an even sample of
   * them.
   *
   * @param {readonly number[]} slots
   * @param {import("./clients.js").Clients} clients
   */
  add(slots, clients) {
    if (document.hidden || prefersStillness.matches) return;
    const nowMs = performance.now();
    const step = Math.max(1, slots.length / maxNew);
    for (let place = 0; place < slots.length; place += step) {
      const slot = slots[Math.floor(place)];
      this.#alive.push({
        x: clients.x[slot],
        y: clients.y[slot],
        colour: colourOf(clients.server[slot]),
        startMs: nowMs + spreadMs * place / slots.length,
      });
    }
    this.#alive.splice(0, this.#alive.length - maxAlive);
  }

  clear() {
    this.#alive = [];
  }

  /**
   * Draws the rings as they are now.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {import("./map_view.js").MapView} view
   * @param {number} count How many clients there are.
   * @returns {boolean} Whether any goes on.
   */
  draw(context, { viewport, colours }, count) {
    const nowMs = performance.now();
    this.#alive = this.#alive.filter(({ startMs }) => nowMs - startMs < lifeMs);
    const { scale, left, top, zoom } = viewport;
    const radius = dotRadius(count, zoom);
    context.lineWidth = 2;
    for (const { x, y, colour, startMs } of this.#alive) {
      const age = (nowMs - startMs) / lifeMs;
      if (age < 0) continue;
      context.globalAlpha = (1 - age) ** 1.5;
      context.strokeStyle = colours.servers[colour];
      context.beginPath();
      const spread = reachPx * (1 - (1 - age) ** 2);
      context.arc(
        x * scale + left,
        y * scale + top,
        radius + spread,
        0,
        2 * Math.PI,
      );
      context.stroke();
    }
    context.globalAlpha = 1;
    return this.#alive.length > 0;
  }
}
