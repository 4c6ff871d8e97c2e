/**
 * Positions as a table for people.
 *
 * @module
 */
import { escapeBytes } from "../../log/escape.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import { attributeMap } from "../past_position.ts";
import type { FormatContext, PositionFormat } from "./position_format.ts";

/** Widths of the columns, in characters. Longer cells move those after them. */
const widths = [23, 12, 13, 12];

/** The format `table`. */
export function tableFormat(
  { formatDateTime, zoneName }: FormatContext,
): PositionFormat {
  return {
    start: lineOf([`time (${zoneName})`, "latitude", "longitude", "server"]),
    position: (position) =>
      lineOf([
        dateTimeOf(position.effective, formatDateTime),
        position.latitude,
        position.longitude,
        escapeBytes(position.server),
        [...attributeMap(position)].map(([key, value]) =>
          `${key} ${escapeBytes(value)}`
        )
          .join(", "),
      ]),
    end: "",
  };
}

/** A date and a time with milliseconds, the rest of which is cut off. */
function dateTimeOf(
  { nanoseconds, seconds }: Timestamp,
  formatDateTime: FormatContext["formatDateTime"],
): string {
  const ms = Math.floor(nanoseconds / 1_000_000);
  return `${formatDateTime(seconds)}.${String(ms).padStart(3, "0")}`;
}

function lineOf(cells: readonly ByteString[]): ByteString {
  const padded = cells.map((cell, index) => cell.padEnd(widths[index] ?? 0));
  return `${padded.join("  ").trimEnd()}\n`;
}
