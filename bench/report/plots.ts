/**
 * All plots, by the names of their files in docs/plots/.
 *
 * @module
 */
import type { Results } from "../results.ts";
import type { Plot } from "../../log_analysis/plots/drawing.ts";
import { growthPlot } from "../../research/page/growth_plot.ts";
import { latencyPlot, propagationPlot } from "./latency_plots.ts";
import { updatesPlot } from "./updates_plot.ts";

/** Draws a plot; undefined where there is nothing to show. */
export const plots: Readonly<
  Record<string, (results: Results) => Plot | undefined>
> = {
  updates: updatesPlot,
  latency: latencyPlot,
  propagation: propagationPlot,
  growth: growthPlot,
};
