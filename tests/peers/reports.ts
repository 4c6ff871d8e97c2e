/**
 * Reports for tests.
 *
 * @module
 */
import { makeReport, type Report } from "../../protocol/report.ts";

/** A report about a client at a time, heard by a server. */
export function reportOf(
  client: string,
  time: number,
  server = "Hill",
): Report {
  return makeReport(server, { seconds: time, nanoseconds: 0 }, {
    verb: "IAMAT",
    client,
    position: "+34-118",
    time: String(time),
  });
}
