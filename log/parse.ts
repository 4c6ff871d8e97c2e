/**
 * Reads the log: the inverse of `record.ts` and `escape.ts`. What a line gives
 * is what the journal was told when it wrote the line, byte for byte; a line
 * that it cannot have written gives nothing.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { EventFields, EventLevel } from "../runtime/events.ts";
import { escapeBytes, unescapeBytes } from "./escape.ts";
import { formatValue, timestampBytes, TimestampWriter } from "./record.ts";

export type { EventFields, EventLevel };

/** What every record says. */
export interface RecordOpening {
  /** When it happened, as it stands in the log: RFC 3339, microseconds, UTC. */
  readonly time: string;
  /** The same as an instant. Its nanoseconds are whole microseconds. */
  readonly timestamp: Timestamp;
  /** `server`, `client/N`, `peer/N` or `peer/N/NAME`. */
  readonly connection: string;
}

/** A line that came in or a message that went out on a connection. */
export interface TrafficRecord extends RecordOpening {
  /** Which way it went. */
  readonly kind: "received" | "sent";
  /** The bytes that were on the wire, without the last LF. */
  readonly bytes: ByteString;
}

/** Something that happened. */
export interface EventRecord extends RecordOpening {
  /** No line of traffic. */
  readonly kind: "event";
  /** How grave it is. */
  readonly level: EventLevel;
  /** Its name in the log, with hyphens: `link-up`. */
  readonly event: string;
  /** In the order of the line. A long text is as it was cut. */
  readonly fields: EventFields;
}

/** One record of the log. */
export type LogRecord = TrafficRecord | EventRecord;

const recordPattern = /^([^ ]+) ([^ ]+) (<-|->|--) ([^]*)$/;

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** A peer has a name once it is known: that of a server of the herd. */
const connectionPattern =
  /^(?:server|client\/[1-9]\d*|peer\/[1-9]\d*(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,63})?)$/;

const word = "[A-Za-z]+(?:-[A-Za-z]+)*";
const eventPattern = new RegExp(
  `^(debug|info|warning|error) (${word})((?: [^]*)?)$`,
);

/** The next key; its value begins behind it. */
const keyPattern = new RegExp(` (${word})=`, "y");

const timestamps = new TimestampWriter();

/**
 * Reads one line of the log, without its LF; undefined if no journal has
 * written it: because it was cut off, or is empty, or somebody has changed it.
 */
export function parseRecord(line: ByteString): LogRecord | undefined {
  const parts = recordPattern.exec(line);
  if (parts === null) return undefined;
  const [, time, connection, mark, rest] = parts;
  const timestamp = parseTime(time);
  if (timestamp === undefined) return undefined;
  if (!connectionPattern.test(connection)) return undefined;
  const opening = { time, timestamp, connection };
  if (mark === "--") return parseEvent(opening, rest);
  // The server itself has events only.
  if (connection === "server") return undefined;
  const bytes = unescapeBytes(rest);
  // There is one way to write any bytes, and this must be it.
  if (escapeBytes(bytes) !== rest) return undefined;
  return { ...opening, kind: mark === "<-" ? "received" : "sent", bytes };
}

function parseTime(time: string): Timestamp | undefined {
  if (time.length !== timestampBytes || !timePattern.test(time)) {
    return undefined;
  }
  const ms = Date.parse(`${time.slice(0, 23)}Z`);
  if (Number.isNaN(ms)) return undefined;
  const seconds = Math.floor(ms / 1000);
  const microseconds = Number(time.slice(20, 26));
  const timestamp = { seconds, nanoseconds: microseconds * 1000 };
  // The runtime takes the 30th of February for the 2nd of March.
  return timestamps.format(timestamp) === time ? timestamp : undefined;
}

function parseEvent(
  opening: RecordOpening,
  rest: ByteString,
): EventRecord | undefined {
  const parts = eventPattern.exec(rest);
  if (parts === null) return undefined;
  const [, level, event, fieldText] = parts;
  const fields = parseFields(fieldText);
  if (fields === undefined) return undefined;
  return {
    ...opening,
    kind: "event",
    level: level as EventLevel,
    event,
    fields,
  };
}

function parseFields(text: string): EventFields | undefined {
  const fields = new Map<string, EventFields[string]>();
  let end = 0;
  while (end < text.length) {
    keyPattern.lastIndex = end;
    const found = keyPattern.exec(text);
    if (found === null) return undefined;
    const [, key] = found;
    const start = keyPattern.lastIndex;
    end = endOfValue(text, start);
    const value = parseValue(text.slice(start, end));
    if (value === undefined || fields.has(key)) return undefined;
    fields.set(key, value);
  }
  return Object.fromEntries(fields);
}

/** The index of the next space outside of strings, or of the end. */
function endOfValue(text: string, start: number): number {
  let isInString = false;
  let index = start;
  for (; index < text.length; index++) {
    const character = text[index];
    if (character === '"') isInString = !isInString;
    else if (character === " " && !isInString) break;
    else if (character === "\\") index += 1;
  }
  return Math.min(index, text.length);
}

function parseValue(text: string): EventFields[string] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isValue(value) && formatValue(value) === text ? value : undefined;
}

function isValue(value: unknown): value is EventFields[string] {
  return ["string", "number", "boolean"].includes(typeof value) ||
    Array.isArray(value) && value.every((item) => typeof item === "string");
}
