/**
 * The parameters of a query for positions of the past: at a time, or from one
 * time to another, page by page.
 *
 * @module
 */
import { parseTimestamp, type Timestamp } from "../protocol/time.ts";
import { readWrittenTime, utc } from "../protocol/written_time.ts";
import type { HistoryQuery } from "../replica/history.ts";
import { maxCursorBytes, maxPageRecords } from "./limits.ts";

/** A query without its client. */
export type HistoryRange = Omit<HistoryQuery, "client" | "maxBytes">;

/** The parameters, for messages. */
export const rangeHelp = "at=TIME, or from=TIME, to=TIME, limit=N and cursor=C";

/** What the query of a URL asks for. */
export interface UrlQuery {
  /** The client's ID as it was given; undefined if it was not. */
  readonly id: string | undefined;
  readonly range: HistoryRange;
}

/** A wrong parameter, as a phrase. */
export interface RangeFault {
  readonly fault: string;
}

const times = ["at", "from", "to"] as const;

const names: readonly string[] = ["id", ...times, "limit", "cursor"];

/**
 * Reads the query of a URL, without its question mark. Times may have all forms
 * of `readWrittenTime`; without a zone they are in UTC.
 */
export function readUrlQuery(
  query: string,
  now: Timestamp,
): UrlQuery | RangeFault {
  const given = new Map<string, string>();
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const [, name, encoded] = pair.match(/^([^=]*)=?([^]*)$/)!;
    if (!names.includes(name)) {
      return { fault: `expected id=ID, ${rangeHelp}, found ${name}` };
    }
    if (given.has(name)) return { fault: `${name} is given twice` };
    const value = decode(encoded);
    if (value === undefined) return { fault: `${name} is not UTF-8` };
    given.set(name, value);
  }
  const range = readRange(given, now);
  return "fault" in range ? range : { id: given.get("id"), range };
}

function readRange(
  given: ReadonlyMap<string, string>,
  now: Timestamp,
): HistoryRange | RangeFault {
  const found: { at?: Timestamp; from?: Timestamp; to?: Timestamp } = {};
  for (const name of times) {
    const text = given.get(name);
    if (text === undefined) continue;
    const time = readWrittenTime(withSpaces(text), { now, zone: utc });
    if ("fault" in time) return { fault: `${name}: ${time.fault}` };
    found[name] = parseTimestamp(time.digits);
  }
  const { at, from, to } = found;
  const limit = given.get("limit");
  const cursor = given.get("cursor");
  if (at !== undefined) {
    return [from, to, limit, cursor].every((value) => value === undefined)
      ? { to: at, isNewestFirst: true, limit: 1 }
      : { fault: "at gives one position: expected no other parameter" };
  }
  const number = Number(limit ?? maxPageRecords);
  const isLimit = /^\d*$/.test(limit ?? "") && number >= 1 &&
    number <= maxPageRecords;
  if (!isLimit) {
    const expected = `a whole number from 1 to ${maxPageRecords}`;
    return { fault: `limit: expected ${expected}, found ${limit}` };
  }
  if (cursor === "" || (cursor?.length ?? 0) > maxCursorBytes) {
    return { fault: cursorFault };
  }
  return {
    ...from && { from },
    ...to && { to },
    limit: number,
    ...cursor !== undefined && { cursor },
  };
}

/** The fault of a cursor that no page has given. */
export const cursorFault =
  "cursor: expected the value of next in the page before";

/** A plus sign beside a letter is a space, as forms encode it. */
function withSpaces(text: string): string {
  return text.replace(/(?<=[a-z])\+|\+(?=[a-z])/gi, " ");
}

/** Text with its `%xx` decoded; undefined if it is not UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
