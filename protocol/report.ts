/**
 * Reports: where a client said it was, and which server heard it. A report is
 * its AT line. The line is made once, where the report enters the herd, and
 * from then on its bytes are stored, flooded, answered and logged as they are.
 *
 * @module
 */
import type { ByteString } from "./bytes.ts";
import type { Iamat } from "./command.ts";
import { splitFields } from "./fields.ts";
import { isPosition, parsePosition, type Position } from "./position.ts";
import {
  clockDifference,
  compareTimes,
  isClockDifference,
  isTime,
  type Timestamp,
} from "./time.ts";

/** A report, with what the herd needs to know about it taken out. */
export interface Report {
  /** The AT line, without its LF. */
  readonly line: ByteString;
  /** The ID of the client that the report is about. */
  readonly client: ByteString;
}

/** AT, server, clock difference, client, position, time. */
const reportFields = 6;

/** The report that `server` makes of a client's IAMAT heard at `now`. */
export function makeReport(
  server: ByteString,
  now: Timestamp,
  iamat: Iamat,
): Report {
  const { client, position, time } = iamat;
  const difference = clockDifference(now, time);
  return {
    line: `AT ${server} ${difference} ${client} ${position} ${time}`,
    client,
  };
}

/**
 * Reads an AT line that another server sent. Undefined unless it is exactly as
 * `makeReport` writes it and `isServer` knows the server that it names.
 */
export function parseReport(
  line: ByteString,
  isServer: (name: ByteString) => boolean,
): Report | undefined {
  const fields = splitFields(line, reportFields);
  if (fields.length !== reportFields) return undefined;
  const [verb, server, difference, client, position, time] = fields;
  const isReport = verb === "AT" && isServer(server) &&
    isClockDifference(difference) && isPosition(position) && isTime(time);
  // One space between fields and none around them: the line's length tells.
  const separators = reportFields - 1;
  const fieldBytes = verb.length + server.length + difference.length +
    client.length + position.length + time.length;
  if (!isReport || line.length !== fieldBytes + separators) return undefined;
  if (line !== fields.join(" ")) return undefined;
  return { line, client };
}

/**
 * The fields of an AT line that `makeReport` or `parseReport` passed: server,
 * clock difference, client, position, time.
 */
export function fieldsOf(line: ByteString): ByteString[] {
  return line.split(" ").slice(1);
}

/** The server that an AT line names: the one that the client told. */
export function serverOf(line: ByteString): ByteString {
  return line.slice(3, line.indexOf(" ", 3));
}

/**
 * When the server that an AT line names heard it, by that server's clock, in
 * POSIX seconds: the client's time and the clock difference, added as double
 * precision numbers, so that every server gets the same.
 */
export function heardAtOf(line: ByteString): number {
  const differenceStart = line.indexOf(" ", 3) + 1;
  const differenceEnd = line.indexOf(" ", differenceStart);
  return Number(line.slice(differenceStart, differenceEnd)) +
    Number(timeOf(line));
}

/** The client's ID in an AT line that `makeReport` or `parseReport` passed. */
export function clientOf(line: ByteString): ByteString {
  const serverEnd = line.indexOf(" ", 3);
  const clientStart = line.indexOf(" ", serverEnd + 1) + 1;
  return line.slice(clientStart, line.indexOf(" ", clientStart));
}

/** The position in an AT line that `makeReport` or `parseReport` passed. */
export function positionOf(line: ByteString): Position {
  const timeStart = line.lastIndexOf(" ");
  const positionStart = line.lastIndexOf(" ", timeStart - 1);
  const position = parsePosition(line.slice(positionStart + 1, timeStart));
  if (position === undefined) throw new TypeError(`Not an AT line: ${line}`);
  return position;
}

/** The client's time in an AT line that `makeReport` or `parseReport` passed. */
export function timeOf(line: ByteString): ByteString {
  return line.slice(line.lastIndexOf(" ") + 1);
}

/** The client's time in an AT line, in whole seconds. */
export function wholeSecondsOf(line: ByteString): number {
  return Math.floor(Number(timeOf(line)));
}

/**
 * Whether one AT line is newer than another about the same client: by the
 * client's time, and where the times are equal by the lines' bytes, so that
 * all servers pick the same one.
 */
export function isNewer(line: ByteString, than: ByteString): boolean {
  const order = compareTimes(timeOf(line), timeOf(than));
  return order !== 0 ? order > 0 : line > than;
}
