/**
 * The lines of the data folder's files. Every line has its checksum:
 *
 *     CRC-32 of the text, as 8 hexadecimal digits, a space, the text, LF
 *
 * The text is a record (an AT line or a deletion), or one of the folder's own,
 * which begins with a lowercase letter:
 *
 *     herd-data 1 tail 12 Hill 1520023934     the first line: see `FileHeader`
 *     alive 1520023934 3600 Jaquez=0 Smith=5  see `Alive`
 *     horizon 1520023934.000000000            see `ReplicaRecords`
 *     end 1000000                             the last line of a snapshot
 *
 * No text contains LF, so what follows a damaged line can be read. Records need
 * no order: the newest of each client counts.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
  encodeInto,
} from "../protocol/bytes.ts";
import {
  formatTimestamp,
  parseTimestamp,
  type Timestamp,
} from "../protocol/time.ts";

/** The version of the format. Files of a higher one are refused. */
export const formatVersion = 1;

/** Bytes of a line before its text. */
export const checksumBytes = 9;

/** Bytes that a line has besides its text. */
export const lineOverheadBytes = checksumBytes + 1;

const [lineFeed, space] = [0x0a, 0x20];

/** What a file contains. */
export type FileKind = "snapshot" | "tail";

/** The first line of a file. */
export interface FileHeader {
  readonly version: number;
  readonly kind: FileKind;
  /** The number in the file's name. */
  readonly number: number;
  /** The server whose records these are. */
  readonly server: string;
  /** When the file was created, in POSIX seconds. */
  readonly createdAt: number;
}

/** When the server ran, and how long its records may have missed deletions. */
export interface Alive {
  /** The time of the line, in POSIX seconds. */
  readonly at: number;
  /** See `RecordAges.table`, in seconds. */
  readonly table: number;
  /** See `RecordAges.contacts`, in seconds. */
  readonly contacts: ReadonlyMap<string, number>;
}

const digits = encodeBytes("0123456789abcdef");

/**
 * Writes the line of a text that is in `target` already, `checksumBytes` after
 * `at`. `target` must have room for the LF.
 *
 * @returns Where the line ends.
 */
export function sealLine(
  target: Uint8Array,
  at: number,
  textBytes: number,
): number {
  const textStart = at + checksumBytes;
  const textEnd = textStart + textBytes;
  const checksum = crc32(target.subarray(textStart, textEnd));
  for (let index = 0; index < 8; index++) {
    target[at + index] = digits[checksum >>> (28 - 4 * index) & 15];
  }
  target[at + 8] = space;
  target[textEnd] = lineFeed;
  return textEnd + 1;
}

/** The line of a text. */
export function formatLine(text: ByteString): Uint8Array {
  const line = new Uint8Array(text.length + lineOverheadBytes);
  encodeInto(text, line.subarray(checksumBytes));
  sealLine(line, 0, text.length);
  return line;
}

/**
 * Whether the line from `start` to `end`, without its LF, has a text, and its
 * checksum.
 */
export function isIntact(
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const textStart = start + checksumBytes;
  if (end <= textStart || bytes[textStart - 1] !== space) return false;
  let written = 0;
  for (let at = start; at < start + 8; at++) {
    const digit = valueOf(bytes[at]);
    if (digit < 0) return false;
    written = written << 4 | digit;
  }
  return written >>> 0 === crc32(bytes.subarray(textStart, end));
}

/** The value of a lowercase hexadecimal digit; negative for another byte. */
function valueOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x61 + 10 : -1;
}

/** Whether the text at `start` is one of the folder's own, and no record. */
export function isOwnText(bytes: Uint8Array, start: number): boolean {
  return bytes[start] >= 0x61 && bytes[start] <= 0x7a;
}

export function formatHeader(header: FileHeader): ByteString {
  const { createdAt, kind, number, server, version } = header;
  return `herd-data ${version} ${kind} ${number} ${server} ${createdAt}`;
}

/**
 * Parses a text as a header. A later version may have other fields, so of its
 * header only the version is read.
 */
export function parseHeader(text: ByteString): FileHeader | undefined {
  const [verb, version, kind, number, server, createdAt] = text.split(" ");
  if (verb !== "herd-data" || !isCount(version)) return undefined;
  const isNewer = Number(version) > formatVersion;
  const isWhole = (kind === "snapshot" || kind === "tail") &&
    isCount(number) && server !== undefined && isCount(createdAt);
  if (!isWhole && !isNewer) return undefined;
  return {
    version: Number(version),
    kind: kind === "snapshot" ? kind : "tail",
    number: Number(number),
    server: server ?? "",
    createdAt: Number(createdAt),
  };
}

export function formatAlive({ at, contacts, table }: Alive): ByteString {
  const named = [...contacts].map(([name, seconds]) => `${name}=${seconds}`);
  return ["alive", at, table, ...named].join(" ");
}

export function parseAlive(text: ByteString): Alive | undefined {
  const [verb, at, table, ...named] = text.split(" ");
  if (verb !== "alive" || !isCount(at) || !isCount(table)) return undefined;
  const contacts = new Map<string, number>();
  for (const contact of named) {
    const equalsAt = contact.lastIndexOf("=");
    const seconds = contact.slice(equalsAt + 1);
    if (equalsAt < 0 || !isCount(seconds)) return undefined;
    contacts.set(contact.slice(0, equalsAt), Number(seconds));
  }
  return { at: Number(at), table: Number(table), contacts };
}

export function formatHorizon(horizon: Timestamp): ByteString {
  return `horizon ${formatTimestamp(horizon)}`;
}

export function parseHorizon(text: ByteString): Timestamp | undefined {
  const [, time] = text.match(/^horizon (\d{1,15}\.\d{9})$/) ?? [];
  return time === undefined ? undefined : parseTimestamp(time);
}

export function formatEnd(records: number): ByteString {
  return `end ${records}`;
}

/** The number of records that the last line of a snapshot names. */
export function parseEnd(text: ByteString): number | undefined {
  const [verb, records] = text.split(" ");
  return verb === "end" && isCount(records) ? Number(records) : undefined;
}

/** The text of a line. */
export function textOf(
  bytes: Uint8Array,
  start: number,
  end: number,
): ByteString {
  return decodeBytes(bytes, start + checksumBytes, end);
}

function isCount(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,15}$/.test(text);
}
