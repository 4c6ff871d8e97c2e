/**
 * Finds the records in the text of a log file that comes in pieces. Most lines
 * are traffic in plain ASCII, and one regular expression takes such a line apart
 * many times faster than `parseRecord` does; all others go to `parseRecord`, so
 * both know the same lines.
 *
 * Strings that are handed out may be slices of a large piece of the file and
 * keep it in memory. Who stores one for long stores `ownCopy` of it.
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

/** Which way a line went. */
export type Direction = "received" | "sent";

/** Is told of every line of traffic, in the order of the file. */
export interface TrafficVisitor {
  /**
   * A line of traffic.
   *
   * @param timeUs When, in microseconds since 1970, UTC.
   * @param text As it stands in the log: escaped.
   */
  traffic(
    timeUs: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void;
}

/** Is told of every record, in the order of the file. */
export interface RecordVisitor extends TrafficVisitor {
  /** An event. */
  event(timeUs: number, record: EventRecord): void;
}

/** How many lines a reader has met. */
export interface RecordCounts {
  /** Lines that were handed out. */
  readonly records: number;
  /**
   * Lines that were being written when a server was killed or its disk was
   * full, and the last one of a server that is running. They may look whole.
   */
  readonly cut: number;
  /** Lines that no journal has written so, or not at such a time. */
  readonly damaged: number;
}

/**
 * A longer line is none: the longest is the answer to a WHATSAT, four
 * mebibytes of which each byte is escaped.
 */
const maxRecordBytes = 32 * 1024 * 1024;

/** A line of traffic with no escapes but those for `\`, tab, CR and LF. */
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
  /** Lines since the last record that are none. */
  #doubtful = 0;
  #isAfterEmptyLine = false;
  /** The last record: the next one may say that it was cut off. */
  #pending: (() => void) | undefined;
  // The same for traffic, without a closure a line.
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

  /** So far. */
  get counts(): RecordCounts {
    return {
      records: this.#records,
      cut: this.#cut,
      damaged: this.#damaged,
    };
  }

  /** The next piece of the file. */
  push(piece: ByteString): void {
    let text = this.#rest + piece;
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
      this.#doubtful += 1;
    }
  }

  /** The file has ended. */
  end(): void {
    if (this.#rest !== "") this.#cut += 1;
    this.#rest = "";
    this.#resolvePending(0);
  }

  /** A line that is not plain traffic. */
  #readOther(line: ByteString): void {
    if (line === "") {
      this.#isAfterEmptyLine = true;
      return;
    }
    const record = parseRecord(line);
    if (record === undefined) {
      this.#doubtful += 1;
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
    // Behind the connection: a space, the mark, a space.
    this.#text = line.slice(
      timestampBytes + 1 + record.connection.length + 4,
    );
  }

  /** How many lines right before an event are cut off, as the event tells. */
  #cutBefore({ event, fields }: EventRecord): number {
    if (event === "started") return this.#isAfterEmptyLine ? 0 : 1;
    return event === "log-incomplete" ? Number(fields["cutLines"]) || 0 : 0;
  }

  /**
   * Hands out the last record, unless it is one of so many lines that were cut
   * off, and says what the lines behind it were.
   */
  #resolvePending(cutLines: number): void {
    const cutDoubtful = Math.min(cutLines, this.#doubtful);
    const isCut = cutLines > cutDoubtful;
    this.#cut += cutDoubtful;
    this.#damaged += this.#doubtful - cutDoubtful;
    this.#doubtful = 0;
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

  /** The microseconds until a second, given as text; NaN if there is no such. */
  #secondOf(text: string): number {
    if (text !== this.#secondText) {
      const ms = Date.parse(`${text}Z`);
      // The runtime takes the 30th of February for the 2nd of March.
      const isRight = !Number.isNaN(ms) &&
        new Date(ms).toISOString().startsWith(text);
      this.#secondText = ownCopy(text);
      this.#secondUs = isRight ? ms * 1000 : NaN;
    }
    return this.#secondUs;
  }

  /** One string for all equal ones. */
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

/** Names of connections that are kept, so as not to make them anew. */
const maxSharedConnections = 50_000;

/** The same text, but no slice of a larger one. */
export function ownCopy(text: ByteString): ByteString {
  return decodeBytes(encodeBytes(text), 0, text.length);
}
