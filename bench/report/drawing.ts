/**
 * What all plots share: their frame, their colours in light and dark, and the
 * shapes that stand in them.
 *
 * @module
 */
import type { Subject } from "./subjects.ts";
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

/** Indented as `deno fmt` indents it. */
const style = `
  svg {
    --page: #ffffff;
    --text: #1f2328;
    --muted: #59636e;
    --line: #d1d9e0;
    --herd: #0969da;
    --rival: #8c959f;
  }
  @media (prefers-color-scheme: dark) {
    svg {
      --page: #0d1117;
      --text: #e6edf3;
      --muted: #9198a1;
      --line: #30363d;
      --herd: #4493f8;
      --rival: #7d8590;
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
  .name-herd {
    fill: var(--herd);
    font-weight: 600;
  }
  .page {
    fill: var(--page);
  }
  .line {
    fill: none;
    stroke: var(--line);
  }
  .least {
    fill: none;
    stroke: var(--muted);
    stroke-dasharray: 4 4;
  }
  .herd {
    fill: var(--herd);
    stroke: var(--herd);
  }
  .rival {
    fill: var(--rival);
    stroke: var(--rival);
  }
  .ceiling {
    fill: var(--page);
    stroke: var(--rival);
  }
  .ring {
    fill: var(--page);
  }
  .curve {
    fill: none;
    stroke: var(--herd);
    stroke-width: 2;
  }
  `;

/** Puts a frame and a title around what is drawn. */
export function frame(
  { body, description, height, subtitle, title }: {
    readonly title: string;
    readonly subtitle: string;
    /** The numbers, in words. */
    readonly description: string;
    readonly height: number;
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
    element("style", {}, style),
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

/** The name of a subject, ending at x. */
export function nameOf({ kind, label }: Subject, x: number, y: number) {
  return text(x, y, label, {
    class: kind === "herd" ? "name-herd" : kind === "rival" ? "" : "muted",
    "text-anchor": "end",
  });
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
