/**
 * The summary of a server's state that it sends to other servers, for their
 * dashboards. It has the fields of the status that are marked so in
 * `fields.ts`, and is short enough to be sent every few seconds.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { maxSummaryBytes } from "../../replica/summaries.ts";
import type { Field, Fields } from "./field.ts";
import {
  type ConnectionCounts,
  type DataStatus,
  type HistoryStatus,
  type LinkStatus,
  type LogStatus,
  type PlacesStatus,
  type ServerFacts,
  serverFacts,
} from "./fields.ts";

/** The state of another server's link with a neighbour. */
export type LinkSummary = Pick<
  LinkStatus,
  | "neighbour"
  | "isUp"
  | "stateSeconds"
  | "isCaughtUp"
  | "waitingReports"
  | "lastFailure"
>;

/** The state that a server sends to other servers. */
export interface ServerSummary extends
  Pick<
    ServerFacts,
    | "name"
    | "isStopping"
    | "notReady"
    | "uptimeSeconds"
    | "clients"
    | "clock"
    | "lines"
    | "limitHits"
  > {
  readonly connections: Pick<ConnectionCounts, "open">;
  readonly places: Pick<PlacesStatus, "requests">;
  readonly log: Pick<LogStatus, "lagBytes" | "fault" | "lostLines">;
  readonly data: Pick<
    DataStatus,
    "bytes" | "lagSeconds" | "lostRecords" | "fault"
  >;
  readonly history: Pick<
    HistoryStatus,
    "kind" | "bytes" | "lagSeconds" | "lostRecords" | "fault"
  >;
  /** Links that are down come first. Some may be missing. */
  readonly links: readonly LinkSummary[];
}

/** The summary of another server, and how old it is. */
export interface AgedSummary extends ServerSummary {
  /** Seconds since it arrived, by this server's clock. */
  readonly ageSeconds: number;
}

/** Most characters of a text in a summary. */
const maxTextLength = 120;

/** Most entries of counts by name in a summary. */
const maxCounts = 16;

/** The summary of a server as one line of printable ASCII. */
export function formatSummary(facts: ServerFacts): ByteString {
  const summary = pick(serverFacts.fields, facts) as unknown as ServerSummary;
  const links = summary.links.toSorted((one, other) =>
    Number(one.isUp) - Number(other.isUp)
  );
  let text = toAscii({ ...summary, links });
  // Of a server with many neighbours, the links that are up are left out.
  while (text.length > maxSummaryBytes && links.length > 0) {
    links.length -= Math.ceil(links.length / 8);
    text = toAscii({ ...summary, links });
  }
  return text;
}

/**
 * Parses a summary that another server has sent; undefined if it is invalid. A
 * field that is missing, because the other server has an older version, has its
 * initial value.
 *
 * @param name The server that the summary must be about.
 */
export function parseSummary(
  name: string,
  text: ByteString,
): ServerSummary | undefined {
  if (text.length > maxSummaryBytes) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const summary = conform(serverFacts.fields, value) as
    | ServerSummary
    | undefined;
  return summary?.name === name ? summary : undefined;
}

type Values = Record<string, unknown>;

/** The fields of a summary, by name. */
function summaryFields(fields: Fields): [string, Field][] {
  return Object.entries(fields)
    .filter(([, { isInSummary }]) => isInSummary === true);
}

/** The part of an object that is in a summary. */
function pick(fields: Fields, whole: unknown): Values {
  const parts = summaryFields(fields).map(([name, field]) => {
    const value = (whole as Values)[name];
    if (field.fields !== undefined) return [name, pick(field.fields, value)];
    const { items } = field;
    if (items === undefined) return [name, shorten(value)];
    const list = value as readonly unknown[];
    return [name, list.map((item) => pick(items.fields, item))];
  });
  return Object.fromEntries(parts);
}

function shorten(value: unknown): unknown {
  if (typeof value === "string") return value.slice(0, maxTextLength);
  if (typeof value !== "object" || value === null) return value;
  const counts = Object.entries(value as Record<string, number>)
    .toSorted(([, one], [, other]) => other - one);
  return Object.fromEntries(
    counts.slice(0, maxCounts)
      .map(([name, count]) => [name.slice(0, maxTextLength), count]),
  );
}

/** The value with all fields of a summary; undefined if it does not fit. */
function conform(fields: Fields, whole: unknown): Values | undefined {
  if (typeof whole !== "object" || whole === null) return undefined;
  const values: Values = {};
  for (const [name, field] of summaryFields(fields)) {
    const given = Object.hasOwn(whole, name)
      ? (whole as Values)[name]
      : field.initial;
    const value = conformField(field, given);
    if (value === undefined) return undefined;
    values[name] = value;
  }
  return values;
}

function conformField(field: Field, value: unknown): unknown {
  if (field.fields !== undefined) return conform(field.fields, value);
  const { initial, items } = field;
  if (items !== undefined) {
    if (!Array.isArray(value)) return undefined;
    const list = value.map((item) => conform(items.fields, item));
    return list.includes(undefined) ? undefined : list;
  }
  // Fields that may be null hold a text otherwise.
  if (initial === null) {
    return value === null || isText(value) ? value : undefined;
  }
  if (typeof initial === "string") return isText(value) ? value : undefined;
  if (typeof initial === "object") return isCounts(value) ? value : undefined;
  if (typeof initial === "number") return isNumber(value) ? value : undefined;
  return typeof value === typeof initial ? value : undefined;
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value.length <= maxTextLength;
}

function isCounts(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const entries = Object.entries(value);
  return entries.length <= maxCounts &&
    entries.every(([name, count]) => isText(name) && isNumber(count));
}

/** `1e999` is JSON, but its value is infinite, which no JSON can tell again. */
function isNumber(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}

function toAscii(value: unknown): ByteString {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
