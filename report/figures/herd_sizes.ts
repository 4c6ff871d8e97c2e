/**
 * What more servers cost: measured, and as the model has it; and how many
 * updates a second such a herd can take.
 *
 * @module
 */
import { linearScale } from "../../plots/scales.ts";
import type { Element } from "../../plots/svg.ts";
import { capacity, type HerdModel } from "../model.ts";
import {
  axisBelow,
  axisBeside,
  columnWidth,
  curve,
  figure,
  label,
  mark,
  shortRate,
} from "./chart.ts";

const panelWidth = columnWidth / 2;
const axisWidth = 20;
const top = 14;
const bottom = 92;

/** How far the right panel goes, in servers. */
const mostServers = 40;

/** The figure, as SVG. */
export function herdSizesFigure(
  atOne: HerdModel,
  atEach: HerdModel,
): string {
  return figure(bottom + 24, [
    ...costPanel(atOne, atEach),
    ...capacityPanel(atEach),
  ]);
}

function costPanel(atOne: HerdModel, atEach: HerdModel): Element[] {
  const points = [...atOne.points, ...atEach.points];
  const most = Math.max(...points.map(([servers]) => servers));
  const across = linearScale(most, { from: axisWidth, to: panelWidth - 8 });
  const up = linearScale(Math.max(...points.map(([, us]) => us)), {
    from: bottom,
    to: top,
  });
  const lineOf = ({ firstUs, furtherUs }: HerdModel) =>
    [1, most].map((servers) =>
      [
        across.at(servers),
        up.at(firstUs + furtherUs * (servers - 1)),
      ] as const
    );
  return [
    label(0, 7, "CPU an update, all servers, µs"),
    ...axisBelow(across, [top, bottom], String),
    ...axisBeside(up, [axisWidth, across.at(across.ticks.at(-1)!)], String),
    label(panelWidth - 8, bottom + 20, "servers", "end"),
    curve(lineOf(atOne)),
    curve(lineOf(atEach), "2 2"),
    ...atOne.points.map(([servers, us]) =>
      mark("disc", across.at(servers), up.at(us))
    ),
    ...atEach.points.map(([servers, us]) =>
      mark("ring", across.at(servers), up.at(us))
    ),
  ];
}

function capacityPanel(model: HerdModel): Element[] {
  const left = panelWidth + axisWidth + 10;
  const across = linearScale(mostServers, { from: left, to: columnWidth - 6 });
  const limit = 1_000_000 / model.furtherUs;
  const up = linearScale(limit, { from: bottom, to: top });
  const sizes = Array.from({ length: mostServers }, (_, index) => index + 1);
  const right = across.at(across.ticks.at(-1)!);
  return [
    label(panelWidth + 8, 7, "updates/s, a core a server"),
    ...axisBelow(across, [top, bottom], String),
    ...axisBeside(up, [left, right], shortRate),
    label(columnWidth - 6, bottom + 20, "servers", "end"),
    curve([[left, up.at(limit)], [right, up.at(limit)]], "2 2"),
    curve(
      sizes.map((servers) =>
        [across.at(servers), up.at(capacity(model, servers))] as const
      ),
    ),
  ];
}
