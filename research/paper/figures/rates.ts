/**
 * The figure of updates a second: a row for each server and a shape for each
 * load, on a logarithmic axis.
 *
 * @module
 */
import { labelsOf } from "../../page/labels.ts";
import type { Results } from "../../../bench/results.ts";
import { middle, pointsOf, updates } from "../../../bench/samples.ts";
import { logScale } from "../../../log_analysis/plots/scales.ts";
import {
  axisBelow,
  columnWidth,
  figure,
  label,
  mark,
  shapes,
  shortRate,
} from "./chart.ts";

const nameWidth = 62;
const rowHeight = 11.5;
const legendHeight = 14;
const rightMargin = 8;

/** The figure, as SVG. */
export function ratesFigure(results: Results): string {
  const points = pointsOf(results, "updates");
  const rows = labelsOf(results, "updates").map(({ id, label }) => ({
    label,
    rates: points.map((point) =>
      middle(results, updates(id, point, "updatesPerSecond"))!
    ),
  }));
  const scale = logScale(rows.flatMap(({ rates }) => rates), {
    from: nameWidth + 4,
    to: columnWidth - rightMargin,
  });
  const bottom = legendHeight + rows.length * rowHeight + 2;
  const legendStep = (columnWidth - nameWidth) / points.length;
  return figure(bottom + 12, [
    ...points.flatMap((point, index) => {
      const x = nameWidth + 6 + index * legendStep;
      return [mark(shapes[index], x, 5), label(x + 5, 8, point)];
    }),
    ...axisBelow(scale, [legendHeight, bottom], shortRate),
    ...rows.flatMap(({ label: name, rates }, row) => {
      const y = legendHeight + (row + 0.5) * rowHeight;
      return [
        label(nameWidth, y + 2.7, name, "end"),
        ...rates.map((rate, index) => mark(shapes[index], scale.at(rate), y)),
      ];
    }),
  ]);
}
