/**
 * How soon a herd is one again: after a fault, after a restart, and in the
 * simulation.
 *
 * @module
 */
import type { Results } from "../results.ts";
import { pointsTable, type Shape } from "./herd_tables.ts";
import { blocks, notMeasured } from "./markdown.ts";
import { pointsOf, sizesOf } from "./samples.ts";

const measure = "convergence";

/** Three tables; those without samples are left out. */
export function convergenceTables(results: Results): string {
  const points = pointsOf(results, measure);
  const starting = (start: string) =>
    points.filter((point) => point.startsWith(start));
  const shapes: readonly Omit<Shape, "measure">[] = [
    {
      title: "fault",
      points: starting("server "),
      columns: [
        { title: "longest update (ms)", value: "outageMs" },
        { title: "longest before (ms)", value: "usualMs" },
        { title: "lost", value: "lost" },
      ],
    },
    {
      title: "started anew, with",
      points: sizesOf(results, measure, "clients"),
      columns: [{ title: "until it is ready (ms)", value: "readyMs" }],
    },
    {
      title: "many faults",
      points: starting("simulated, "),
      columns: [
        { title: "herds", value: "herds" },
        { title: "half of them after (ms)", value: "convergedP50Ms" },
        { title: "the last one after (ms)", value: "convergedMostMs" },
        { title: "never", value: "diverged" },
      ],
    },
  ];
  // Why there is nothing at all is said once, by the first of them.
  const shown = shapes.filter(({ points }) => points.length > 0);
  const tables = (shown.length > 0 ? shown : shapes.slice(0, 1))
    .map((shape) => pointsTable(results, { ...shape, measure }))
    .filter((text) => text !== notMeasured);
  return tables.length === 0 ? notMeasured : blocks(...tables);
}
