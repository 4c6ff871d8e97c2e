/**
 * The frame, style and shapes shared by all plots. No I/O.
 *
 * @module
 */
import { type Element, element, print } from "./svg.ts";

/** A finished plot. */
export interface Plot {
  /** A title for the page and for screen readers. */
  readonly title: string;
  readonly svg: string;
}

/** Between the frame and its content. */
export const margin = 24;

/** The top of the first panel, below title and subtitle. */
export const bodyTop = 76;

/** Width of a plot: that of a page of text. */
export const plotWidth = 840;

/** The style of every plot, indented like `deno fmt` does. */
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

/** Adds the frame and the title to a plot. */
export function frame(
  { body, description, height, style, subtitle, title }: {
    readonly title: string;
    readonly subtitle: string;
    /** The plot described in text. */
    readonly description: string;
    readonly height: number;
    /** Additional CSS of this plot. */
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

/** A text with its baseline at y. */
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

/** A line through several points. */
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
