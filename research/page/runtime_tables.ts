/**
 * The tables that compare runtimes: pauses, slices and threads.
 *
 * @module
 */
import {
  formatNumber,
  formatOptional,
  formatRatio,
} from "../../bench/numbers.ts";
import type { Results } from "../../bench/results.ts";
import { pointsOf, ratio } from "../../bench/samples.ts";
import { subjectsTable, valueColumn } from "./tables.ts";

/** A percentage with a decimal, because many are below 1. */
const formatSmallShare = (share: number) => `${(share * 100).toFixed(1)} %`;

/** How often and how long garbage collection stops a server. */
export function pausesTable(results: Results): string {
  const measure = "pauses";
  // All samples have the same load.
  const [point = ""] = pointsOf(results, measure);
  const column = (
    title: string,
    value: string,
    format?: (value: number) => string,
  ) => valueColumn(results, measure, title, point, value, format);
  return subjectsTable(results, measure, "server", [
    column("pauses a second", "pausesPerSecond"),
    column("mean (ms)", "meanMs"),
    column("longest (ms)", "longestMs"),
    column("of the time", "pausedShare", formatSmallShare),
    column("updates a second", "updatesPerSecond"),
    column("CPU an update (µs)", "serverCpuUs"),
    column("memory (MiB)", "memoryMiB"),
  ]);
}

/** The memory that an ID out of a chunk takes. */
export function slicesTable(results: Results): string {
  const measure = "slices";
  const column = (title: string, point: string) =>
    valueColumn(
      results,
      measure,
      title,
      point,
      "bytesAnId",
      (bytes) => `${formatNumber(bytes)} B`,
    );
  return subjectsTable(results, measure, "runtime", [
    column("an ID as a slice", "slice"),
    column("as a copy", "copy"),
  ]);
}

/** What a second thread gains, and what a message to it costs. */
export function threadsTable(results: Results): string {
  const measure = "threads";
  const value = "updatesPerSecond";
  const column = (title: string, point: string, value: string) =>
    valueColumn(results, measure, title, point, value);
  const gain = (subject: string) => {
    const one = { measure, subject, point: "1 thread", value };
    const gain = ratio(results, { ...one, point: "2 threads" }, one);
    return formatOptional(gain, formatRatio);
  };
  return subjectsTable(results, measure, "runtime", [
    column("1 thread, updates a second", "1 thread", value),
    column("2 threads", "2 threads", value),
    { title: "2 against 1", at: gain },
    column("CPU to pass a line (µs)", "message", "cpuUs"),
    column("64 at a time (µs)", "message of 64", "cpuUs"),
  ]);
}
