/**
 * docs/plots/updates.svg: updates a second of each subject, as a share of the
 * rate of the bare echo in the same round.
 *
 * @module
 */
import { describeLoad, type Label, labelsOf } from "./labels.ts";
import { formatNumber, formatRatio } from "../../bench/numbers.ts";
import type { Results } from "../../bench/results.ts";
import {
  middle,
  pointsOf,
  ratio,
  reasonFor,
  updates,
} from "../../bench/samples.ts";
import {
  bodyTop,
  frame,
  line,
  margin,
  type Plot,
  plotWidth,
  text,
} from "../../log_analysis/plots/drawing.ts";
import { type Element, element } from "../../log_analysis/plots/svg.ts";
import { nameOf, style } from "./drawing.ts";

const panelGap = 36;
const panelWidth = (plotWidth - 2 * margin - panelGap) / 2;
const rowHeight = 20;
const barHeight = 11;
const headingHeight = 28;
const nameWidth = 108;
/** Two columns of numbers stand to the right of the bars. */
const shareWidth = 42;
const rateWidth = 84;
/** A bar with a greater share is cut, and ends in an arrowhead. */
const greatestShare = 2;

/** The row of a subject. */
interface Row {
  readonly subject: Label;
  /** Undefined if it was not measured. */
  readonly bar?: { readonly rate: number; readonly share: number };
  /** Why there is no bar. */
  readonly gap: string;
}

/** The plot; undefined if there are no samples. */
export function updatesPlot(results: Results): Plot | undefined {
  const panels = pointsOf(results, "updates").map((point) => ({
    heading: describeLoad(point),
    rows: labelsOf(results, "updates")
      .map((subject) => rowOf(results, subject, point)),
  })).filter(({ rows }) => rows.some(({ bar }) => bar !== undefined));
  if (panels.length === 0) return undefined;
  const shares = panels.flatMap(({ rows }) =>
    rows.map(({ bar }) => bar?.share ?? 0)
  );
  const most = Math.min(greatestShare, Math.max(1, ...shares));
  const panelHeight = headingHeight + panels[0].rows.length * rowHeight + 20;
  return frame({
    style,
    title: "Updates a second, against a bare echo on the same runtime",
    subtitle:
      "A bar is the share of the echo's rate, which is the dashed line. " +
      "On the right: the share, and updates a second.",
    description: panels.map(({ heading, rows }) => {
      const texts = rows.map(({ bar, subject: { label } }) =>
        `${label} ${bar ? formatRatio(bar.share) : "not measured"}`
      );
      return `${heading}: ${texts.join(", ")}.`;
    }).join(" "),
    height: bodyTop + Math.ceil(panels.length / 2) * panelHeight,
    body: panels.flatMap(({ heading, rows }, index) =>
      drawPanel(
        heading,
        rows,
        most,
        margin + (index % 2) * (panelWidth + panelGap),
        bodyTop + Math.floor(index / 2) * panelHeight,
      )
    ),
  });
}

function rowOf(results: Results, subject: Label, point: string): Row {
  const own = updates(subject.id, point, "updatesPerSecond");
  const rate = middle(results, own);
  const share = ratio(results, own, updates("echo", point, "updatesPerSecond"));
  const reason = reasonFor(results, "updates", subject.id) ?? "";
  const [gap] = reason.match(/^(not installed|failed)/) ?? ["not measured"];
  return rate === undefined || share === undefined
    ? { subject, gap }
    : { subject, gap, bar: { rate, share } };
}

/** @param most The share at the right end of the bars. */
function drawPanel(
  heading: string,
  rows: readonly Row[],
  most: number,
  left: number,
  top: number,
): Element[] {
  const zero = left + nameWidth;
  const right = left + panelWidth;
  const unit = (panelWidth - nameWidth - shareWidth - rateWidth) / most;
  const firstRow = top + headingHeight;
  const bottom = firstRow + rows.length * rowHeight;
  const number = (x: number, y: number, content: string, name: string) =>
    text(x, y + 4, content, { class: name, "text-anchor": "end" });
  return [
    text(left, top + 14, heading, { class: "heading" }),
    line("line", [zero, firstRow], [zero, bottom]),
    line("least", [zero + unit, firstRow], [zero + unit, bottom]),
    ...rows.flatMap(({ bar, gap, subject }, index) => {
      const y = firstRow + (index + 0.5) * rowHeight;
      const name = nameOf(subject, zero - 8, y + 4);
      if (bar === undefined) return [name, number(right, y, gap, "muted")];
      const { rate, share } = bar;
      const end = zero + Math.min(share, most) * unit;
      return [
        name,
        drawBar(subject.kind, zero, end, y, share > most),
        number(right - rateWidth, y, formatRatio(share), "heading"),
        number(right, y, `${formatNumber(rate)}/s`, "muted"),
      ];
    }),
  ];
}

/** A bar around y. One that is cut has an arrowhead. */
function drawBar(
  kind: string,
  from: number,
  to: number,
  y: number,
  isCut: boolean,
): Element {
  const half = barHeight / 2;
  const end = isCut
    ? [[to - 6, y - half], [to, y], [to - 6, y + half]]
    : [[to, y - half], [to, y + half]];
  const round = (value: number) => Math.round(value * 10) / 10;
  return element("polygon", {
    class: kind,
    points: [[from, y - half], ...end, [from, y + half]]
      .map(([x, y]) => `${round(x)},${round(y)}`).join(" "),
  });
}
