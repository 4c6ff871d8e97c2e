/**
 * Finds the records in a log file that is read in chunks. Most lines are
 * traffic in plain ASCII, which a regular expression parses many times faster
 * than `parseRecord`. All other lines are passed to `parseRecord`, so both
 * accept the same lines.
 *
 * Strings passed to a visitor may be slices of a chunk and keep the whole chunk
 * in memory. Store `ownCopy` of a string that is needed for longer.
 *
 * @module
 */
import { type EventRecord, parseRecord } from "../log/parse.ts";
import { timestampBytes } from "../log/record.ts";
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../protocol/bytes.ts";

/** The direction of a line. */
export type Direction = "received" | "sent";

/** Receives every line of traffic, in the order of the file. */
export interface TrafficVisitor {
  /**
   * A line of traffic.
   *
   * @param timeUs Microseconds since 1970, UTC.
   * @param text As written in the log: escaped.
   */
  traffic(
    timeUs: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void;
}

/** Receives every record, in the order of the file. */
export interface RecordVisitor extends TrafficVisitor {
  /** An event. */
  event(timeUs: number, record: EventRecord): void;
}

/** How many lines were read. */
export interface RecordCounts {
  /** Lines that were passed to the visitor. */
  readonly records: number;
  /**
   * Truncated lines: those being written when a server was killed or its disk
   * was full, and the last line of a running server. They may look whole.
   */
  readonly cut: number;
  /** Lines that no log writer can have written, or with an implausible time. */
  readonly damaged: number;
}

/**
 * Longer lines are damaged. The longest possible line is the answer to a
 * WHATSAT: 4 MiB, of which each byte is escaped.
 */
const maxRecordBytes = 32 * 1024 * 1024;

/** A line of traffic without escapes except those for `\`, tab, CR and LF. */
const plainTraffic =
  /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{6})Z (client\/[1-9]\d*|peer\/[1-9]\d*(?:\/[A-Za-z0-9][A-Za-z0-9._-]{0,63})?) (<-|->) ([ -[\]-~]*(?:\\[\\tnr][ -[\]-~]*)*)\n/y;

/** Reads one file. */
export class RecordReader {
  readonly #visitor: RecordVisitor;
  readonly #connections = new Map<string, string>();
  #rest: ByteString = "";
  #isSkipping = false;
  #records = 0;
  #cut = 0;
  #damaged = 0;
  /** Lines since the last record that are not records. */
  #invalidLines = 0;
  #isAfterEmptyLine = false;
  /**
   * The last record. It is held until the next one, which may show that it was
   * truncated.
   */
  #pending: (() => void) | undefined;
  // The same for traffic, without a closure per line.
  #hasTraffic = false;
  #timeUs = 0;
  #connection = "";
  #direction: Direction = "received";
  #text: ByteString = "";
  #secondText = "";
  #secondUs = 0;

  constructor(visitor: RecordVisitor) {
    this.#visitor = visitor;
  }

  /** The counts so far. */
  get counts(): RecordCounts {
    return {
      records: this.#records,
      cut: this.#cut,
      damaged: this.#damaged,
    };
  }

  /** Reads the next chunk of the file. */
  push(chunk: ByteString): void {
    let text = this.#rest + chunk;
    if (this.#isSkipping) {
      const end = text.indexOf("\n");
      if (end < 0) {
        this.#rest = "";
        return;
      }
      this.#isSkipping = false;
      text = text.slice(end + 1);
    }
    let at = 0;
    while (at < text.length) {
      plainTraffic.lastIndex = at;
      const found = plainTraffic.exec(text);
      const secondUs = found === null ? NaN : this.#secondOf(found[1]);
      if (found !== null && !Number.isNaN(secondUs)) {
        this.#resolvePending(0);
        at = plainTraffic.lastIndex;
        this.#hasTraffic = true;
        this.#timeUs = secondUs + Number(found[2]);
        this.#connection = this.#shared(found[3]);
        this.#direction = found[4] === "<-" ? "received" : "sent";
        this.#text = found[5];
        continue;
      }
      const end = text.indexOf("\n", at);
      if (end < 0) break;
      this.#readOther(text.slice(at, end));
      at = end + 1;
    }
    this.#rest = text.slice(at);
    if (this.#rest.length > maxRecordBytes) {
      this.#rest = "";
      this.#isSkipping = true;
      this.#invalidLines += 1;
    }
  }

