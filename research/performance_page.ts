/**
 * Writes docs/PERFORMANCE.md and its plots from a file of results: `deno task
 * bench:report`.
 *
 * @module
 */
import { type Parts, productParts, writePage } from "../bench/report.ts";
import { convergenceTables, pointsTables } from "../bench/report/tables.ts";
import { runProgram } from "../cli/exit.ts";
import { codeTables } from "./page/code_tables.ts";
import { latencyPlot, propagationPlot } from "./page/dot_plots.ts";
import { growthPlot } from "./page/growth_plot.ts";
import { mistakesTable } from "./page/mistakes_table.ts";
import {
  pausesTable,
  slicesTable,
  threadsTable,
} from "./page/runtime_tables.ts";
import {
  growthTables,
  simulationTable,
  sizesTables,
} from "./page/sizes_tables.ts";
import { updatesPlot } from "./page/updates_plot.ts";

/** All parts of the page. */
export const parts: Parts = {
  ...productParts,
  updates: { ...productParts.updates, plot: updatesPlot },
  latency: { ...productParts.latency, plot: latencyPlot },
  propagation: { ...productParts.propagation, plot: propagationPlot },
  sizes: { text: sizesTables },
  pauses: { text: pausesTable },
  slices: { text: slicesTable },
  threads: { text: threadsTable },
  convergence: {
    text: (results) =>
      pointsTables(results, [
        ...convergenceTables(results),
        simulationTable(results),
      ]),
  },
  growth: { text: growthTables, plot: growthPlot },
  code: { text: codeTables },
  mistakes: { text: mistakesTable },
};

if (import.meta.main) {
  await runProgram("bench:report", () => writePage(parts, Deno.args));
}
