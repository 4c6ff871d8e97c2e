/**
 * Parses the log: the inverse of `record.ts` and `escape.ts`. A parsed line has
 * exactly the values that the log writer was given. A line that the log writer
 * cannot have written is rejected.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { EventFields, EventLevel } from "../runtime/events.ts";
import { escapeBytes, unescapeBytes } from "./escape.ts";
import { formatValue, timestampBytes, TimestampWriter } from "./record.ts";

export type { EventFields, EventLevel };

/** What every record has. */
export interface RecordOpening {
  /** When it happened, as written in the log: RFC 3339, microseconds, UTC. */
  readonly time: string;
  /** The same time; its nanoseconds are whole microseconds. */
  readonly timestamp: Timestamp;
  /**
   * `server`, `client/N`, `peer/N`, `peer/N/NAME`, or one of a gateway, such as
   * `http/N`.
   */
  readonly connection: string;
}

/** A line received or a message sent on a connection. */
export interface TrafficRecord extends RecordOpening {
  /** The direction. */
  readonly kind: "received" | "sent";
  /** The bytes that were on the wire, without the last LF. */
  readonly bytes: ByteString;
}

/** An event. */
export interface EventRecord extends RecordOpening {
  /** Always `event`. */
  readonly kind: "event";
  /** Its severity. */
  readonly level: EventLevel;
  /** Its name in the log, with hyphens: `link-up`. */
  readonly event: string;
  /** In the order of the line. A long text is truncated, as in the log. */
  readonly fields: EventFields;
}

/** One record of the log. */
export type LogRecord = TrafficRecord | EventRecord;

const recordPattern = /^([^ ]+) ([^ ]+) (<-|->|--) ([^]*)$/;

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/**
 * The connection to a peer contains the peer's name once it is authenticated.
 */
const connectionPattern =
  /^(?:server|(?:client|http|mqtt|nmea|ws)\/[1-9]\d*|peer\/[1-9]\d*(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,63})?)$/;

/**
 * Whether a connection is one of a gateway. Each report is logged there as the
 * IAMAT and the AT line that say the same.
 */
export function isOfGateway(connection: string): boolean {
  return /^(?:http|mqtt|nmea|ws)\//.test(connection);
}

const word = "[A-Za-z]+(?:-[A-Za-z]+)*";
const eventPattern = new RegExp(
  `^(debug|info|warning|error) (${word})((?: [^]*)?)$`,
);

/** The next key; its value follows. */
const keyPattern = new RegExp(` (${word})=`, "y");

const timestamps = new TimestampWriter();

/**
 * Parses one line of the log, without its LF. Undefined if no log writer can
 * have written it: it is empty, was truncated, or was edited.
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
  // `server` has no traffic, only events.
  if (connection === "server") return undefined;
  const bytes = unescapeBytes(rest);
  // Any bytes have exactly one escaped form.
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
  // `Date.parse` accepts 30 February as 2 March.
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

/** The index of the next space outside of strings, or the text's length. */
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
