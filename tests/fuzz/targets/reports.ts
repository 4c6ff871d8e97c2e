/**
 * AT and FORGET lines, `protocol/report.ts` and `protocol/deletion.ts`.
 *
 * The input is one or two lines. For each of them:
 *
 * - `readReport` accepts the same lines as the reference, and finds the same
 *   server, client and time, with any bytes around the line;
 * - `readDeletion` accepts the same lines as the reference, and the line that is
 *   made of its parts is the same;
 * - the functions that extract parts of a line find the same parts;
 * - for an IAMAT, `ReportWriter` writes the AT line of the reference, with the
 *   second line as its attributes if these are valid, and parsing it gives the
 *   same parts.
 *
 * Of two reports, the same one is newer as by the reference.
 *
 * @module
 */
import { type ByteString, decodeBytes } from "../../../protocol/bytes.ts";
import {
  deletedUntil,
  formatDeletion,
  readDeletion,
} from "../../../protocol/deletion.ts";
import { isNewer } from "../../../protocol/order.ts";
import {
  attributesOf,
  clientOf,
  fieldsOf,
  lineOf,
  makeReport,
  parseReport,
  positionOf,
  readReport,
  Report,
  serverOf,
  timeOf,
} from "../../../protocol/report.ts";
import { ServerNames } from "../../../peers/server_names.ts";
import { maxLineBytes, maxPeerLineBytes } from "../../../protocol/limits.ts";
import { isAttributes } from "../reference/attributes.ts";
import { atLine, readCommand } from "../reference/commands.ts";
import * as reference from "../reference/peer_lines.ts";
import {
  demand,
  demandAlike,
  demandSame,
  magnitude,
  type Target,
} from "../target.ts";
import { place } from "./surroundings.ts";
import { peerTokens } from "./tokens.ts";

const longName = "x".repeat(64);
const servers = ["Hill", "Hil", "Jaquez", longName];
const names = new ServerNames(servers);

const now = { seconds: 1520023935, nanoseconds: 182837383 };

const real = { isNewer, readDeletion, readReport };

/** @param code The functions under test. */
export function reportsTarget(code: Partial<typeof real> = {}): Target {
  const { isNewer, readDeletion, readReport } = { ...real, ...code };
  const report = new Report();

  /** Parses a line, and says why it is not a report. */
  function checkRead(line: ByteString): { isReport: boolean; reason: string } {
    const expected = reference.readReport(line, servers);
    for (const { bytes, end, start } of place(line)) {
      const isRead = readReport(bytes, start, end, names.find, report);
      demandSame(
        "whether it is a report",
        isRead,
        expected.objection === undefined,
      );
      if (expected.objection !== undefined) continue;
      const { clientEnd, clientStart, server, timeStart } = report;
      const time = decodeBytes(bytes, timeStart, report.end);
      demandSame("the record", report.record, line);
      demandSame("the attributes", report.attributes, expected.attributes);
      demandSame("the server", server, expected.server);
      demandSame("the client", report.client, expected.client);
      demandSame("the time", time, expected.time);
      demand("the client's indices are in order", clientEnd - clientStart > 0);
    }
    if (expected.objection !== undefined) {
      return { isReport: false, reason: expected.objection };
    }
    const { attributes, client, difference, position, server, time } = expected;
    const fields = [server, difference, client, position, time];
    const at = lineOf(line);
    demandSame("lineOf()", at, ["AT", ...fields].join(" "));
    demandSame("attributesOf()", attributesOf(line), attributes);
    demandAlike("fieldsOf()", fieldsOf(at), fields);
    demandSame("serverOf()", serverOf(at), server);
    demandSame("clientOf()", clientOf(at), client);
    demandSame("timeOf()", timeOf(at), time);
    const { latitude, longitude } = positionOf(at);
    demandSame("positionOf()", latitude + longitude, position);
    const kind = attributes === "" ? "a report" : "a report with attributes";
    return { isReport: true, reason: kind };
  }

  /** Parses a line as a deletion. */
  function checkDeletion(line: ByteString): boolean {
    const isDeletion = reference.isDeletion(line);
    for (const { bytes, end, start } of place(line)) {
      const isRead = readDeletion(bytes, start, end, report);
      demandSame("whether it is a deletion", isRead, isDeletion);
      if (!isRead) continue;
      const again = formatDeletion(report.client, deletedUntil(report));
      demandSame("the deletion written again", again, line);
    }
    return isDeletion;
  }

  /** Checks the reports of a line, if it is an IAMAT. */
  function checkWritten(line: ByteString, attributes: ByteString): boolean {
    const command = readCommand(line);
    if (command.verb !== "IAMAT") return false;
    const [client, position, time] = command.operands;
    for (const server of servers) {
      const iamat = { verb: "IAMAT", client, position, time } as const;
      const written = makeReport(server, now, iamat, attributes);
      const expected = atLine(server, now, command.operands);
      demandSame("the report of an IAMAT", written.line, expected);
      demandSame("its attributes", written.attributes, attributes);
      const again = parseReport(written.record, names.has);
      demandSame("the report parsed again", again?.record, written.record);
      demandSame("its server", again?.server, server);
      demandSame("its client", again?.client, client);
      if (line.length > maxLineBytes) continue;
      demand(
        "the report of an IAMAT is within the limit between servers",
        written.record.length <= maxPeerLineBytes,
      );
    }
    return true;
  }

  return {
    name: "reports",
    tokens: ["\n", "IAMAT kiwi +1-1 1", ...peerTokens],
    check(input) {
      const lines = input.split("\n").slice(0, 2);
      const readings = lines.map(checkRead);
      const [, second = ""] = lines;
      const attributes = isAttributes(second) ? second : "";
      const written = [
        ...lines.map((line) => checkWritten(line, attributes)),
        ...lines.map(checkDeletion),
      ].join();
      const reason = readings.map((reading) => reading.reason).join();
      const signature = `${reason} ${written} ${magnitude(input.length)}`;
      const areReports = lines.length === 2 &&
        readings.every(({ isReport }) => isReport);
      if (!areReports) return signature;
      const order = reference.compareReports(lines[0], lines[1]);
      demandSame("isNewer()", isNewer(lines[0], lines[1]), order > 0);
      demandSame("isNewer() exchanged", isNewer(lines[1], lines[0]), order < 0);
      return `${signature} ${order}`;
    },
  };
}
