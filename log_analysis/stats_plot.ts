/**
 * Plots the statistics over time: updates, links and reply times.
 *
 * @module
 */
import { formatNumber } from "../cli/numbers.ts";
import { formatRoundDuration, formatTime } from "./format.ts";
import { type HerdStats, uptimeShare } from "./herd_stats.ts";
import type { Interval, LinkTimes } from "./link_times.ts";
import {
  bodyTop,
  frame,
  line,
  margin,
  type Plot,
  plotWidth,
  polyline,
  text,
} from "./plots/drawing.ts";
import {
  linearScale,
  logScale,
  type Scale,
  type Span,
} from "./plots/scales.ts";
import { type Element, element } from "./plots/svg.ts";
import { type TimeScale, timeScale } from "./plots/time_scale.ts";
import { type Series, updateSeries, waitSeries, widthOf } from "./series.ts";
import { style } from "./stats_plot_style.ts";

/** Width for the names of links and for numbers on the left. */
const nameWidth = 150;
const left = margin + nameWidth;
const right = plotWidth - margin;
const headingHeight = 24;
const legendHeight = 18;
const curveHeight = 150;
const rowHeight = 18;
const barHeight = 10;
const panelGap = 30;
/** Approximate width of a letter. */
const letterWidth = 7.5;

/** Draws the plot. */
export function statsPlot(herd: HerdStats): Plot {
  const { firstUs, lastUs, links } = herd;
  const time = timeScale(firstUs, lastUs, { from: left, to: right });
  const widthUs = widthOf(herd);
  const updates = updateSeries(herd, widthUs);
  const waits = waitSeries(herd, widthUs);
  const body: Element[] = [];
  let top = bodyTop;
  top = curves(body, {
    top,
    time,
    heading: "Updates per second, by the server that received them",
    series: updates,
    scaleOf: (values, span) => linearScale(Math.max(0, ...values), span),
    format: (value) => formatNumber(value, 3),
  });
  top = linkBars(body, links, herd, time, top);
  top = curves(body, {
    top,
    time,
    heading: "Reply times, all servers",
    series: waits,
    scaleOf: logScale,
    format: formatRoundDuration,
  });
  body.push(text((left + right) / 2, top - 4, "Time, UTC", {
    class: "muted",
    "text-anchor": "middle",
  }));
  const seconds = formatNumber(widthUs / 1_000_000, 3);
  return frame({
    style,
    title: "Updates, links and reply times in the servers' logs",
    subtitle: `${formatTime(firstUs)} to ${formatTime(lastUs)}. ` +
      `Each point covers ${seconds} s.`,
    description: describe(herd, [...updates, ...waits]),
    height: top + 14,
    body,
  });
}

/** Describes the plot in text. */
function describe(herd: HerdStats, series: readonly Series[]): string {
  const links = herd.links.map((link) =>
    `${link.servers.join(" and ")} were linked for ` +
    `${Math.floor(uptimeShare(link, herd) * 100)} % of the time`
  );
  const peaks = series.filter(({ points }) => points.length > 0)
    .map(({ name, peak }) => `${name} at most ${peak}`);
  return [...peaks, ...links].map((sentence) => `${sentence}.`).join(" ");
}

interface Curves {
  readonly top: number;
  readonly time: TimeScale;
  readonly heading: string;
  readonly series: readonly Series[];
  readonly scaleOf: (values: readonly number[], span: Span) => Scale;
  readonly format: (value: number) => string;
}

/** Draws a panel of curves. Returns the top of the next panel. */
function curves(
  body: Element[],
  { format, heading, scaleOf, series, time, top }: Curves,
): number {
  body.push(text(margin, top + 12, heading, { class: "heading" }));
  const shown = series.filter(({ points }) => points.length > 0);
  if (shown.length === 0) {
    body.push(text(left, top + headingHeight + 14, "none", { class: "muted" }));
    return top + headingHeight + panelGap;
  }
  const curveTop = legend(body, shown, top + headingHeight) + 6;
  const bottom = curveTop + curveHeight;
  const values = shown.flatMap(({ points }) =>
    points.map(([, value]) => value)
  );
  const up = scaleOf(values, { from: bottom, to: curveTop });
  for (const tick of up.ticks) {
    const y = up.at(tick);
    body.push(
      line("line", [left, y], [right, y]),
      text(left - 8, y + 4, format(tick), {
        class: "muted",
        "text-anchor": "end",
      }),
    );
  }
  timeMarks(body, time, curveTop, bottom);
  for (const { classes, points } of shown) {
    const places = points.map(([us, value]) =>
      [time.at(us), up.at(value)] as const
    );
    body.push(polyline(`curve ${classes}`, places));
    // A line of one point is invisible.
    if (places.length > 1) continue;
    const [[cx, cy]] = places;
    body.push(element("circle", { class: `dot ${classes}`, cx, cy, r: 3 }));
  }
  return bottom + 18 + panelGap;
}

