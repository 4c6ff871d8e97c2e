/**
 * The curves of the plot: what changes over time, as points.
 *
 * @module
 */
import { formatNumber } from "../cli/numbers.ts";
import { verbs } from "../protocol/command.ts";
import { formatDuration } from "./format.ts";
import type { HerdStats } from "./herd_stats.ts";
import { addWaits, noWaits, type Waits } from "./server_stats.ts";
import { lookOf, lookWith } from "./stats_plot_style.ts";
import { countingTimeline, Timeline } from "./timeline.ts";

/** No more points than this, so that they can be told apart. */
const maxPoints = 160;

/** One curve. */
export interface Series {
  readonly name: string;
  /** The classes that it is drawn with. */
  readonly look: string;
  /** A time, in microseconds since 1970, and a value. */
  readonly points: readonly (readonly [us: number, value: number])[];
  /** The greatest value, in words. */
  readonly peak: string;
}

/**
 * Updates a second, a curve a server.
 *
 * @param widthUs How much time each point sums up: that of `widthOf`.
 */
export function updateSeries(herd: HerdStats, widthUs: number): Series[] {
  return herd.servers.map(({ stats }, index): Series => {
    const timeline = countingTimeline();
    timeline.addAll(stats.updates);
    timeline.widenTo(widthUs);
    const counts = new Map(
      timeline.stretches().map(({ fromUs, sum }) => [fromUs, sum]),
    );
    const points: [number, number][] = [];
    const { firstUs, lastUs, server } = stats;
    const begin = Math.floor(firstUs / widthUs) * widthUs;
    for (let fromUs = begin; fromUs <= lastUs; fromUs += widthUs) {
      const covered = Math.min(lastUs, fromUs + widthUs) -
        Math.max(firstUs, fromUs);
      const isShort = lastUs - firstUs <= widthUs;
      // Of a stretch that the log just touches, nothing can be said.
      if (covered < widthUs / 2 && !isShort) continue;
      const seconds = (isShort ? widthUs : covered) / 1_000_000;
      const rate = (counts.get(fromUs) ?? 0) / seconds;
      points.push([inside(fromUs + widthUs / 2, herd), rate]);
    }
    const peak = points.reduce((peak, [, rate]) => Math.max(peak, rate), 0);
    return {
      name: server,
      look: lookOf(index),
      points,
      peak: `${formatNumber(peak, 1)} updates a second`,
    };
  });
}

/**
 * How long clients wait, in microseconds, at all servers together.
 *
 * @param widthUs How much time each point sums up: that of `widthOf`.
 */
export function waitSeries(herd: HerdStats, widthUs: number): Series[] {
  const timeline = new Timeline<Waits>(noWaits, addWaits);
  for (const { stats } of herd.servers) timeline.addAll(stats.waitsInTime);
  timeline.widenTo(widthUs);
  const stretches = timeline.stretches();
  return verbs.flatMap((kind, colour) =>
    [0.5, 0.99].map((quantile, dash): Series => {
      const points = stretches.filter(({ sum }) => sum[kind].count > 0)
        .map(({ fromUs, sum, toUs }) =>
          [
            inside((fromUs + toUs) / 2, herd),
            // There is no zero on a logarithmic axis.
            Math.max(1, sum[kind].quantile(quantile)!),
          ] as const
        );
      const peak = points.reduce((peak, [, us]) => Math.max(peak, us), 0);
      return {
        name: `${kind} p${quantile * 100}`,
        look: lookWith(colour, dash),
        points,
        peak: formatDuration(peak),
      };
    })
  );
}

/** How much time a point sums up, in microseconds: the same for all curves. */
export function widthOf({ firstUs, lastUs, servers }: HerdStats): number {
  const least = Math.max(
    ...servers.flatMap(({ stats: { updates, waitsInTime } }) => [
      updates.widthUs,
      waitsInTime.widthUs,
    ]),
  );
  const wide = countingTimeline();
  wide.widenTo(Math.max(least, (lastUs - firstUs) / maxPoints));
  return wide.widthUs;
}

function inside(us: number, { firstUs, lastUs }: HerdStats): number {
  return Math.min(Math.max(us, firstUs), lastUs);
}
