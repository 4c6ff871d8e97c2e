/**
 * Rings that spread from the positions of new reports, and fade.
 *
 * @module
 */
import { dotRadius } from "./dots.js";
import { colourOf } from "./palette.js";

const durationMs = 1_200;
const reachPx = 11;
/** Interval between two pieces of positions. Pulses are spread over it. */
const spreadMs = 250;
const maxPulses = 160;
/** Most pulses of one piece. */
const maxNew = maxPulses * spreadMs / durationMs;

const prefersStillness = matchMedia("(prefers-reduced-motion: reduce)");

export class Pulses {
  /**
   * Ordered by start.
   *
   * @type {{ x: number, y: number, colour: number, startMs: number }[]}
   */
  #pulses = [];

  /**
   * Starts pulses at an even sample of these clients.
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
      this.#pulses.push({
        x: clients.x[slot],
        y: clients.y[slot],
        colour: colourOf(clients.server[slot]),
        startMs: nowMs + spreadMs * place / slots.length,
      });
    }
    this.#pulses.splice(0, this.#pulses.length - maxPulses);
  }

  clear() {
    this.#pulses = [];
  }

  /**
   * Draws the rings.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {import("./map_view.js").MapView} view
   * @param {number} count Number of clients.
   * @returns {boolean} Whether any ring is left.
   */
  draw(context, { viewport, colours }, count) {
    const nowMs = performance.now();
    this.#pulses = this.#pulses.filter(({ startMs }) =>
      nowMs - startMs < durationMs
    );
    const { scale, left, top, zoom } = viewport;
    const radius = dotRadius(count, zoom);
    context.lineWidth = 2;
    for (const { x, y, colour, startMs } of this.#pulses) {
      const age = (nowMs - startMs) / durationMs;
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
    return this.#pulses.length > 0;
  }
}
