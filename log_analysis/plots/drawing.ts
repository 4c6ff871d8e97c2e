/**
 * What all plots share: their frame, their look in light and dark, and the
 * shapes that stand in them. No I/O.
 *
 * @module
 */
import { type Element, element, print } from "./svg.ts";

/** A finished plot. */
export interface Plot {
  /** What it shows, for the page and for who cannot see it. */
  readonly title: string;
  readonly svg: string;
}

/** Between the frame and what stands in it. */
export const margin = 24;

/** Where the first panel may begin, below title and subtitle. */
export const bodyTop = 76;

/** How wide a plot is: as wide as a page of text is shown. */
export const plotWidth = 840;

/** What every plot looks like, indented as `deno fmt` indents it. */
const sharedStyle = `
  svg {
    --page: #ffffff;
    --text: #1f2328;
    --muted: #59636e;
    --line: #d1d9e0;
  }
  @media (prefers-color-scheme: dark) {
    svg {
      --page: #0d1117;
      --text: #e6edf3;
      --muted: #9198a1;
      --line: #30363d;
    }
  }
  text {
    fill: var(--text);
    font: 12px system-ui, sans-serif;
  }
  .title {
    font-size: 16px;
    font-weight: 600;
  }
  .heading {
    font-weight: 600;
  }
  .muted {
    fill: var(--muted);
  }
  .over {
    paint-order: stroke;
    stroke: var(--page);
    stroke-width: 4px;
  }
  .page {
    fill: var(--page);
  }
  .line {
    fill: none;
    stroke: var(--line);
  }`;

/** Puts a frame and a title around what is drawn. */
export function frame(
  { body, description, height, style, subtitle, title }: {
    readonly title: string;
    readonly subtitle: string;
    /** The numbers, in words. */
    readonly description: string;
    readonly height: number;
    /** CSS of this plot's own, behind what all share. */
    readonly style: string;
    readonly body: readonly Element[];
  },
): Plot {
  const width = plotWidth;
  const svg = element("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
  }, [
    element("title", {}, title),
    element("desc", {}, description),
    element("style", {}, sharedStyle + style),
    element("rect", { class: "page", width, height, rx: 6 }),
    text(margin, 32, title, { class: "title" }),
    text(margin, 52, subtitle, { class: "muted" }),
    ...body,
  ]);
  return { title, svg: `${print(svg)}\n` };
}

/** A text whose baseline is at y. */
export function text(
  x: number,
  y: number,
  content: string,
  attributes: Readonly<Record<string, string>> = {},
): Element {
  return element("text", { ...attributes, x, y }, content);
}

/** A straight line. */
export function line(
  name: string,
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
): Element {
  return element("line", { class: name, x1, y1, x2, y2 });
}

/** A line through points. */
export function polyline(
  name: string,
  points: readonly (readonly [number, number])[],
): Element {
  const round = (value: number) => Math.round(value * 10) / 10;
  return element("polyline", {
    class: name,
    points: points.map(([x, y]) => `${round(x)},${round(y)}`).join(" "),
  });
}
