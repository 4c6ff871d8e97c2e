/**
 * Positions in the decimal degrees of ISO 6709 (Annex H, string expression):
 * a signed latitude, then a signed longitude, `+34.068930-118.445127`. No
 * altitude, no reference system, no closing solidus.
 *
 * @module
 */
import type { ByteString } from "./bytes.ts";
import { isAtMost, skipDecimal } from "./decimal.ts";
import { maxLatitudeDegrees, maxLongitudeDegrees } from "./limits.ts";

/** A position in the digits that the client sent, each with its sign. */
export interface Position {
  /** Degrees north, from -90 to +90, such as `+34.068930`. */
  readonly latitude: ByteString;
  /** Degrees east, from -180 to +180, such as `-118.445127`. */
  readonly longitude: ByteString;
}

const plus = 0x2b;
const minus = 0x2d;

/** The index behind a signed number of at most `limit`, or -1. */
function skipAngle(text: ByteString, start: number, limit: number): number {
  const sign = text.charCodeAt(start);
  if (sign !== plus && sign !== minus) return -1;
  const end = skipDecimal(text, start + 1);
  return end >= 0 && isAtMost(text, start + 1, end, limit) ? end : -1;
}

/** Where the longitude begins, or -1 if the text is not a position. */
function findLongitude(text: ByteString): number {
  const latitudeEnd = skipAngle(text, 0, maxLatitudeDegrees);
  if (latitudeEnd < 0) return -1;
  const end = skipAngle(text, latitudeEnd, maxLongitudeDegrees);
  return end === text.length ? latitudeEnd : -1;
}

/** Whether the whole text is a position. */
export function isPosition(text: ByteString): boolean {
  return findLongitude(text) >= 0;
}

/** Splits a position into latitude and longitude; undefined if it is none. */
export function parsePosition(text: ByteString): Position | undefined {
  const split = findLongitude(text);
  if (split < 0) return undefined;
  return { latitude: text.slice(0, split), longitude: text.slice(split) };
}

/** The inverse of `parsePosition`. */
export function formatPosition(position: Position): ByteString {
  return position.latitude + position.longitude;
}
