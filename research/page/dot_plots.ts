/**
 * docs/plots/latency.svg and docs/plots/propagation.svg: percentiles as dots on
 * a logarithmic axis, with a row for each subject and a panel for each load.
 *
 * @module
 */
import { describeLoad, type Label, labelsOf } from "./labels.ts";
import { formatMicroseconds, withCommas } from "../../bench/numbers.ts";
import type { Results } from "../../bench/results.ts";
import { middle, pointsOf } from "../../bench/samples.ts";
import {
  bodyTop,
  frame,
  line,
  margin,
  type Plot,
  plotWidth,
  text,
} from "../../log_analysis/plots/drawing.ts";
import { logScale, type Scale } from "../../log_analysis/plots/scales.ts";
import { type Element, element } from "../../log_analysis/plots/svg.ts";
import { nameOf, style } from "./drawing.ts";

/** The rows of one load. */
interface Panel {
  readonly heading: string;
  readonly rows: readonly {
    readonly subject: Label;
    /** Percentiles, ascending, in microseconds. */
    readonly valuesUs: readonly number[];
  }[];
}

const nameWidth = 112;
const rowHeight = 22;
const headingHeight = 30;
const panelGap = 16;
const axisHeight = 20;
/** Each percentile has a column of numbers to the right of the dots. */
const numberWidth = 70;
const numberGap = 16;
/** The approximate width of a letter. */
const letterWidth = 7;
/** The names of the percentiles stand here. */
const top = bodyTop + 4;
const left = margin + nameWidth;

/**
 * Draws the subjects that have all percentiles at a point.
 *
 * @param headings The headings of the panels, by point.
 * @param percentiles The names of the percentiles, by the name of the value.
 */
function dotPlot(
  results: Results,
  measure: string,
  title: string,
  headings: ReadonlyMap<string, string>,
  percentiles: Readonly<Record<string, string>>,
): Plot | undefined {
  const panels = [...headings].map(([point, heading]): Panel => ({
    heading,
    rows: labelsOf(results, measure).flatMap((subject) => {
      const valuesUs = Object.keys(percentiles).map((value) =>
        middle(results, { measure, subject: subject.id, point, value }) ?? 0
      );
      return valuesUs.every((us) => us > 0) ? [{ subject, valuesUs }] : [];
    }),
  })).filter(({ rows }) => rows.length > 0);
  if (panels.length === 0) return undefined;
  const names = Object.values(percentiles);
  const right = plotWidth - margin - names.length * numberWidth - numberGap;
  const scale = logScale(
    panels.flatMap(({ rows }) => rows.flatMap(({ valuesUs }) => valuesUs)),
    { from: left, to: right },
  );
  let bottom = top;
  const drawn = panels.flatMap((panel) => {
    const panelTop = bottom;
    bottom += headingHeight + panel.rows.length * rowHeight + panelGap;
    return drawPanel(panel, scale, right, panelTop);
  });
  return frame({
    style,
    title,
    subtitle: "The axis is logarithmic. Further left is faster.",
    description: panels.map(({ heading, rows }) => {
      const texts = rows.map(({ subject, valuesUs }) =>
        `${subject.label} ${valuesUs.map(formatMicroseconds).join(", ")}`
      );
      return `${heading}: ${texts.join("; ")}.`;
    }).join(" "),
    height: bottom + 4 + axisHeight,
    body: [
      ...scale.ticks.map((tick) =>
        text(scale.at(tick), bottom + 4, formatMicroseconds(tick), {
          class: "muted",
          "text-anchor": "middle",
        })
      ),
      ...names.flatMap((name, at) => {
        const end = numberEnd(right, at);
        const markX = end - letterWidth * name.length - 14;
        return [
          mark("rival", at, markX, top + 10),
          text(end, top + 14, name, { class: "muted", "text-anchor": "end" }),
        ];
      }),
      ...drawn,
    ],
  });
}

const numberEnd = (right: number, at: number) =>
  right + numberGap + (at + 1) * numberWidth;

function drawPanel(
  { heading, rows }: Panel,
  scale: Scale,
  right: number,
  top: number,
): Element[] {
  const rowsTop = top + headingHeight;
  return [
    text(margin, top + 14, heading, { class: "heading" }),
    ...scale.ticks.map((tick) =>
      line(
        "line",
        [scale.at(tick), rowsTop - 6],
        [scale.at(tick), rowsTop + rows.length * rowHeight + 2],
      )
    ),
    ...rows.flatMap(({ subject, valuesUs }, index) => {
      const y = rowsTop + (index + 0.5) * rowHeight;
      const places = valuesUs.map(scale.at);
      return [
        nameOf(subject, left - 10, y + 4),
        line(subject.kind, [places[0], y], [places.at(-1)!, y]),
        // The lowest percentile is drawn above the others.
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

/** A dot, a ring or a stroke, by the number of the percentile. */
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

/** From an update to its reply, under two loads that fit on one axis. */
export const latencyPlot = (results: Results) =>
  dotPlot(
    results,
    "updates",
    "From an update to its reply",
    new Map(["50x1", "50x16"].map((point) => [point, describeLoad(point)])),
    { p50Us: "p50", p99Us: "p99", p999Us: "p99.9" },
  );

/** From one server of a herd to another. */
export const propagationPlot = (results: Results) =>
  dotPlot(
    results,
    "propagation",
    "From an update at one server to its arrival at another",
    new Map(
      pointsOf(results, "propagation").map((point) => [
        point,
        withCommas(point).replace(/\/s$/, " updates a second"),
      ]),
    ),
    { p50Us: "p50", p99Us: "p99" },
  );
