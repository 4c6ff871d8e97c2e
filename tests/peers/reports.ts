/**
 * Reports for tests.
 *
 * @module
 */
import { makeReport, type Report } from "../../protocol/report.ts";

/**
 * A report about a client at a time, with a server as its origin, and attributes
 * or none.
 */
export function reportOf(
  client: string,
  time: number,
  server = "Hill",
  attributes = "",
): Report {
  const seconds = Math.floor(time);
  const nanoseconds = Math.round((time - seconds) * 1e9);
  return makeReport(
    server,
    { seconds, nanoseconds },
    { verb: "IAMAT", client, position: "+34-118", time: String(time) },
    attributes,
  );
}
