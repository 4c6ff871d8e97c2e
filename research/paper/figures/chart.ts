/**
 * What the paper's figures share: points of type as units, the paper's typeface,
 * greys, and marks that differ in their shape.
 *
 * @module
 */
import {
  type Element,
  element,
  print,
} from "../../../log_analysis/plots/svg.ts";
import type { Scale } from "../../../log_analysis/plots/scales.ts";

/** As wide as a column: (7 - 0.33) / 2 inches, in points of 1/72 inch. */
export const columnWidth = 240;

/** The size of letters in figures, in points. */
export const fontSize = 8;

const ink = "#000";
const paleInk = "#bbb";

/** An SVG of a column's width. */
export function figure(height: number, body: readonly Element[]): string {
  return print(element("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${columnWidth} ${height}`,
    width: columnWidth,
    height,
  }, body));
}

/** Where a text stands from: its left end, its middle or its right end. */
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

/** Shapes that are told apart without colours. */
export const shapes = ["ring", "square", "triangle", "disc"] as const;

/** One of them. */
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

/** Numbers below an axis, with a line up the figure at each. */
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

/** Numbers beside an axis, with a line across the figure at each. */
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

/** `200 k`, `5 M`: rates at an axis. */
export function shortRate(value: number): string {
  if (value === 0) return "0";
  return value < 1_000_000 ? `${value / 1_000} k` : `${value / 1_000_000} M`;
}
