/**
 * Deletions: what a client's servers heard at or before a time is forgotten.
 *
 *     FORGET client time
 *
 * A deletion is a record like a report: its bytes are stored, compared and sent
 * as they are. So there is one way to write it: the time has no leading zeros
 * and nine decimals.
 *
 * @module
 */
import { type ByteString, decodeBytes, encodeBytes } from "./bytes.ts";
import { dot, skipDigits, zero } from "./decimal.ts";
import { skipField } from "./fields.ts";
import { maxHeardSeconds } from "./limits.ts";
import { Report } from "./report.ts";
import {
  formatTimestamp,
  nanosecondsAfter,
  type Timestamp,
  wholeNumber,
} from "./time.ts";

const opening = "FORGET ";
const openingBytes = encodeBytes(opening);
const space = 0x20;

/** Where the client's ID begins in a deletion. In a report it is later. */
export const deletionIdOffset = opening.length;

/** Integer digits of the latest time. */
const maxDigits = String(maxHeardSeconds).length;

/** Decimals of the time. */
const decimals = 9;

/** Whether a record is a deletion and not a report. */
export function isDeletion(
  { bytes, start }: Pick<Report, "bytes" | "start">,
): boolean {
  return bytes[start] === openingBytes[0];
}

/** The line of a deletion. */
export function formatDeletion(
  client: ByteString,
  until: Timestamp,
): ByteString {
  return `${opening}${client} ${formatTimestamp(until)}`;
}

/** A deletion in a buffer of its own. */
export function makeDeletion(client: ByteString, until: Timestamp): Report {
  const deletion = new Report();
  const bytes = encodeBytes(formatDeletion(client, until));
  if (!readDeletion(bytes, 0, bytes.length, deletion)) {
    throw new TypeError(`Not a deletion: ${formatDeletion(client, until)}`);
  }
  return deletion;
}

/**
 * Parses the line from `start` to `end`, and sets `deletion` to it. False unless
 * the line has the exact form that `formatDeletion` gives it.
 */
export function readDeletion(
  bytes: Uint8Array,
  start: number,
  end: number,
  deletion: Report,
): boolean {
  if (end - start < openingBytes.length) return false;
  for (let index = 0; index < openingBytes.length; index++) {
    if (bytes[start + index] !== openingBytes[index]) return false;
  }
  const clientStart = start + deletionIdOffset;
  const clientEnd = skipField(bytes, clientStart, end);
  const isField = clientEnd > clientStart && clientEnd < end &&
    bytes[clientEnd] === space;
  if (!isField || !isTime(bytes, clientEnd + 1, end)) return false;
  deletion.bytes = bytes;
  deletion.start = start;
  deletion.end = end;
  deletion.recordEnd = end;
  deletion.clientStart = clientStart;
  deletion.clientEnd = clientEnd;
  deletion.timeStart = clientEnd + 1;
  deletion.server = "";
  return true;
}

function isTime(bytes: Uint8Array, start: number, end: number): boolean {
  const dotAt = skipDigits(bytes, start, end);
  const digits = dotAt - start;
  if (digits < 1 || digits > maxDigits) return false;
  if (digits > 1 && bytes[start] === zero) return false;
  if (dotAt === end || bytes[dotAt] !== dot) return false;
  if (skipDigits(bytes, dotAt + 1, end) !== end) return false;
  if (end - dotAt - 1 !== decimals) return false;
  return wholeNumber(bytes, start, dotAt) < maxHeardSeconds;
}

/** The time of a deletion: reports that were heard until then are deleted. */
export function deletedUntil(
  { bytes, end, timeStart }: Pick<Report, "bytes" | "end" | "timeStart">,
): Timestamp {
  const dotAt = skipDigits(bytes, timeStart, end);
  return {
    seconds: wholeNumber(bytes, timeStart, dotAt),
    nanoseconds: nanosecondsAfter(bytes, dotAt, end),
  };
}

/**
 * What tells the records of a table apart: the client's ID for a report, `FORGET`
 * and the ID for a deletion. No ID contains a space.
 */
export function keyOf(record: Report): ByteString {
  const { bytes, clientEnd, clientStart, start } = record;
  const keyStart = isDeletion(record) ? start : clientStart;
  return decodeBytes(bytes, keyStart, clientEnd);
}
