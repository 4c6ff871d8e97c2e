/**
 * Writes docs/PERFORMANCE.md and its plots from a file of results: `deno task
 * bench:report`.
 *
 * @module
 */
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
import { growthTables, sizesTables } from "./page/sizes_tables.ts";
import {
  convergenceTables,
  costTables,
  goalsTable,
  herdTable,
  hostileTable,
  latencyTable,
  machineTable,
  memoryTable,
  placesTable,
  propagationTable,
  rateTable,
  startUpTable,
} from "./page/tables.ts";
import { updatesPlot } from "./page/updates_plot.ts";
import { type Parts, writePage } from "./page/write_page.ts";

/** All parts of the page. */
export const parts: Parts = {
  machine: { text: machineTable },
  goals: { text: goalsTable },
  updates: { text: rateTable, plot: updatesPlot },
  latency: { text: latencyTable, plot: latencyPlot },
  cost: { text: costTables },
  herd: { text: herdTable },
  sizes: { text: sizesTables },
  propagation: { text: propagationTable, plot: propagationPlot },
  memory: { text: memoryTable },
  pauses: { text: pausesTable },
  slices: { text: slicesTable },
  threads: { text: threadsTable },
  places: { text: placesTable },
  "start-up": { text: startUpTable },
  convergence: { text: convergenceTables },
  hostile: { text: hostileTable },
  growth: { text: growthTables, plot: growthPlot },
  code: { text: codeTables },
  mistakes: { text: mistakesTable },
};

if (import.meta.main) {
  await runProgram("bench:report", () => writePage(parts, Deno.args));
}
