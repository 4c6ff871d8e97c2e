/**
 * Percentiles of waiting times as dots on a logarithmic axis: a row a subject,
 * a panel a load.
 *
 * @module
 */
import {
  bodyTop,
  frame,
  line,
  margin,
  type Plot,
  plotWidth,
  text,
} from "../../log_analysis/plots/drawing.ts";
import { nameOf, style } from "./drawing.ts";
import { formatMicroseconds } from "./numbers.ts";
import { logScale, type Scale } from "../../log_analysis/plots/scales.ts";
import type { Subject } from "./subjects.ts";
import { type Element, element } from "../../log_analysis/plots/svg.ts";

/** One subject's percentiles, rising, in microseconds. */
export interface DotRow {
  readonly subject: Subject;
  readonly valuesUs: readonly number[];
}

/** Rows under one load. */
export interface DotPanel {
  readonly heading: string;
  readonly rows: readonly DotRow[];
}

/** Everything that is drawn. */
export interface DotPlot {
  readonly title: string;
  /** What the dots are, in the order of their values: p50, p99, ... */
  readonly percentiles: readonly string[];
  readonly panels: readonly DotPanel[];
}

const nameWidth = 112;
const rowHeight = 22;
const headingHeight = 30;
const panelGap = 16;
const axisHeight = 20;
/** A column of numbers, on the right of the dots. */
const numberWidth = 70;
/** About as wide as a letter is. */
const letterWidth = 7;
/** Below the title: the names of percentiles over their numbers. */
const top = bodyTop + 4;

/** The plot; undefined if there is nothing to show. */
export function dotPlot(
  { panels, percentiles, title }: DotPlot,
): Plot | undefined {
  const filled = panels.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) return undefined;
  const left = margin + nameWidth;
  const right = plotWidth - margin - percentiles.length * numberWidth - 16;
  const scale = logScale(
    filled.flatMap(({ rows }) => rows.flatMap(({ valuesUs }) => valuesUs)),
    { from: left, to: right },
  );
  const tops: number[] = [];
  let bottom = top;
  for (const { rows } of filled) {
    tops.push(bottom);
    bottom += headingHeight + rows.length * rowHeight + panelGap;
  }
  return frame({
    style,
    title,
    subtitle: "The axis is logarithmic. Further left is faster.",
    description: filled.map(({ heading, rows }) =>
      `${heading}: ${rows.map((row) => describe(row)).join("; ")}.`
    ).join(" "),
    height: bottom + 4 + axisHeight,
    body: [
      ...scale.ticks.map((tick) =>
        text(scale.at(tick), bottom + 4, formatMicroseconds(tick), {
          class: "muted",
          "text-anchor": "middle",
        })
      ),
      ...percentiles.flatMap((name, at) => legend(name, at, right, top)),
      ...filled.flatMap((panel, index) =>
        drawPanel(panel, { scale, right, top: tops[index] })
      ),
    ],
  });
}

function describe({ subject, valuesUs }: DotRow): string {
  return `${subject.label} ${valuesUs.map(formatMicroseconds).join(", ")}`;
}

const numberEnd = (right: number, at: number) =>
  right + 16 + (at + 1) * numberWidth;

/** A percentile's mark and name, at the head of its column of numbers. */
function legend(
  name: string,
  at: number,
  right: number,
  top: number,
): Element[] {
  const end = numberEnd(right, at);
  return [
    mark("rival", at, end - letterWidth * name.length - 14, top + 10),
    text(end, top + 14, name, { class: "muted", "text-anchor": "end" }),
  ];
}

function drawPanel(
  { heading, rows }: DotPanel,
  { right, scale, top }: {
    readonly scale: Scale;
    readonly right: number;
    readonly top: number;
  },
): Element[] {
  return [
    text(margin, top + 14, heading, { class: "heading" }),
    ...scale.ticks.map((tick) =>
      line(
        "line",
        [scale.at(tick), top + headingHeight - 6],
        [scale.at(tick), top + headingHeight + rows.length * rowHeight + 2],
      )
    ),
    ...rows.flatMap(({ subject, valuesUs }, index) => {
      const y = top + headingHeight + (index + 0.5) * rowHeight;
      const places = valuesUs.map(scale.at);
      return [
        nameOf(subject, margin + nameWidth - 10, y + 4),
        line(subject.kind, [places[0], y], [places.at(-1)!, y]),
        // The lowest percentile is drawn last, over the others.
        ...places.map((x, at) => mark(subject.kind, at, x, y)).reverse(),
        ...valuesUs.map((us, at) =>
          text(numberEnd(right, at), y + 4, formatMicroseconds(us), {
            "text-anchor": "end",
          })
        ),
      ];
    }),
  ];
}

/** A full dot, a ring, or a stroke: the further out, the emptier. */
function mark(kind: string, at: number, x: number, y: number): Element {
  const colour = kind === "ceiling" ? "rival" : kind;
  if (at === 0) {
    return element("circle", { class: colour, cx: x, cy: y, r: 4.5 });
  }
  if (at === 1) {
    return element("circle", { class: `${colour} ring`, cx: x, cy: y, r: 4 });
  }
  return line(colour, [x, y - 5], [x, y + 5]);
}
