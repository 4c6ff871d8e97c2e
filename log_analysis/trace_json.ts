/**
 * Converts a report's path to JSON data.
 *
 * @module
 */
import { textOfBytes } from "../protocol/bytes.ts";
import type { ReportPath } from "./report_path.ts";

/**
 * The path as plain data. Times are whole microseconds since 1970, by the clock
 * of the server that logged them. Unknown values are null.
 */
export function pathData(path: ReportPath): unknown {
  const { announcements, arrivals, hops, report, trace } = path;
  const { difference, heardUs, position, server, time } = report;
  return {
    client: textOfBytes(report.client),
    position,
    time,
    server,
    difference,
    line: textOfBytes(report.line),
    heardUs,
    connection: trace.entry?.connection ?? null,
    remote: trace.entry?.remote ?? null,
    wasNewest: !trace.wasOld,
    hops: hops.map(({ from, outcome, receivedUs, route, sentUs, to }) => ({
      from,
      to,
      sentUs: sentUs ?? null,
      receivedUs: receivedUs ?? null,
      hopUs: sentUs === undefined || receivedUs === undefined
        ? null
        : receivedUs - sentUs,
      sinceHeardUs: receivedUs === undefined ? null : receivedUs - heardUs,
      way: route,
      outcome,
    })),
    told: announcements,
    forgotten: trace.forgettings,
    servers: arrivals.map(({ hop, missReason, server, state }) => ({
      server,
      state,
      from: hop?.from ?? null,
      sinceHeardUs: hop?.receivedUs === undefined
        ? null
        : hop.receivedUs - heardUs,
      whyNot: missReason ?? null,
    })),
  };
}
