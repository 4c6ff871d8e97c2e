/**
 * Computes the curves of the plot.
 *
 * @module
 */
import { formatNumber } from "../cli/numbers.ts";
import { verbs } from "../protocol/command.ts";
import { formatDuration } from "./format.ts";
import type { HerdStats } from "./herd_stats.ts";
import { addWaits, noWaits, type Waits } from "./server_stats.ts";
import { classesFor, classesOf } from "./stats_plot_style.ts";
import { countingTimeline, Timeline } from "./timeline.ts";

/** Most points of a curve, so that they can be distinguished. */
const maxPoints = 160;

/** One curve. */
export interface Series {
  readonly name: string;
  /** The CSS classes of the curve. */
  readonly classes: string;
  /** A time, in microseconds since 1970, and a value. */
  readonly points: readonly (readonly [us: number, value: number])[];
  /** The greatest value as text. */
  readonly peak: string;
}

/**
 * Updates per second: one curve per server.
 *
 * @param widthUs The time that each point covers, from `widthOf`.
 */
export function updateSeries(herd: HerdStats, widthUs: number): Series[] {
  return herd.servers.map(({ stats }, index): Series => {
    const timeline = countingTimeline();
    timeline.addAll(stats.updates);
    timeline.widenTo(widthUs);
    const counts = new Map(
      timeline.intervals().map(({ fromUs, sum }) => [fromUs, sum]),
    );
    const points: [number, number][] = [];
    const { firstUs, lastUs, server } = stats;
    const begin = Math.floor(firstUs / widthUs) * widthUs;
    for (let fromUs = begin; fromUs <= lastUs; fromUs += widthUs) {
      const covered = Math.min(lastUs, fromUs + widthUs) -
        Math.max(firstUs, fromUs);
      const isShort = lastUs - firstUs <= widthUs;
      // An interval of which the log covers less than half is left out.
      if (covered < widthUs / 2 && !isShort) continue;
      const seconds = (isShort ? widthUs : covered) / 1_000_000;
      const rate = (counts.get(fromUs) ?? 0) / seconds;
      points.push([clamp(fromUs + widthUs / 2, herd), rate]);
    }
    const peak = points.reduce((peak, [, rate]) => Math.max(peak, rate), 0);
    return {
      name: server,
      classes: classesOf(index),
      points,
      peak: `${formatNumber(peak, 1)} updates per second`,
    };
  });
}

/**
 * How long clients wait for answers, in microseconds, for all servers together.
 *
 * @param widthUs The time that each point covers, from `widthOf`.
 */
export function waitSeries(herd: HerdStats, widthUs: number): Series[] {
  const timeline = new Timeline<Waits>(noWaits, addWaits);
  for (const { stats } of herd.servers) timeline.addAll(stats.waitsOverTime);
  timeline.widenTo(widthUs);
  const intervals = timeline.intervals();
  return verbs.flatMap((kind, colour) =>
    [0.5, 0.99].map((quantile, dash): Series => {
      const points = intervals.filter(({ sum }) => sum[kind].count > 0)
        .map(({ fromUs, sum, toUs }) =>
          [
            clamp((fromUs + toUs) / 2, herd),
            // A logarithmic axis has no zero.
            Math.max(1, sum[kind].quantile(quantile)!),
          ] as const
        );
      const peak = points.reduce((peak, [, us]) => Math.max(peak, us), 0);
      return {
        name: `${kind} p${quantile * 100}`,
        classes: classesFor(colour, dash),
        points,
        peak: formatDuration(peak),
      };
    })
  );
}

/** The time that a point covers, in microseconds: the same for all curves. */
export function widthOf({ firstUs, lastUs, servers }: HerdStats): number {
  const least = Math.max(
    ...servers.flatMap(({ stats: { updates, waitsOverTime } }) => [
      updates.widthUs,
      waitsOverTime.widthUs,
    ]),
  );
  const timeline = countingTimeline();
  timeline.widenTo(Math.max(least, (lastUs - firstUs) / maxPoints));
  return timeline.widthUs;
}

function clamp(us: number, { firstUs, lastUs }: HerdStats): number {
  return Math.min(Math.max(us, firstUs), lastUs);
}
