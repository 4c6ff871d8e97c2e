/**
 * Shapes and axes of the paper's figures, in greys and in the paper's typeface.
 * Coordinates are points of 1/72 inch.
 *
 * @module
 */
import type { Scale } from "../../../log_analysis/plots/scales.ts";
import {
  type Element,
  element,
  print,
} from "../../../log_analysis/plots/svg.ts";

/** The width of a column: (7 - 0.33) / 2 inches. */
export const columnWidth = 240;

/** The size of letters. */
export const fontSize = 8;

const ink = "#000";
const paleInk = "#bbb";

/** An SVG with the width of a column. */
export function figure(height: number, body: readonly Element[]): string {
  return print(element("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${columnWidth} ${height}`,
    width: columnWidth,
    height,
  }, body));
}

/** The part of a text that stands at x. */
export type Anchor = "start" | "middle" | "end";

/** A text with its baseline at y. */
export function label(
  x: number,
  y: number,
  content: string,
  anchor: Anchor = "start",
): Element {
  return element("text", {
    x,
    y,
    "font-family": "Tinos",
    "font-size": fontSize,
    "text-anchor": anchor,
  }, content);
}

/** A line of the grid. */
export function rule(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
): Element {
  return element("line", {
    x1,
    y1,
    x2,
    y2,
    stroke: paleInk,
    "stroke-width": "0.4",
  });
}

/** A line through points of the figure. */
export function curve(
  points: readonly (readonly [number, number])[],
  dashes = "none",
): Element {
  return element("polyline", {
    points: points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" "),
    fill: "none",
    stroke: ink,
    "stroke-width": "0.8",
    "stroke-dasharray": dashes,
  });
}

/** Shapes that differ without colours. */
export const shapes = ["ring", "square", "triangle", "disc"] as const;

/** A shape. */
export type Shape = typeof shapes[number];

/** A mark around a point. */
export function mark(shape: Shape, x: number, y: number): Element {
  const paint = {
    fill: shape === "disc" ? ink : "#fff",
    stroke: ink,
    "stroke-width": "0.8",
  };
  if (shape === "square") {
    return element("rect", {
      ...paint,
      x: (x - 2.2).toFixed(2),
      y: (y - 2.2).toFixed(2),
      width: "4.4",
      height: "4.4",
    });
  }
  if (shape === "triangle") {
    const corners = [[0, -3], [2.8, 2], [-2.8, 2]] as const;
    return element("polygon", {
      ...paint,
      points: corners.map(([dx, dy]) =>
        `${(x + dx).toFixed(2)},${(y + dy).toFixed(2)}`
      ).join(" "),
    });
  }
  return element("circle", {
    ...paint,
    cx: x.toFixed(2),
    cy: y.toFixed(2),
    r: "2.3",
  });
}

/** The numbers of a horizontal axis, and vertical lines of the grid. */
export function axisBelow(
  { at, ticks }: Scale,
  [top, bottom]: readonly [number, number],
  format: (value: number) => string,
): Element[] {
  return ticks.flatMap((tick) => [
    rule([at(tick), top], [at(tick), bottom]),
    label(at(tick), bottom + fontSize + 1, format(tick), "middle"),
  ]);
}

/** The numbers of a vertical axis, and horizontal lines of the grid. */
export function axisBeside(
  { at, ticks }: Scale,
  [left, right]: readonly [number, number],
  format: (value: number) => string,
): Element[] {
  return ticks.flatMap((tick) => [
    rule([left, at(tick)], [right, at(tick)]),
    label(left - 3, at(tick) + 2.7, format(tick), "end"),
  ]);
}

/** Formats the rates of an axis: `200 k`, `5 M`. */
export function shortRate(value: number): string {
  if (value === 0) return "0";
  return value < 1_000_000 ? `${value / 1_000} k` : `${value / 1_000_000} M`;
}