  /** Must be called at the end of the file. */
  end(): void {
    if (this.#rest !== "") this.#cut += 1;
    this.#rest = "";
    this.#resolvePending(0);
  }

  /** Reads a line that is not plain traffic. */
  #readOther(line: ByteString): void {
    if (line === "") {
      this.#isAfterEmptyLine = true;
      return;
    }
    const record = parseRecord(line);
    if (record === undefined) {
      this.#invalidLines += 1;
      this.#isAfterEmptyLine = false;
      return;
    }
    const { nanoseconds, seconds } = record.timestamp;
    const timeUs = seconds * 1_000_000 + nanoseconds / 1000;
    if (record.kind === "event") {
      this.#resolvePending(this.#cutBefore(record));
      this.#pending = () => this.#visitor.event(timeUs, record);
      return;
    }
    this.#resolvePending(0);
    this.#hasTraffic = true;
    this.#timeUs = timeUs;
    this.#connection = this.#shared(record.connection);
    this.#direction = record.kind;
    // After the connection: a space, the mark, a space.
    this.#text = line.slice(
      timestampBytes + 1 + record.connection.length + 4,
    );
  }

  /**
   * How many lines right before an event were truncated, according to the
   * event.
   */
  #cutBefore({ event, fields }: EventRecord): number {
    if (event === "started") return this.#isAfterEmptyLine ? 0 : 1;
    return event === "log-incomplete" ? Number(fields["cutLines"]) || 0 : 0;
  }

  /**
   * Passes the last record to the visitor, unless it is one of the `cutLines`
   * truncated lines, and counts the lines after it as truncated or damaged.
   */
  #resolvePending(cutLines: number): void {
    const cutInvalid = Math.min(cutLines, this.#invalidLines);
    const isCut = cutLines > cutInvalid;
    this.#cut += cutInvalid;
    this.#damaged += this.#invalidLines - cutInvalid;
    this.#invalidLines = 0;
    this.#isAfterEmptyLine = false;
    const pending = this.#pending;
    const hasTraffic = this.#hasTraffic;
    this.#pending = undefined;
    this.#hasTraffic = false;
    if (pending === undefined && !hasTraffic) return;
    if (isCut) {
      this.#cut += 1;
      return;
    }
    this.#records += 1;
    if (pending !== undefined) return pending();
    this.#visitor.traffic(
      this.#timeUs,
      this.#connection,
      this.#direction,
      this.#text,
    );
  }

  /** A whole second as microseconds since 1970; NaN if it does not exist. */
  #secondOf(text: string): number {
    if (text !== this.#secondText) {
      const ms = Date.parse(`${text}Z`);
      // `Date.parse` accepts 30 February as 2 March.
      const exists = !Number.isNaN(ms) &&
        new Date(ms).toISOString().startsWith(text);
      this.#secondText = ownCopy(text);
      this.#secondUs = exists ? ms * 1000 : NaN;
    }
    return this.#secondUs;
  }

  /** Returns the same string for equal names. */
  #shared(connection: string): string {
    let shared = this.#connections.get(connection);
    if (shared === undefined) {
      if (this.#connections.size >= maxSharedConnections) {
        this.#connections.clear();
      }
      shared = ownCopy(connection);
      this.#connections.set(shared, shared);
    }
    return shared;
  }
}

/** Most names of connections that are kept for reuse. */
const maxSharedConnections = 50_000;

/** A copy of the text that is not a slice of a larger string. */
export function ownCopy(text: ByteString): ByteString {
  return decodeBytes(encodeBytes(text), 0, text.length);
}
