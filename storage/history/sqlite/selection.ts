/**
 * The first records of an answer, out of records that come in no strict order.
 *
 * @module
 */
import { encodeBytes, indexOfByte } from "../../../protocol/bytes.ts";
import { compareReports, ReportTimes } from "../../../protocol/order.ts";
import { readReport, Report } from "../../../protocol/report.ts";
import { compareTimestamps, type Timestamp } from "../../../protocol/time.ts";
import type { HistoryPage, HistoryQuery } from "../../../replica/history.ts";

const lineFeed = 0x0a;

/** A record, and its effective time. */
interface Entry {
  readonly effective: Timestamp;
  readonly report: Report;
}

const times = new ReportTimes();

/** Finds the records of a page. */
export class RecordSelection {
  readonly #limit: number;
  readonly #maxBytes: number;
  readonly #sign: number;
  readonly #from: Timestamp | undefined;
  readonly #to: Timestamp | undefined;
  /** The last record of the page before. */
  readonly #past: Entry | undefined;
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
    this.#limit = limit;
    this.#maxBytes = maxBytes;
    this.#sign = isNewestFirst ? -1 : 1;
    this.#from = from;
    this.#to = to;
    if (cursor !== undefined) this.#past = readCursor(cursor);
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
    if (this.#entries.length <= this.#limit) return undefined;
    this.#sort();
    return this.#entries.at(this.#limit)?.effective;
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
    const records: string[] = [];
    let bytes = 0;
    let last: Entry | undefined;
    for (const entry of this.#entries.slice(0, this.#limit)) {
      const { record } = entry.report;
      bytes += record.length;
      if (last !== undefined && bytes > this.#maxBytes) break;
      records.push(record);
      last = entry;
    }
    const isLast = records.length === this.#entries.length;
    const next = isLast || last === undefined
      ? undefined
      : writeCursor(last.report.record);
    return { records, next };
  }

  #addRecord(lines: Uint8Array, start: number, end: number): void {
    const report = this.#scratch;
    // What is no record was damaged on the disk.
    if (!readReport(lines, start, end, () => "", report)) return;
    const { effectiveNanoseconds, effectiveSeconds } = times.read(report);
    const effective = {
      seconds: effectiveSeconds,
      nanoseconds: effectiveNanoseconds,
    };
    if (this.#from && compareTimestamps(effective, this.#from) < 0) return;
    if (this.#to && compareTimestamps(effective, this.#to) > 0) return;
    const entry = { effective, report };
    if (this.#past !== undefined && this.#compare(entry, this.#past) <= 0) {
      return;
    }
    this.#entries.push(entry);
    this.#scratch = new Report();
    this.#isSorted = false;
    if (this.#entries.length >= 2 * this.#limit + 64) this.#sort();
  }

  #compare(one: Entry, other: Entry): number {
    return this.#sign * (compareTimestamps(one.effective, other.effective) ||
      compareReports(one.report, other.report));
  }

  /** Sorts, and drops what is there twice or is beyond the page. */
  #sort(): void {
    if (this.#isSorted) return;
    this.#isSorted = true;
    const sorted = this.#entries.sort((one, other) =>
      this.#compare(one, other)
    );
    this.#entries = sorted
      .filter((entry, index) =>
        index === 0 || this.#compare(entry, sorted[index - 1]) !== 0
      )
      .slice(0, this.#limit + 1);
  }
}

function writeCursor(record: string): string {
  return btoa(record)
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function readCursor(cursor: string): Entry {
  const report = new Report();
  let record;
  try {
    record = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    throw new RangeError("the cursor is none of this history");
  }
  const bytes = encodeBytes(record);
  if (!readReport(bytes, 0, bytes.length, () => "", report)) {
    throw new RangeError("the cursor is none of this history");
  }
  const { effectiveNanoseconds, effectiveSeconds } = new ReportTimes()
    .read(report);
  return {
    effective: { seconds: effectiveSeconds, nanoseconds: effectiveNanoseconds },
    report,
  };
}
