/**
 * A report's path for programs.
 *
 * @module
 */
import { textOfBytes } from "../protocol/bytes.ts";
import type { ReportPath } from "./report_path.ts";

/**
 * The path as plain data: names, and whole microseconds since 1970 by the clock
 * of whose log it is. What no log says is null.
 */
export function pathData(path: ReportPath): unknown {
  const { arrivals, followed, hops, report, told } = path;
  const { difference, heardUs, position, server, time } = report;
  return {
    client: textOfBytes(report.client),
    position,
    time,
    server,
    difference,
    line: textOfBytes(report.line),
    heardUs,
    connection: followed.entry?.connection ?? null,
    remote: followed.entry?.remote ?? null,
    wasNewest: !followed.wasOld,
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
    told,
    servers: arrivals.map(({ hop, server, state, whyNot }) => ({
      server,
      state,
      from: hop?.from ?? null,
      sinceHeardUs: hop?.receivedUs === undefined
        ? null
        : hop.receivedUs - heardUs,
      whyNot: whyNot ?? null,
    })),
  };
}
