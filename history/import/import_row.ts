/**
 * Rows of files that are imported: one position each, or what is wrong with it.
 *
 * @module
 */
import { formatAttributes } from "../../protocol/attributes.ts";
import { bytesOfText, type ByteString } from "../../protocol/bytes.ts";
import { parseReport } from "../../protocol/report.ts";
import { readTypedTime } from "../../protocol/typed_time.ts";
import { unescapeBytes } from "../../log/escape.ts";
import { isPosition } from "../../protocol/position.ts";

/** A row of a file. */
export interface ImportRow {
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** The AT line, alone or with attributes; undefined if the row is wrong. */
  readonly record?: ByteString;
  /** What is wrong, as a phrase. */
  readonly fault?: string;
}

/** Values for rows that do not have them. */
export interface ImportContext {
  /** The client's ID, escaped as in the log; undefined if rows must have one. */
  readonly client: string | undefined;
  /** The server that is recorded for rows that name none. */
  readonly server: string;
}

/** Reads the rows of a file, given piece by piece. */
export interface RowReader {
  /** The rows that end in this text. */
  push(text: string): Iterable<ImportRow>;
  /** The rows that end with the file. */
  end(): Iterable<ImportRow>;
}

/** The fields of a row, as texts. */
export interface RowTexts {
  readonly line: number;
  /** Escaped as in the log. */
  readonly client: string | undefined;
  readonly latitude: string | undefined;
  readonly longitude: string | undefined;
  /** ISO 8601 with its zone, or POSIX seconds. */
  readonly time: string | undefined;
  readonly altitude?: string | undefined;
  /** Attributes as the protocol has them, escaped as in the log. */
  readonly attributes?: string | undefined;
  readonly server?: string | undefined;
  /** The clock difference, with or without its sign. */
  readonly difference?: string | undefined;
}

/**
 * The row of these texts. Without a server and a clock difference, the record says
 * that the context's server heard the report at the position's own time. So the
 * same row makes the same record whenever it is imported.
 */
export function rowOf(texts: RowTexts, context: ImportContext): ImportRow {
  const { line } = texts;
  const fail = (fault: string): ImportRow => ({ line, fault });
  const id = texts.client || context.client;
  if (!id) return fail("it names no client: add --client ID");
  const [latitude, longitude] = [texts.latitude, texts.longitude]
    .map(signed);
  const position = `${latitude}${longitude}`;
  if (!isPosition(position)) {
    return fail(
      "expected a latitude from -90 to 90 and a longitude from -180 to 180, " +
        `found ${texts.latitude ?? "none"} and ${texts.longitude ?? "none"}`,
    );
  }
  const time = readTypedTime(texts.time?.trim() ?? "");
  if (time.kind === "other unit") return fail(time.fault);
  if (time.kind !== "time") {
    return fail(
      "expected a time such as 2026-12-01T14:00:00Z, or POSIX seconds, found " +
        (texts.time || "none"),
    );
  }
  const attributes = texts.attributes === undefined
    ? altitudeField(texts.altitude)
    : unescapeBytes(bytesOfText(texts.attributes));
  const fields = [
    "AT",
    unescapeBytes(bytesOfText(texts.server || context.server)),
    signed(texts.difference || "0.000000000"),
    unescapeBytes(bytesOfText(id)),
    position,
    time.digits,
    ...attributes === "" ? [] : [attributes],
  ];
  return recordRow(line, fields.join(" "));
}

/** A row with a record, if it is a valid one. */
export function recordRow(line: number, record: ByteString): ImportRow {
  return parseReport(record, () => true) === undefined
    ? { line, fault: "expected an AT line, or fields that make one" }
    : { line, record };
}

/** A decimal with its sign. */
function signed(decimal = ""): string {
  const text = decimal.trim();
  return /^[+-]/.test(text) ? text : `+${text}`;
}

/** An altitude as attributes; empty if it is none. */
function altitudeField(altitude = ""): ByteString {
  const text = altitude.trim();
  const digits = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  if (digits === "") return "";
  return formatAttributes(new Map([["altitude", digits]])) ?? "";
}
