/**
 * Positions as CSV (RFC 4180), for spreadsheets.
 *
 * @module
 */
import { escapeBytes } from "../../log/escape.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { jsonNumber } from "../json.ts";
import type { FormatContext, PositionFormat } from "./position_format.ts";
import { isoOf } from "./texts.ts";

/** The names of the columns, for readers of such files too. */
export const csvColumns = [
  "client",
  "time",
  "latitude",
  "longitude",
  "client_time",
  "server",
  "difference",
  "attributes",
] as const;

/** The format `csv`. */
export function csvFormat({ client }: FormatContext): PositionFormat {
  const id = csvText(escapeBytes(client));
  return {
    start: `${csvColumns.join(",")}\n`,
    position: (position) =>
      [
        id,
        isoOf(position.effective),
        jsonNumber(position.latitude),
        jsonNumber(position.longitude),
        jsonNumber(position.time),
        csvText(escapeBytes(position.server)),
        jsonNumber(position.difference),
        csvText(escapeBytes(position.attributes)),
      ].join(",") + "\n",
    end: "",
  };
}

/**
 * A text as a cell. A spreadsheet would run a text that begins like a formula,
 * so an apostrophe is put before it.
 */
function csvText(text: ByteString): ByteString {
  const safe = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
