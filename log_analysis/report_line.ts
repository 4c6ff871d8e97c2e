/**
 * What an AT line says, where it stands in a log. All of it stays escaped, as
 * escaped bytes are equal where the bytes are, and can be shown.
 *
 * @module
 */
import { unescapeBytes } from "../log/escape.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { isNewer, parseReport } from "../protocol/report.ts";
import { ownCopy } from "./record_reader.ts";

/** The fields of an AT line, escaped. */
export interface ReportLine {
  /** The whole line. */
  readonly line: ByteString;
  /** The server that the client told. */
  readonly server: string;
  /** Its clock minus the client's, in seconds, with nine decimals. */
  readonly difference: string;
  readonly client: ByteString;
  readonly position: string;
  /** The client's time, in POSIX seconds. */
  readonly time: string;
  /**
   * When the server heard it, by its own clock: microseconds since 1970. The
   * server's log has this very time at the line that came in.
   */
  readonly heardUs: number;
}

/**
 * Reads a record's text as an AT line, or as an answer to WHATSAT that begins
 * with one; undefined if it is neither.
 */
export function readReportLine(text: ByteString): ReportLine | undefined {
  const end = text.indexOf("\\n");
  const line = ownCopy(end < 0 ? text : text.slice(0, end));
  if (parseReport(unescapeBytes(line), () => true) === undefined) {
    return undefined;
  }
  const [, server, difference, client, position, time] = line.split(" ");
  const heardUs = heardAtUs(time, difference);
  return { line, server, difference, client, position, time, heardUs };
}

/**
 * The client's time and the clock difference, in whole seconds and nanoseconds,
 * as the server has computed them; in microseconds, as it has logged them.
 */
export function heardAtUs(time: string, difference: string): number {
  const sign = difference[0] === "-" ? -1 : 1;
  const [timeSeconds, timeNanoseconds] = splitSeconds(time);
  const [seconds, nanoseconds] = splitSeconds(difference.slice(1));
  const restUs = Math.floor((timeNanoseconds + sign * nanoseconds) / 1000);
  return (timeSeconds + sign * seconds) * 1_000_000 + restUs;
}

/** Whole seconds, and nanoseconds; further digits do not count. */
function splitSeconds(decimal: string): [number, number] {
  const [whole, fraction = ""] = decimal.split(".");
  return [Number(whole), Number(fraction.slice(0, 9).padEnd(9, "0"))];
}

/** Whether an AT line is newer than another one of the client; both escaped. */
export function isNewerLine(line: ByteString, than: ByteString): boolean {
  return isNewer(unescapeBytes(line), unescapeBytes(than));
}
