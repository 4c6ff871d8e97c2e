/**
 * The plots of the page and their contents.
 *
 * @module
 */
import { otherServer } from "./clients.js";
import { count, latency, rate } from "./format.js";
import { totalUpdates } from "./history.js";
import { colourClass } from "./palette.js";
import { Plot } from "./plot.js";
import { pagePlots } from "./status_fields.js";

export class Plots {
  #updates;
  /** The plots of quantiles, with their titles. */
  #quantiles;

  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.#updates = new Plot(parent, {
      title: "Updates",
      kind: "stacked",
      format: rate,
    });
    this.#quantiles = pagePlots.map(({ title }) => ({
      title,
      plot: new Plot(parent, { title, kind: "log", format: latency }),
    }));
  }

  /**
   * @param {import("./history.js").History} history
   * @param {readonly import("./types.d.ts").ServerView[]} servers
   */
  show({ points }, servers) {
    const times = points.map(({ time }) => time);
    this.#showUpdates(points, times, servers);
    for (const { plot, title } of this.#quantiles) {
      showQuantiles(plot, times, points.map((point) => point.quantiles[title]));
    }
  }

  /**
   * @param {readonly import("./history.js").Point[]} points
   * @param {readonly number[]} times
   * @param {readonly import("./types.d.ts").ServerView[]} servers
   */
  #showUpdates(points, times, servers) {
    const series = servers.filter(({ status }) => status !== undefined)
      .map(({ name, index }) => ({
        name,
        class: colourClass(index),
        values: points.map(({ updates }) => updates[index]),
      }));
    const isPart = points.some(({ elsewhere }) => elsewhere > 0);
    if (isPart) {
      series.push({
        name: "elsewhere",
        class: colourClass(otherServer),
        values: points.map(({ elsewhere }) => elsewhere),
      });
    }
    const totals = points.map(totalUpdates);
    const now = totals.at(-1);
    const elsewhere = points.at(-1)?.elsewhere ?? 0;
    const text = (/** @type {number | undefined} */ value) =>
      value === undefined ? "–" : `${rate(value)}/s`;
    /** @type {[string, string][]} */
    const numbers = isPart && now !== undefined
      ? [["here", text(now - elsewhere)], ["elsewhere", text(elsewhere)]]
      : [["", text(now)]];
    const description = now === undefined
      ? "No updates measured yet"
      : `Updates per second in the last two minutes: now ${rate(now)}, from ` +
        `${rate(Math.min(...totals))} to ${rate(Math.max(...totals))}`;
    this.#updates.show(times, series, numbers, description);
  }
}

/**
 * @param {Plot} plot
 * @param {readonly number[]} times
 * @param {readonly import("./history.js").Quantiles[]} quantiles
 */
function showQuantiles(plot, times, quantiles) {
  const now = quantiles.at(-1) ?? null;
  const text = (/** @type {"p50" | "p99"} */ which) =>
    now === null ? "–" : latency(now[which]);
  const measured = quantiles.filter((value) => value !== null);
  plot.show(
    times,
    (/** @type {const} */ (["p99", "p50"])).map((which) => ({
      name: which,
      class: `plot-${which}`,
      values: quantiles.map((value) => value?.[which] ?? null),
    })),
    [["p50", text("p50")], ["p99", text("p99")]],
    measured.length === 0
      ? "Nothing measured in the last two minutes"
      : `In the last five seconds half took at most ${text("p50")}, 99 of ` +
        `100 at most ${text("p99")}; the highest of ` +
        `${count(measured.length)} such values is ` +
        `${latency(Math.max(...measured.map(({ p99 }) => p99)))}`,
  );
}
