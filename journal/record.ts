/**
 * The lines of the log. Each is `TIME CONNECTION MARK TEXT`, and the mark says
 * how to read the text:
 *
 *     <-  a line that came in, escaped
 *     ->  a message that went out, escaped
 *     --  LEVEL EVENT key=value ..., values as JSON
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { EventFields, EventLevel } from "../runtime/tell.ts";
import { escapeBytes } from "./escape.ts";
import { maxEventFieldLength } from "./limits.ts";

/** Which way a line went. */
export type Direction = "<-" | "->";

/**
 * Writes instants as RFC 3339 with microseconds, in UTC:
 * `2026-11-22T16:25:01.123456Z`. The costly part is made once a millisecond.
 */
export class TimestampFormatter {
  #ms = NaN;
  #untilMs = "";

  format(timestamp: Timestamp): string {
    const { nanoseconds, seconds } = timestamp;
    const ms = seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
    if (ms !== this.#ms) {
      this.#ms = ms;
      this.#untilMs = new Date(ms).toISOString().slice(0, -1);
    }
    const microseconds = Math.floor(nanoseconds / 1000) % 1000;
    return `${this.#untilMs}${String(microseconds).padStart(3, "0")}Z`;
  }
}

/** A line of traffic, with its LF. */
export function formatTraffic(
  time: string,
  connection: string,
  direction: Direction,
  message: ByteString,
): ByteString {
  return `${time} ${connection} ${direction} ${escapeBytes(message)}\n`;
}

/** An event, with its LF. Pure ASCII. */
export function formatEvent(
  time: string,
  connection: string,
  level: EventLevel,
  event: string,
  fields: EventFields,
): ByteString {
  let line = `${time} ${connection} -- ${level} ${event.replaceAll(" ", "-")}`;
  for (const [key, value] of Object.entries(fields)) {
    line += ` ${key}=${formatValue(value)}`;
  }
  return `${line}\n`;
}

/** A value as JSON in printable ASCII; long texts are cut and end in "...". */
function formatValue(value: EventFields[string]): string {
  const short = typeof value === "string" && value.length > maxEventFieldLength
    ? value.slice(0, maxEventFieldLength) + "..."
    : value;
  return JSON.stringify(short).replace(
    /[^\x20-\x7e]/g,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
