/**
 * Times and texts as several formats write them.
 *
 * @module
 */
import { escapeBytes } from "../../log/escape.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";

/**
 * A time in UTC as ISO 8601 and XML have it, with all its digits:
 * `2018-03-02T20:52:14.918963997Z`. Years after 9999 have five digits.
 */
export function isoOf({ nanoseconds, seconds }: Timestamp): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, -".000Z".length)
    .replace(/^\+0*/, "");
  return `${whole}${fractionOf(nanoseconds)}Z`;
}

/** Nanoseconds as decimals, without zeros at their end. */
function fractionOf(nanoseconds: number): string {
  if (nanoseconds === 0) return "";
  return `.${String(nanoseconds).padStart(9, "0").replace(/0+$/, "")}`;
}

/**
 * Bytes escaped as in the log, which leaves no control character. U+FFFE and
 * U+FFFF, which a document in XML cannot have, are escaped in the same way.
 */
export function escapeForXml(bytes: ByteString): ByteString {
  return escapeBytes(bytes).replace(
    /\xef\xbf([\xbe\xbf])/g,
    (_, last) => `\\xef\\xbf\\x${last.charCodeAt(0).toString(16)}`,
  );
}
