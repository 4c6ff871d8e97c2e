/**
 * docs/plots/updates.svg: updates a second of everyone, as a share of what a
 * bare echo does in the same round.
 *
 * @module
 */
import type { Results } from "../results.ts";
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
import { formatNumber, formatRatio } from "./numbers.ts";
import { middle, pointsOf, ratio, reasonFor, updates } from "./samples.ts";
import { describeLoad, type Subject, subjectsOf } from "./subjects.ts";
import { type Element, element } from "../../log_analysis/plots/svg.ts";

const panelGap = 36;
const panelWidth = (plotWidth - 2 * margin - panelGap) / 2;
const rowHeight = 20;
const barHeight = 11;
const headingHeight = 28;
const nameWidth = 108;
/** Two columns of numbers, on the right of the bars. */
const shareWidth = 42;
const rateWidth = 84;
/** Who is further above the echo than this gets a bar with an arrow's head. */
const greatestShare = 2;

interface Bar {
  readonly subject: Subject;
  /** Undefined if it was not measured at this point. */
  readonly found?: { readonly rate: number; readonly share: number };
}

/** The plot; undefined if there is nothing to show. */
export function updatesPlot(results: Results): Plot | undefined {
  const panels = pointsOf(results, "updates").map((point) => ({
    point,
    bars: subjectsOf(results, "updates")
      .map((subject) => barOf(results, subject, point)),
  })).filter(({ bars }) => bars.some(({ found }) => found !== undefined));
  if (panels.length === 0) return undefined;
  const shares = panels.flatMap(({ bars }) =>
    bars.flatMap(({ found }) => found === undefined ? [] : [found.share])
  );
  const most = Math.min(greatestShare, Math.max(1, ...shares));
  const panelHeight = headingHeight + panels[0].bars.length * rowHeight + 20;
  return frame({
    style,
    title: "Updates a second, against a bare echo on the same runtime",
    subtitle:
      "A bar is the share of the echo's rate, which is the dashed line. " +
      "On the right: the share, and updates a second.",
    description: panels.map(({ bars, point }) =>
      `${describeLoad(point)}: ${bars.map(describeBar).join(", ")}.`
    ).join(" "),
    height: bodyTop + Math.ceil(panels.length / 2) * panelHeight,
    body: panels.flatMap(({ bars, point }, index) =>
      panel(results, {
        left: margin + (index % 2) * (panelWidth + panelGap),
        top: bodyTop + Math.floor(index / 2) * panelHeight,
        heading: describeLoad(point),
        bars,
        most,
      })
    ),
  });
}

function barOf(results: Results, subject: Subject, point: string): Bar {
  const own = updates(subject.id, point, "updatesPerSecond");
  const rate = middle(results, own);
  const share = ratio(results, own, updates("echo", point, "updatesPerSecond"));
  return rate === undefined || share === undefined
    ? { subject }
    : { subject, found: { rate, share } };
}

function describeBar({ found, subject }: Bar): string {
  return found === undefined
    ? `${subject.label} not measured`
    : `${subject.label} ${formatRatio(found.share)}`;
}

interface Panel {
  readonly left: number;
  readonly top: number;
  readonly heading: string;
  readonly bars: readonly Bar[];
  /** The share at which bars end. */
  readonly most: number;
}

function panel(
  results: Results,
  { bars, heading, left, most, top }: Panel,
): Element[] {
  const zero = left + nameWidth;
  const right = left + panelWidth;
  const unit = (panelWidth - nameWidth - shareWidth - rateWidth) / most;
  const firstRow = top + headingHeight;
  const bottom = firstRow + bars.length * rowHeight;
  const rows = bars.flatMap(({ found, subject }, index) => {
    const y = firstRow + (index + 0.5) * rowHeight;
    const name = nameOf(subject, zero - 8, y + 4);
    if (found === undefined) {
      const reason = reasonFor(results, "updates", subject.id) ?? "";
      const [words] = reason.match(/^(not installed|failed)/) ??
        ["not measured"];
      return [name, numberText(right, y, words, "muted")];
    }
    const end = zero + Math.min(found.share, most) * unit;
    return [
      name,
      bar(subject.kind, zero, end, y, found.share > most),
      numberText(right - rateWidth, y, formatRatio(found.share), "heading"),
      numberText(right, y, `${formatNumber(found.rate)}/s`, "muted"),
    ];
  });
  return [
    text(left, top + 14, heading, { class: "heading" }),
    line("line", [zero, firstRow], [zero, bottom]),
    line("least", [zero + unit, firstRow], [zero + unit, bottom]),
    ...rows,
  ];
}

/** A number that ends at x. */
function numberText(x: number, y: number, content: string, name: string) {
  return text(x, y + 4, content, { class: name, "text-anchor": "end" });
}

/** A bar; with an arrow's head where it goes on beyond the plot. */
function bar(
  kind: string,
  from: number,
  to: number,
  y: number,
  goesOn: boolean,
): Element {
  const half = barHeight / 2;
  const corners = goesOn
    ? [[from, y - half], [to - 6, y - half], [to, y], [to - 6, y + half]]
    : [[from, y - half], [to, y - half], [to, y + half]];
  return element("polygon", {
    class: kind,
    points: [...corners, [from, y + half]]
      .map(([x, y]) => `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`)
      .join(" "),
  });
}
