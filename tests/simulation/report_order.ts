/**
 * The order of reports, independent of the servers' code, so that a mistake there
 * is noticed.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { compareReports } from "../fuzz/reference/peer_lines.ts";

/** Whether one AT line is newer than another about the same client. */
export function isNewer(line: ByteString, than: ByteString): boolean {
  return line !== than && compareReports(line, than) > 0;
}
