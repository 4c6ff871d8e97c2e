/**
 * docs/plots/latency.svg and docs/plots/propagation.svg: how long a client
 * waits for its reply, and a server for the news.
 *
 * @module
 */
import type { Results } from "../results.ts";
import { withCommas } from "./numbers.ts";
import { dotPlot, type DotRow } from "./dot_plot.ts";
import type { Plot } from "../../log_analysis/plots/drawing.ts";
import {
  middle,
  pointsOf,
  propagation,
  type Series,
  updates,
} from "./samples.ts";
import { describeLoad, subjectsOf } from "./subjects.ts";

/** The loads that are not too far apart for one axis. */
const latencyPoints = ["50x1", "50x16"];

/** From an update's last byte to its reply. */
export function latencyPlot(results: Results): Plot | undefined {
  const names = ["p50Us", "p99Us", "p999Us"];
  return dotPlot({
    title: "From an update to its reply",
    percentiles: ["p50", "p99", "p99.9"],
    panels: latencyPoints.map((point) => ({
      heading: describeLoad(point),
      rows: rowsOf(
        results,
        "updates",
        (subject) => names.map((name) => updates(subject, point, name)),
      ),
    })),
  });
}

/** From one server of a herd to another one. */
export function propagationPlot(results: Results): Plot | undefined {
  const names = ["p50Us", "p99Us"];
  return dotPlot({
    title: "From an update at one server to its news at another",
    percentiles: ["p50", "p99"],
    panels: pointsOf(results, "propagation").map((point) => ({
      heading: withCommas(point).replace(/\/s$/, " updates a second"),
      rows: rowsOf(
        results,
        "propagation",
        (subject) => names.map((name) => propagation(subject, point, name)),
      ),
    })),
  });
}

/** Those who have all of these numbers. */
function rowsOf(
  results: Results,
  measure: string,
  seriesOf: (subject: string) => readonly Series[],
): DotRow[] {
  return subjectsOf(results, measure).flatMap((subject) => {
    const valuesUs = seriesOf(subject.id)
      .map((series) => middle(results, series) ?? 0);
    // A logarithmic axis has no place for nothing.
    return valuesUs.every((us) => us > 0) ? [{ subject, valuesUs }] : [];
  });
}
