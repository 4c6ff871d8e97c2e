/**
 * A small plot of the last two minutes, with the present values as text.
 *
 * @module
 */
import { html, svg } from "./dom.js";
import { spanSeconds } from "./history.js";

const height = 120;
/** Room for the labels of the y axis, and of the x axis. */
const [left, right, top, bottom] = [52, 6, 8, 18];

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} class The class that sets the colour.
 * @property {readonly (number | null)[]} values One for each point; null makes a gap.
 * @typedef {object} PlotOptions
 * @property {string} title
 * @property {"stacked" | "log"} kind Stacked areas on a linear scale, or lines on a logarithmic one.
 * @property {(value: number) => string} format
 */

export class Plot {
  #options;
  #numbers = html("p", { class: "plot-numbers" });
  #svg = svg("svg", { role: "img", height });

  /**
   * @param {HTMLElement} parent
   * @param {PlotOptions} options
   */
  constructor(parent, options) {
    this.#options = options;
    parent.append(
      html("figure", { class: "panel plot" }, [
        html("figcaption", {}, [
          html("h2", {}, [options.title]),
          this.#numbers,
        ]),
        this.#svg,
      ]),
    );
  }

  /**
   * @param {readonly number[]} times Times of the points, in seconds.
   * @param {readonly Series[]} series
   * @param {readonly (readonly [string, string])[]} numbers The present values: the name of the line or an empty string, and the text.
   * @param {string} description The text alternative of the plot.
   */
  show(times, series, numbers, description) {
    this.#numbers.replaceChildren(
      ...numbers.map(([name, text]) =>
        html("span", {
          class: this.#options.kind === "log" ? `plot-key plot-${name}` : "",
        }, [
          `${name} `,
          html("strong", {}, [text]),
        ])
      ),
    );
    this.#svg.setAttribute("aria-label", description);
    const width = Math.max(this.#svg.clientWidth, 160);
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const end = times.at(-1) ?? 0;
    const x = (/** @type {number} */ time) =>
      left + (width - left - right) * (1 - (end - time) / spanSeconds);
    // The page has no data from before it was opened.
    const isFull = end - (times[0] ?? end) >= spanSeconds - 1;
    const beginning = isFull ? "2 min ago" : "since this page opened";
    const { kind, format } = this.#options;
    const scale = kind === "log" ? logScale(series) : linearScale(series);
    this.#svg.replaceChildren(
      ...scale.ticks.flatMap((tick) => [
        svg("line", {
          class: "plot-grid",
          x1: left,
          x2: width - right,
          y1: scale.y(tick),
          y2: scale.y(tick),
        }),
        svg("text", {
          class: "plot-tick",
          x: left - 6,
          y: scale.y(tick) + 4,
          "text-anchor": "end",
        }, [format(tick)]),
      ]),
      ...[[beginning, left, "start"], ["now", width - right, "end"]].map(
        ([text, place, anchor]) =>
          svg("text", {
            class: text === "now" ? "plot-tick plot-now" : "plot-tick",
            x: place,
            y: height - 3,
            "text-anchor": anchor,
          }, [String(text)]),
      ),
      ...(kind === "log"
        ? drawLines(series, times.map(x), scale.y)
        : drawAreas(series, times.map(x), scale.y)),
    );
  }
}

/** @param {readonly Series[]} series */
function linearScale(series) {
  const totals =
    series[0]?.values.map((_, index) =>
      series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)
    ) ?? [];
  const most = roundUp(Math.max(1, ...totals));
  return {
    ticks: [0, most / 2, most],
    y: (/** @type {number} */ value) => fromBottom(value / most),
  };
}

/** @param {readonly Series[]} series */
function logScale(series) {
  const values = series.flatMap(({ values }) => values)
    .flatMap((value) => value !== null && value > 0 ? [value] : []);
  // Without values, the scale is from 100 µs to 100 ms.
  const lowest = Math.min(...values, values.length === 0 ? 1e-4 : Infinity);
  const highest = Math.max(...values, values.length === 0 ? 1e-1 : 0);
  const low = Math.floor(Math.log10(lowest) + 1e-9);
  const high = Math.max(Math.ceil(Math.log10(highest) - 1e-9), low + 2);
  const step = high - low > 4 ? 2 : 1;
  const ticks = [];
  for (let power = low; power <= high; power += step) ticks.push(10 ** power);
  return {
    ticks,
    y: (/** @type {number} */ value) =>
      fromBottom((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)),
  };
}

/** @param {number} share Of the height. */
function fromBottom(share) {
  return height - bottom - share * (height - top - bottom);
}

/**
 * The next of 1, 2, 4, 10, 20, ...
 *
 * @param {number} value
 */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 4, 10].find((factor) => factor * power >= value) ?? 10;
  return factor * power;
}

/**
 * @param {readonly Series[]} series
 * @param {readonly number[]} xs
 * @param {(value: number) => number} y
 */
function drawLines(series, xs, y) {
  return series.map(({ class: name, values }) => {
    let path = "";
    for (const [index, value] of values.entries()) {
      if (value === null) continue;
      const isStart = index === 0 || values[index - 1] === null;
      path += `${isStart ? "M" : "L"}${xs[index].toFixed(1)},${
        y(value).toFixed(1)
      }`;
      // Makes a point between two gaps visible.
      if (isStart && (values[index + 1] ?? null) === null) path += "h1";
    }
    return svg("path", { class: `plot-line ${name}`, d: path });
  });
}

/**
 * @param {readonly Series[]} series
 * @param {readonly number[]} xs
 * @param {(value: number) => number} y
 */
function drawAreas(series, xs, y) {
  if (xs.length === 0) return [];
  let floor = xs.map(() => 0);
  return series.map(({ class: name, values }) => {
    const ceiling = floor.map((value, index) => value + (values[index] ?? 0));
    const points = (/** @type {readonly number[]} */ heights) =>
      heights.map((value, index) =>
        `${xs[index].toFixed(1)},${y(value).toFixed(1)}`
      );
    const outline = [...points(ceiling), ...points(floor).reverse()];
    floor = ceiling;
    return svg("path", {
      class: `plot-area ${name}`,
      d: `M${outline.join("L")}Z`,
    });
  });
}
