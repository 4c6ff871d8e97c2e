/**
 * docs/plots/growth.svg: what more servers and more clients cost.
 *
 * @module
 */
import { formatNumber } from "../../bench/numbers.ts";
import type { Results } from "../../bench/results.ts";
import { middle, sizeOf, sizesOf } from "../../bench/samples.ts";
import {
  bodyTop,
  frame,
  line,
  margin,
  type Plot,
  plotWidth,
  polyline,
  text,
} from "../../log_analysis/plots/drawing.ts";
import {
  linearScale,
  logScale,
  type Scale,
  type Span,
} from "../../log_analysis/plots/scales.ts";
import { type Element, element } from "../../log_analysis/plots/svg.ts";
import { style } from "./drawing.ts";

const panelGap = 48;
const panelWidth = (plotWidth - 2 * margin - panelGap) / 2;
const axisWidth = 34;
const curveTop = bodyTop + 36;
const curveBottom = curveTop + 180;
const height = curveBottom + 60;
/** The distance between two dots below which their numbers would overlap. */
const numberWidth = 34;

/** A panel. Its points are in the order of their sizes. */
interface Curve {
  readonly heading: string;
  readonly unit: string;
  readonly points: readonly (readonly [size: number, value: number])[];
  readonly scaleOf: (sizes: readonly number[], span: Span) => Scale;
  /** The lower bound, if there is one. */
  readonly least?: {
    readonly label: string;
    readonly at: (size: number) => number;
  };
}

/** The plot; undefined if there are no samples. */
export function growthPlot(results: Results): Plot | undefined {
  const all: Curve[] = [
    {
      heading: "Link crossings an update",
      unit: "servers",
      points: pointsFor(results, "servers", "crossings"),
      scaleOf: (sizes, span) => linearScale(Math.max(...sizes), span),
      least: {
        label: "the least: servers − 1",
        at: (servers) => servers - 1,
      },
    },
    {
      heading: "CPU an update, in µs",
      unit: "clients",
      points: pointsFor(results, "clients", "acceptUs"),
      scaleOf: logScale,
    },
  ];
  const curves = all.filter(({ points }) => points.length > 0);
  if (curves.length === 0) return undefined;
  return frame({
    style,
    title: "What growth costs",
    subtitle: "One update, in herds of more servers, and in a server that " +
      "knows more clients.",
    description: curves.map(({ heading, points, unit }) =>
      `${heading}: ${
        points.map(([size, value]) =>
          `${formatNumber(value)} at ${formatNumber(size)} ${unit}`
        ).join(", ")
      }.`
    ).join(" "),
    height,
    body: curves.flatMap((curve, index) =>
      panel(curve, margin + index * (panelWidth + panelGap))
    ),
  });
}

function pointsFor(
  results: Results,
  unit: string,
  value: string,
): (readonly [number, number])[] {
  return sizesOf(results, "growth", unit).flatMap((point) => {
    const found = middle(results, {
      measure: "growth",
      subject: "herd",
      point,
      value,
    });
    return found === undefined ? [] : [[sizeOf(point), found] as const];
  });
}

function panel(
  { heading, least, points, scaleOf, unit }: Curve,
  left: number,
): Element[] {
  const sizes = points.map(([size]) => size);
  const across = scaleOf(sizes, {
    from: left + axisWidth,
    to: left + panelWidth - 30,
  });
  const leasts = least === undefined ? [] : sizes.map(least.at);
  const up = linearScale(
    Math.max(...points.map(([, value]) => value), ...leasts),
    { from: curveBottom, to: curveTop },
  );
  const places = points.map(([size, value]) =>
    [across.at(size), up.at(value)] as const
  );
  return [
    text(left, bodyTop + 10, heading, { class: "heading" }),
    ...up.ticks.flatMap((tick) => [
      line(
        "line",
        [left + axisWidth, up.at(tick)],
        [left + panelWidth, up.at(tick)],
      ),
      text(left + axisWidth - 8, up.at(tick) + 4, formatNumber(tick), {
        class: "muted",
        "text-anchor": "end",
      }),
    ]),
    ...across.ticks.map((tick) =>
      text(across.at(tick), curveBottom + 18, formatNumber(tick), {
        class: "muted",
        "text-anchor": "middle",
      })
    ),
    text(left + panelWidth, curveBottom + 38, unit, {
      class: "muted",
      "text-anchor": "end",
    }),
    ...leastLine(),
    polyline("curve", places),
    ...places.map(([x, y]) =>
      element("circle", { class: "herd", cx: x, cy: y, r: 3.5 })
    ),
    ...labels(places, points.map(([, value]) => formatNumber(value))),
  ];

  function leastLine(): Element[] {
    if (least === undefined) return [];
    const last = sizes.at(-1)!;
    const line = sizes.map((size) =>
      [across.at(size), up.at(least.at(size))] as const
    );
    return [
      polyline("least", line),
      text(across.at(last) - 4, up.at(least.at(last) / 2) + 4, least.label, {
        class: "muted over",
        "text-anchor": "end",
      }),
    ];
  }
}

/** Numbers above dots: the last one, and from there back all that have room. */
function labels(
  places: readonly (readonly [number, number])[],
  texts: readonly string[],
): Element[] {
  const shown: Element[] = [];
  let limit = Infinity;
  for (const [index, [x, y]] of [...places.entries()].reverse()) {
    if (x > limit) continue;
    limit = x - numberWidth;
    shown.push(text(x, y - 10, texts[index], {
      class: "over",
      "text-anchor": "middle",
    }));
  }
  return shown;
}
