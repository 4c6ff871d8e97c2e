/**
 * The first records of an answer, out of records that come in no strict order.
 *
 * @module
 */
import { indexOfByte } from "../../../protocol/bytes.ts";
import { compareReports, ReportTimes } from "../../../protocol/order.ts";
import { readReport, Report } from "../../../protocol/report.ts";
import {
  compareTimestamps,
  formatTimestamp,
  parseTimestamp,
  type Timestamp,
} from "../../../protocol/time.ts";
import type { HistoryPage, HistoryQuery } from "../../../replica/history.ts";

const lineFeed = 0x0a;

/** The times by which records are ordered. */
interface Times {
  readonly effective: Timestamp;
  readonly heard: Timestamp;
  readonly time: Timestamp;
}

/** A record, and its times. */
interface Entry extends Times {
  readonly report: Report;
}

/** Where the page before has ended. */
interface Place extends Times {
  /** How many records with these times it has given, and those before it. */
  readonly given: number;
}

const times = new ReportTimes();

function readTimes(report: Report): Times {
  times.read(report);
  return {
    effective: {
      seconds: times.effectiveSeconds,
      nanoseconds: times.effectiveNanoseconds,
    },
    heard: { seconds: times.heardSeconds, nanoseconds: times.heardNanoseconds },
    time: { seconds: times.timeSeconds, nanoseconds: times.timeNanoseconds },
  };
}

/** Compares by times alone. */
function compareTimes(one: Times, other: Times): number {
  return compareTimestamps(one.effective, other.effective) ||
    compareTimestamps(one.heard, other.heard) ||
    compareTimestamps(one.time, other.time);
}

/** Finds the records of a page. */
export class RecordSelection {
  readonly #limit: number;
  readonly #maxBytes: number;
  readonly #sign: number;
  readonly #from: Timestamp | undefined;
  readonly #to: Timestamp | undefined;
  /** Where the page before has ended. */
  readonly #past: Place | undefined;
  /**
   * How many of the first records the pages before have given. They are found
   * again, and are skipped. A cursor may be forged, so only those that were found
   * count.
   */
  #skipped = 0;
  #entries: Entry[] = [];
  #isSorted = true;
  #scratch = new Report();

  /**
   * @param query Its limits are those of the page.
   * @throws {RangeError} If the cursor is none.
   */
  constructor(
    { cursor, from, isNewestFirst, limit, maxBytes, to }:
      & Omit<HistoryQuery, "client">
      & { readonly maxBytes: number },
  ) {
    this.#maxBytes = maxBytes;
    this.#sign = isNewestFirst ? -1 : 1;
    this.#from = from;
    this.#to = to;
    this.#past = cursor === undefined ? undefined : readCursor(cursor);
    this.#limit = limit;
  }

  /** The effective time of the last record of the page before, if there is one. */
  get past(): Timestamp | undefined {
    return this.#past?.effective;
  }

  /**
   * The time beyond which no record is needed any more; undefined as long as
   * any may be needed.
   */
  get boundary(): Timestamp | undefined {
    // One more record than the limit shows that there is another page.
    if (this.#entries.length <= this.#end) return undefined;
    this.#sort();
    return this.#entries.at(this.#end)?.effective;
  }

  /**
   * Adds the records of a block's lines, from a place on.
   *
   * @param most Most records to add in this call.
   * @returns Where the next one begins; undefined after the last one.
   */
  add(lines: Uint8Array, start: number, most: number): number | undefined {
    let at = start;
    for (let count = 0; count < most; count++) {
      if (at >= lines.length) return undefined;
      const lf = indexOfByte(lines, lineFeed, at, lines.length);
      const end = lf < 0 ? lines.length : lf;
      this.#addRecord(lines, at, end);
      at = end + 1;
    }
    return at < lines.length ? at : undefined;
  }

  /** The page. */
  get page(): HistoryPage {
    this.#sort();
    const first = this.#skipped;
    const records: string[] = [];
    let bytes = 0;
    let end = first;
    for (const { report } of this.#entries.slice(first, this.#end)) {
      const { record } = report;
      bytes += record.length;
      if (records.length > 0 && bytes > this.#maxBytes) break;
      records.push(record);
      end += 1;
    }
    if (end >= this.#entries.length) return { records, next: undefined };
    const last = this.#entries[end - 1];
    const given = this.#entries.slice(0, end)
      .filter((entry) => compareTimes(entry, last) === 0).length;
    return { records, next: writeCursor({ ...last, given }) };
  }

  /** The index after the last record of the page. */
  get #end(): number {
    return this.#skipped + this.#limit;
  }

  #addRecord(lines: Uint8Array, start: number, end: number): void {
    const report = this.#scratch;
    // Lines that are no records were damaged on the disk.
    if (!readReport(lines, start, end, () => "", report)) return;
    const entry = { ...readTimes(report), report };
    const { effective } = entry;
    if (this.#from && compareTimestamps(effective, this.#from) < 0) return;
    if (this.#to && compareTimestamps(effective, this.#to) > 0) return;
    const isPast = this.#past !== undefined &&
      this.#sign * compareTimes(entry, this.#past) < 0;
    if (isPast) return;
    this.#entries.push(entry);
    this.#scratch = new Report();
    this.#isSorted = false;
    if (this.#entries.length >= 2 * this.#end + 64) this.#sort();
  }

  #compare(one: Entry, other: Entry): number {
    return this.#sign *
      (compareTimes(one, other) || compareReports(one.report, other.report));
  }

  /** Sorts, and drops records that are there twice or are beyond the page. */
  #sort(): void {
    if (this.#isSorted) return;
    this.#isSorted = true;
    const sorted = this.#entries.sort((one, other) =>
      this.#compare(one, other)
    );
    const entries = sorted.filter((entry, index) =>
      index === 0 || this.#compare(entry, sorted[index - 1]) !== 0
    );
    this.#skipped = this.#countGiven(entries);
    this.#entries = entries.slice(0, this.#end + 1);
  }

  /** How many of the first entries the pages before have given. */
  #countGiven(entries: readonly Entry[]): number {
    const past = this.#past;
    if (past === undefined) return 0;
    const other = entries.findIndex((entry) => compareTimes(entry, past) !== 0);
    return Math.min(past.given, other < 0 ? entries.length : other);
  }
}

/** The place after a record, as text. */
function writeCursor({ given, ...times }: Place): string {
  const { effective, heard, time } = times;
  return [...[effective, heard, time].map(formatTimestamp), given].join("_");
}

/** @throws {RangeError} If the text is no cursor. */
function readCursor(cursor: string): Place {
  const parts = cursor.split("_");
  const given = Number(parts[3]);
  const isCursor = parts.length === 4 && /^\d{1,5}$/.test(parts[3]) &&
    parts.slice(0, 3).every((part) => /^\d{1,15}\.\d{9}$/.test(part));
  if (!isCursor) throw new RangeError("the cursor is not one of this history");
  const [effective, heard, time] = parts.map(parseTimestamp);
  return { effective, heard, time, given };
}
