/**
 * Answers queries for positions of the past in JSON, in pieces. IDs and lines are
 * escaped as in the log.
 *
 * @module
 */
import { escapeBytes } from "../log/escape.ts";
import type { ByteString } from "../protocol/bytes.ts";
import type { HistoryPage, HistoryReader } from "../replica/history.ts";
import { positionJson, quoteJson } from "./json.ts";
import { maxPageBytes, pieceRecords } from "./limits.ts";
import { readPastPosition } from "./past_position.ts";
import type { HistoryRange } from "./range.ts";

/** A query for which an answer is made. */
export interface HistoryRequest {
  /** The name of the server that answers. */
  readonly server: ByteString;
  readonly client: ByteString;
  readonly range: HistoryRange;
}

/**
 * The page that answers a query: `range.limit` records at most, and
 * `maxPageBytes`, but for the first one.
 *
 * @throws {Error} As `HistoryReader.read` does.
 */
export async function readAnswer(
  reader: HistoryReader,
  { client, range }: HistoryRequest,
): Promise<HistoryPage> {
  const page = await reader.read({ client, ...range, maxBytes: maxPageBytes });
  // A query for one time gets one record, and no further pages.
  return range.isNewestFirst ? { ...page, next: undefined } : page;
}

/**
 * A page in JSON, in pieces that take about half a millisecond each.
 *
 * @param shownClient The client's ID, escaped as in the log.
 */
export function* piecesOfAnswer(
  { next, records }: HistoryPage,
  { client, server }: HistoryRequest,
  shownClient = escapeBytes(client),
): Generator<ByteString> {
  yield `{"server":${quoteJson(escapeBytes(server))},` +
    `"client":${quoteJson(shownClient)},"records":[`;
  for (let start = 0; start < records.length; start += pieceRecords) {
    yield records.slice(start, start + pieceRecords).map((record, index) => {
      const position = positionJson(readPastPosition(record), shownClient);
      return `${start + index > 0 ? "," : ""}\n${position}`;
    }).join("");
  }
  yield `\n],"next":${next === undefined ? "null" : quoteJson(next)}}\n`;
}
