/**
 * Parses the AT lines in a log. The fields stay escaped: escaped text can be
 * printed, and is equal if the bytes are equal.
 *
 * @module
 */
import { unescapeBytes } from "../log/escape.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { isNewer } from "../protocol/order.ts";
import { lineOf, parseReport } from "../protocol/report.ts";
import { ownCopy } from "./record_reader.ts";

/** The fields of an AT line, escaped. */
export interface ReportLine {
  /** The AT line. */
  readonly line: ByteString;
  /** The line with its attributes, as servers send it to each other. */
  record: ByteString;
  /** The server that received the client's IAMAT. */
  readonly server: string;
  /** Its clock minus the client's, in seconds, with nine decimals. */
  readonly difference: string;
  readonly client: ByteString;
  readonly position: string;
  /** The client's time, in POSIX seconds. */
  readonly time: string;
  /**
   * When the server received the report, by the server's clock, in microseconds
   * since 1970. The server's log has the same time at the client's line.
   */
  readonly heardUs: number;
}

/**
 * Parses a record's text that is an AT line, or an answer to WHATSAT that
 * begins with one. Undefined if it is neither.
 */
export function readReportLine(text: ByteString): ReportLine | undefined {
  const end = text.indexOf("\\n");
  const record = ownCopy(end < 0 ? text : text.slice(0, end));
  if (parseReport(unescapeBytes(record), () => true) === undefined) {
    return undefined;
  }
  const line = lineOf(record);
  const [, server, difference, client, position, time] = line.split(" ");
  const heardUs = heardAtUs(time, difference);
  return { line, record, server, difference, client, position, time, heardUs };
}

/**
 * When a server received a report from its client, in microseconds since 1970:
 * the client's time plus the difference, rounded as in the server's log.
 */
export function heardAtUs(time: string, difference: string): number {
  const sign = difference[0] === "-" ? -1 : 1;
  const [timeSeconds, timeNanoseconds] = splitSeconds(time);
  const [seconds, nanoseconds] = splitSeconds(difference.slice(1));
  const restUs = Math.floor((timeNanoseconds + sign * nanoseconds) / 1000);
  return (timeSeconds + sign * seconds) * 1_000_000 + restUs;
}

/** Whole seconds, and nanoseconds; further digits are ignored. */
function splitSeconds(decimal: string): [number, number] {
  const [whole, fraction = ""] = decimal.split(".");
  return [Number(whole), Number(fraction.slice(0, 9).padEnd(9, "0"))];
}

/**
 * Whether an AT line is newer than another of the same client; both escaped.
 */
export function isNewerLine(line: ByteString, than: ByteString): boolean {
  return isNewer(unescapeBytes(line), unescapeBytes(than));
}
