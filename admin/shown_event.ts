/**
 * Events of the log as the page gets them. Fields may hold text from other
 * programs, so what is long is cut.
 *
 * @module
 */
import type { ServerEvent } from "../server/status/status.ts";
import {
  maxEventFields,
  maxEventNameLength,
  maxFieldLength,
} from "./limits.ts";

/** An event of the log, and its server. */
export interface ShownEvent extends ServerEvent {
  readonly server: string;
}

/** An event with nothing in it that is longer than the page shows. */
export function shortenEvent(server: string, event: ServerEvent): ShownEvent {
  const fields = Object.entries(event.fields).slice(0, maxEventFields)
    .map(([name, value]) => [cut(name, maxEventNameLength), shorten(value)]);
  return {
    server,
    ...event,
    connection: cut(event.connection, maxEventNameLength),
    event: cut(event.event, maxEventNameLength),
    fields: Object.fromEntries(fields),
  };
}

function shorten(value: unknown): unknown {
  if (typeof value === "string") return cut(value, maxFieldLength);
  if (typeof value !== "object" || value === null) return value;
  const text = JSON.stringify(value);
  return text.length <= maxFieldLength ? value : cut(text, maxFieldLength);
}

function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}