/**
 * Draws the names of curves beside their strokes. Returns the bottom of the
 * legend.
 */
function legend(
  body: Element[],
  series: readonly Series[],
  top: number,
): number {
  let [x, y] = [left, top];
  for (const { classes, name } of series) {
    const width = 24 + name.length * letterWidth + 18;
    if (x > left && x + width > right) {
      x = left;
      y += legendHeight;
    }
    body.push(
      line(`curve ${classes}`, [x, y + 8], [x + 18, y + 8]),
      text(x + 24, y + 12, name),
    );
    x += width;
  }
  return y + legendHeight;
}

/** Draws vertical lines with the times below them. */
function timeMarks(
  body: Element[],
  { at, ticks }: TimeScale,
  top: number,
  bottom: number,
): void {
  for (const { label, us } of ticks) {
    body.push(
      line("line", [at(us), top], [at(us), bottom]),
      text(at(us), bottom + 16, label, {
        class: "muted",
        "text-anchor": "middle",
      }),
    );
  }
}

/** Draws a bar for each link. Returns the top of the next panel. */
function linkBars(
  body: Element[],
  links: readonly LinkTimes[],
  { firstUs, lastUs }: HerdStats,
  time: TimeScale,
  top: number,
): number {
  body.push(text(margin, top + 12, "Links", { class: "heading" }));
  for (const [index, classes] of ["up", "down"].entries()) {
    const x = left + index * 60;
    body.push(
      bar(classes, x, x + 18, top + 4),
      text(x + 24, top + 12, classes),
    );
  }
  const barsTop = top + headingHeight;
  const bottom = barsTop + links.length * rowHeight;
  for (const [index, { servers, up }] of links.entries()) {
    const y = barsTop + index * rowHeight;
    body.push(
      text(left - 8, y + 12, shortened(servers.join(" – ")), {
        "text-anchor": "end",
      }),
      bar("up", left, right, y + 3),
    );
    const down = gapsOf(up, firstUs, lastUs).map(({ fromUs, toUs }) =>
      [time.at(fromUs), time.at(toUs)] as const
    );
    for (const [from, to] of visible(down)) {
      body.push(bar("down", from, to, y + 3));
    }
  }
  timeMarks(body, time, barsTop, bottom);
  return bottom + 18 + panelGap;
}

function bar(classes: string, from: number, to: number, y: number): Element {
  const attributes = { x: from, y, width: to - from, height: barHeight };
  return element("rect", { class: classes, ...attributes });
}

/** When a link was down. */
function gapsOf(
  up: readonly Interval[],
  firstUs: number,
  lastUs: number,
): Interval[] {
  const gaps: Interval[] = [];
  let fromUs = firstUs;
  for (const interval of [...up, { fromUs: lastUs, toUs: lastUs }]) {
    if (interval.fromUs > fromUs) gaps.push({ fromUs, toUs: interval.fromUs });
    fromUs = Math.max(fromUs, interval.toUs);
  }
  return gaps;
}

/** Makes bars wide enough to be visible, and joins those that overlap. */
function visible(
  bars: readonly (readonly [number, number])[],
): [number, number][] {
  const shown: [number, number][] = [];
  for (const [from, end] of bars) {
    const to = Math.max(end, from + 1);
    const last = shown.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else shown.push([from, to]);
  }
  return shown;
}

/** Shortens a name to fit on the left. Names may have 64 letters. */
function shortened(name: string): string {
  const maxLetters = Math.floor(nameWidth / letterWidth);
  return name.length <= maxLetters ? name : `${name.slice(0, maxLetters - 1)}…`;
}
