/**
 * The figure of herd sizes: the measured cost and the model, and how many updates
 * a second such herds can accept.
 *
 * @module
 */
import { linearScale } from "../../../log_analysis/plots/scales.ts";
import type { Element } from "../../../log_analysis/plots/svg.ts";
import { type Cost, costOf } from "../../page/herd_costs.ts";
import { capacity, type HerdModel } from "../model.ts";
import {
  axisBelow,
  axisBeside,
  columnWidth,
  curve,
  figure,
  label,
  mark,
  type Shape,
  shortRate,
} from "./chart.ts";

const panelWidth = columnWidth / 2;
const axisWidth = 20;
const top = 14;
const bottom = 92;

/** The largest herd of the right panel. */
const mostServers = 40;

/** The figure, as SVG. */
export function herdSizesFigure(model: HerdModel): string {
  return figure(bottom + 24, [...costPanel(model), ...capacityPanel(model)]);
}

/** The cost of an update. */
function costPanel({ atEach, atOne, line, spread }: HerdModel): Element[] {
  const costs = [...atOne, ...atEach];
  const most = Math.max(...costs.map(({ servers }) => servers));
  const across = linearScale(most, { from: axisWidth, to: panelWidth - 8 });
  const up = linearScale(Math.max(...costs.map(({ cpuUs }) => cpuUs)), {
    from: bottom,
    to: top,
  });
  const modelled = (splitUs: number) =>
    countTo(most).map((servers) =>
      [across.at(servers), up.at(costOf(line, servers, splitUs))] as const
    );
  const marks = (shape: Shape, costs: readonly Cost[]) =>
    costs.map(({ cpuUs, servers }) =>
      mark(shape, across.at(servers), up.at(cpuUs))
    );
  return [
    label(0, 7, "CPU an update, all servers, µs"),
    ...axisBelow(across, [top, bottom], String),
    ...axisBeside(up, [axisWidth, across.at(across.ticks.at(-1)!)], String),
    label(panelWidth - 8, bottom + 20, "servers", "end"),
    curve(modelled(0)),
    curve(modelled(spread.splitUs), "2 2"),
    ...marks("ring", atEach),
    ...marks("disc", atOne),
  ];
}

/** The capacity of a herd. */
function capacityPanel(model: HerdModel): Element[] {
  const left = panelWidth + axisWidth + 10;
  const across = linearScale(mostServers, { from: left, to: columnWidth - 6 });
  const limit = 1_000_000 / model.line.furtherUs;
  const up = linearScale(Math.max(limit, capacity(model, 1)), {
    from: bottom,
    to: top,
  });
  const right = across.at(across.ticks.at(-1)!);
  return [
    label(panelWidth + 8, 7, "updates/s, a core a server"),
    ...axisBelow(across, [top, bottom], String),
    ...axisBeside(up, [left, right], shortRate),
    label(columnWidth - 6, bottom + 20, "servers", "end"),
    curve([[left, up.at(limit)], [right, up.at(limit)]], "2 2"),
    curve(
      countTo(mostServers).map((servers) =>
        [across.at(servers), up.at(capacity(model, servers))] as const
      ),
    ),
  ];
}

/** 1, 2, ... up to a number. */
const countTo = (most: number) =>
  Array.from({ length: most }, (_, index) => index + 1);
