/**
 * Positions in the decimal degrees of ISO 6709 (Annex H, string expression): a
 * signed latitude, then a signed longitude, `+34.068930-118.445127`. There is
 * no altitude, no reference system and no final solidus.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "./bytes.ts";
import { isAtMost, minus, plus, skipDecimal } from "./decimal.ts";
import { maxLatitudeDegrees, maxLongitudeDegrees } from "./limits.ts";

/** A position in the digits that the client sent, each with its sign. */
export interface Position {
  /** Degrees north, from -90 to +90, such as `+34.068930`. */
  readonly latitude: ByteString;
  /** Degrees east, from -180 to +180, such as `-118.445127`. */
  readonly longitude: ByteString;
}

/** The index after the signed number of at most `limit` at `start`, or -1. */
function skipAngle(
  bytes: Uint8Array,
  start: number,
  end: number,
  limit: number,
): number {
  if (start === end) return -1;
  const sign = bytes[start];
  if (sign !== plus && sign !== minus) return -1;
  const angleEnd = skipDecimal(bytes, start + 1, end);
  return angleEnd >= 0 && isAtMost(bytes, start + 1, angleEnd, limit)
    ? angleEnd
    : -1;
}

/** The index after the latitude that begins at `start`, or -1. */
function skipLatitude(bytes: Uint8Array, start: number, end: number): number {
  return skipAngle(bytes, start, end, maxLatitudeDegrees);
}

/** The index after the position that begins at `start`, or -1. */
export function skipPosition(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const latitudeEnd = skipLatitude(bytes, start, end);
  if (latitudeEnd < 0) return -1;
  return skipAngle(bytes, latitudeEnd, end, maxLongitudeDegrees);
}

/** Whether the text is a position. */
export function isPosition(text: ByteString): boolean {
  return skipPosition(encodeScratch(text), 0, text.length) === text.length;
}

/** Latitude and longitude; undefined if the text is not a position. */
export function parsePosition(text: ByteString): Position | undefined {
  if (!isPosition(text)) return undefined;
  const split = skipLatitude(encodeScratch(text), 0, text.length);
  return { latitude: text.slice(0, split), longitude: text.slice(split) };
}

/** The inverse of `parsePosition`. */
export function formatPosition(position: Position): ByteString {
  return position.latitude + position.longitude;
}
