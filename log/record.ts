/**
 * Formats the lines of the log. Each is `TIME CONNECTION MARK TEXT`; the mark
 * determines the format of the text:
 *
 *     <-  a line that came in, escaped
 *     ->  a message that went out, escaped
 *     --  LEVEL EVENT key=value ..., values as JSON
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
  encodeInto,
} from "../protocol/bytes.ts";
import { type Timestamp, writeDigits } from "../protocol/time.ts";
import type { EventFields, EventLevel } from "../runtime/events.ts";
import { maxEventFieldLength } from "./limits.ts";

/**
 * The marks of traffic, ` <- ` and ` -> `, as words of 32 bits in the order of
 * the least byte first.
 */
export const directions = { received: 0x202d3c20, sent: 0x203e2d20 };

/** Length of a formatted time such as `2026-11-22T16:25:01.123456Z`. */
export const timestampBytes = 27;

/** Length of the part up to and including the milliseconds. */
const untilMsBytes = 23;

/**
 * Formats times as RFC 3339 with microseconds, in UTC:
 * `2026-11-22T16:25:01.123456Z`. The part up to the milliseconds is formatted
 * once per millisecond.
 */
export class TimestampWriter {
  #ms = NaN;
  readonly #untilMs = allocateBuffer(untilMsBytes);

  /** Writes `timestampBytes` bytes. */
  write(
    { nanoseconds, seconds }: Timestamp,
    target: Uint8Array,
    start: number,
  ): void {
    const ms = seconds * 1000 + Math.floor(nanoseconds / 1_000_000);
    if (ms !== this.#ms) {
      this.#ms = ms;
      encodeInto(new Date(ms).toISOString().slice(0, -1), this.#untilMs);
    }
    target.set(this.#untilMs, start);
    const microseconds = Math.floor(nanoseconds / 1000) % 1000;
    writeDigits(microseconds, 3, target, start + untilMsBytes);
    target[start + untilMsBytes + 3] = zulu;
  }

  /** The same as a string. */
  format(timestamp: Timestamp): string {
    const bytes = allocateBuffer(timestampBytes);
    this.write(timestamp, bytes, 0);
    return decodeBytes(bytes, 0, timestampBytes);
  }
}

const zulu = 0x5a;

/** The line of an event, in ASCII, with its LF. */
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

/**
 * A value as JSON in printable ASCII; long texts are truncated and end in
 * "...".
 */
export function formatValue(value: EventFields[string]): string {
  const short = typeof value === "string" && value.length > maxEventFieldLength
    ? value.slice(0, maxEventFieldLength) + "..."
    : value;
  return JSON.stringify(short).replace(
    /[^\x20-\x7e]/g,
    (character) =>
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
