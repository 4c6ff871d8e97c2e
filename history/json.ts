/**
 * Recorded positions in JSON, with the digits of their lines. IDs and lines are
 * escaped as in the log, so that all bytes can be told from each other.
 *
 * @module
 */
import { escapeBytes } from "../log/escape.ts";
import { type Attributes, rangeOf } from "../protocol/attributes.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { formatTimestamp } from "../protocol/time.ts";
import type { PastPosition } from "./past_position.ts";

/**
 * One position.
 *
 * @param shownClient The client's ID, escaped. It may be long, so it is escaped
 * once for all positions.
 */
export function positionJson(
  position: PastPosition,
  shownClient: ByteString,
): ByteString {
  const { attributes, difference, effective, latitude, longitude, time } =
    position;
  const server = escapeBytes(position.server);
  const at = `AT ${server} ${difference} ${shownClient} ` +
    `${latitude}${longitude} ${time}`;
  const last = attributes === ""
    ? ""
    : `,"attributes":${quoteJson(escapeBytes(attributes))}`;
  return `{"at":${quoteJson(at)},"latitude":${jsonNumber(latitude)},` +
    `"longitude":${jsonNumber(longitude)},` +
    `"effective":${formatTimestamp(effective)}${last}}`;
}

/** Attributes as further fields of an object, each after a comma. */
export function attributesJson(attributes: Attributes): ByteString {
  return [...attributes].map(([key, value]) => {
    const isNumber = rangeOf(key) !== undefined;
    return `,"${key}":${isNumber ? value : quoteJson(escapeBytes(value))}`;
  }).join("");
}

/** A decimal as JSON has it: without a plus sign and needless zeros before it. */
export function jsonNumber(decimal: ByteString): ByteString {
  return decimal.replace(
    /^([+-]?)0*(?=[0-9])/,
    (_, sign) => sign === "-" ? "-" : "",
  );
}

/** Printable text in JSON. Bytes above ASCII stay as they are. */
export function quoteJson(text: ByteString): ByteString {
  return JSON.stringify(text);
}
