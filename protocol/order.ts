/**
 * The order of a client's reports: which of two is newer. It depends on the two
 * records alone, so that all servers keep the same report, in whatever order
 * the reports arrive. All code that orders reports by time uses this file.
 *
 * A report has three times, in whole seconds and nanoseconds:
 *
 * - `time`, when the client sent it, by the client's clock;
 * - `heard`, when its origin received it, by the origin's clock: the sum of
 *   `time` and the clock difference;
 * - `effective`, the earlier one of the two.
 *
 * Reports are ordered by `effective`, then `heard`, then `time`, then the bytes
 * of their lines, then the bytes of their attributes. So the client's clock counts where it is right or slow. Where
 * it is ahead, the herd's clocks count, and the client's next report replaces
 * its last one, however wrong its clock was.
 *
 * @module
 */
import { type ByteString, encodeBytes, encodeScratch } from "./bytes.ts";
import { plus, skipDigits, zero } from "./decimal.ts";
import { maxHeardSeconds } from "./limits.ts";
import {
  compareTimes,
  nanosecondsAfter,
  nanosecondsPerSecond,
  type Timestamp,
  wholeNumber,
} from "./time.ts";

/** Decimals of a clock difference, and of a time for the order. */
const decimals = 9;

/** A dot, the decimals and a space: from there the ID begins. */
const bytesFromDot = decimals + 2;

/**
 * So many integer digits of a time and of a clock difference are always in
 * range.
 */
const safeDigits = 11;

/** Where the parts of a valid record are in a buffer. */
export interface ReportParts {
  readonly bytes: Uint8Array;
  /** Where the line begins. */
  readonly start: number;
  /** Where the client's ID begins, one space after the clock difference. */
  readonly clientStart: number;
  /** Where the client's time begins; it ends with the line. */
  readonly timeStart: number;
  /** Where the AT line ends. */
  readonly end: number;
  /** Where the attributes end; `end` if there are none. */
  readonly recordEnd: number;
}

type LineParts = Pick<ReportParts, "bytes" | "clientStart" | "end">;

/** The times of a report; one object is reused for report after report. */
export class ReportTimes {
  /** The client's time. */
  timeSeconds = 0;
  timeNanoseconds = 0;
  heardSeconds = 0;
  heardNanoseconds = 0;

  /** Sets the times to those of a report. */
  read(report: ReportParts): this {
    const { bytes, clientStart, end, timeStart } = report;
    const signAt = indexOfSign(report);
    const dotAt = clientStart - bytesFromDot;
    const timeDotAt = skipDigits(bytes, timeStart, end);
    const seconds = wholeNumber(bytes, signAt + 1, dotAt);
    const nanoseconds = wholeNumber(bytes, dotAt + 1, clientStart - 1);
    this.timeSeconds = wholeNumber(bytes, timeStart, timeDotAt);
    this.timeNanoseconds = nanosecondsAfter(bytes, timeDotAt, end);
    if (bytes[signAt] === plus) {
      this.heardSeconds = this.timeSeconds + seconds;
      this.heardNanoseconds = this.timeNanoseconds + nanoseconds;
      if (this.heardNanoseconds >= nanosecondsPerSecond) {
        this.heardSeconds += 1;
        this.heardNanoseconds -= nanosecondsPerSecond;
      }
    } else {
      this.heardSeconds = this.timeSeconds - seconds;
      this.heardNanoseconds = this.timeNanoseconds - nanoseconds;
      if (this.heardNanoseconds < 0) {
        this.heardSeconds -= 1;
        this.heardNanoseconds += nanosecondsPerSecond;
      }
    }
    return this;
  }

  /** Whether the client's clock was ahead of the origin's. */
  get isAhead(): boolean {
    return (this.timeSeconds - this.heardSeconds ||
      this.timeNanoseconds - this.heardNanoseconds) > 0;
  }

  get effectiveSeconds(): number {
    return this.isAhead ? this.heardSeconds : this.timeSeconds;
  }

  get effectiveNanoseconds(): number {
    return this.isAhead ? this.heardNanoseconds : this.timeNanoseconds;
  }
}

const first = new ReportTimes();
const second = new ReportTimes();

/** Where the sign of a report's clock difference is. */
function indexOfSign({ bytes, clientStart }: ReportParts): number {
  let index = clientStart - bytesFromDot - 1;
  while (bytes[index] >= zero) index -= 1;
  return index;
}

/** Whether a report's `effective` is surely the client's time. */
function isEffectiveAtTime(report: ReportParts): boolean {
  return report.bytes[indexOfSign(report)] === plus;
}

/**
 * Compares two reports about the same client: positive if `a` is newer, zero if
 * their records are equal.
 */
export function compareReports(a: ReportParts, b: ReportParts): number {
  // Most clocks of clients are not ahead. Then the digits of the two times
  // nearly always decide, and no number is needed.
  if (isEffectiveAtTime(a) && isEffectiveAtTime(b)) {
    const order = compareTimes(
      a.bytes,
      a.timeStart,
      a.end,
      b.bytes,
      b.timeStart,
      b.end,
      decimals,
    );
    if (order !== 0) return order;
  }
  const [one, other] = [first.read(a), second.read(b)];
  return one.effectiveSeconds - other.effectiveSeconds ||
    one.effectiveNanoseconds - other.effectiveNanoseconds ||
    one.heardSeconds - other.heardSeconds ||
    one.heardNanoseconds - other.heardNanoseconds ||
    one.timeSeconds - other.timeSeconds ||
    one.timeNanoseconds - other.timeNanoseconds ||
    compareBytes(a, b);
}

/**
 * Compares two records byte by byte, as unsigned numbers. That compares their
 * lines first, and then their attributes, as the space before the attributes is
 * less than all bytes of a time.
 */
function compareBytes(a: ReportParts, b: ReportParts): number {
  const [aBytes, bBytes] = [a.recordEnd - a.start, b.recordEnd - b.start];
  const shared = Math.min(aBytes, bBytes);
  for (let index = 0; index < shared; index++) {
    const difference = a.bytes[a.start + index] - b.bytes[b.start + index];
    if (difference !== 0) return difference;
  }
  return aBytes - bBytes;
}

/** Whether one valid record is newer than another about the same client. */
export function isNewer(record: ByteString, than: ByteString): boolean {
  const a = partsOf(record, encodeScratch(record));
  return compareReports(a, partsOf(than, encodeBytes(than))) > 0;
}

/**
 * Whether a server that has one valid record cannot have received another one
 * about the same client: it is newer, and does not repeat the first. The answer
 * to a repetition has a line of its own, which is not stored.
 */
export function isMissing(record: ByteString, stored: ByteString): boolean {
  const [one, other] = [
    partsOf(record, encodeScratch(record)),
    partsOf(stored, encodeBytes(stored)),
  ];
  return compareReports(one, other) > 0 && !isRepetition(one, other);
}

/**
 * Whether a report repeats another one: client, position and time are equal,
 * byte for byte, whatever the attributes are.
 */
export function isRepetition(a: LineParts, b: LineParts): boolean {
  const { bytes, clientStart, end } = a;
  if (b.end - b.clientStart !== end - clientStart) return false;
  const others = b.bytes;
  const shift = b.end - end;
  // Two reports differ in the last digits of their times, if anywhere.
  for (let at = end - 1; at >= clientStart; at--) {
    if (bytes[at] !== others[at + shift]) return false;
  }
  return true;
}

/** The times of a report. */
export function timesOf(report: ReportParts): ReportTimes {
  return new ReportTimes().read(report);
}

/** When the origin of a report received it, by its clock. */
export function heardAt(report: ReportParts): Timestamp {
  first.read(report);
  return { seconds: first.heardSeconds, nanoseconds: first.heardNanoseconds };
}

/** The same for a valid record. */
export function heardAtOf(record: ByteString): Timestamp {
  return heardAt(partsOf(record, encodeScratch(record)));
}

/** The same in seconds, rounded to a double, for ages and statistics. */
export function heardSecondsOf(record: ByteString): number {
  const { nanoseconds, seconds } = heardAtOf(record);
  return seconds + nanoseconds / nanosecondsPerSecond;
}

/** When a valid record counts: the earlier of its client's time and `heardAtOf`. */
export function effectiveAtOf(record: ByteString): Timestamp {
  first.read(partsOf(record, encodeScratch(record)));
  return {
    seconds: first.effectiveSeconds,
    nanoseconds: first.effectiveNanoseconds,
  };
}

/** Whether the origin of a report received it after a time, by its clock. */
export function isHeardAfter(report: ReportParts, time: Timestamp): boolean {
  const { bytes, clientStart, end, timeStart } = report;
  const signAt = indexOfSign(report);
  const seconds = wholeNumber(
    bytes,
    timeStart,
    skipDigits(bytes, timeStart, end),
  );
  const difference = wholeNumber(bytes, signAt + 1, clientStart - bytesFromDot);
  // The decimals of the two add less than two seconds, or one if subtracted.
  const most = bytes[signAt] === plus
    ? seconds + difference + 2
    : seconds - difference + 1;
  if (most <= time.seconds) return false;
  const { heardNanoseconds, heardSeconds } = first.read(report);
  return (heardSeconds - time.seconds ||
    heardNanoseconds - time.nanoseconds) > 0;
}

/** The whole seconds of a report's effective time. */
export function effectiveSeconds(report: ReportParts): number {
  return first.read(report).effectiveSeconds;
}

/**
 * Whether a report was heard at a time that a server's clock can have: from 0 to
 * `maxHeardSeconds`. So an effective time is never below zero either, and all
 * sums are exact.
 */
export function isHeardInRange(report: ReportParts): boolean {
  const { bytes, clientStart, end, timeStart } = report;
  const signAt = indexOfSign(report);
  const isSurelyInRange = bytes[signAt] === plus &&
    clientStart - bytesFromDot - signAt - 1 <= safeDigits &&
    skipDigits(bytes, timeStart, end) - timeStart <= safeDigits;
  if (isSurelyInRange) return true;
  const { heardNanoseconds, heardSeconds } = first.read(report);
  return heardSeconds >= 0 && heardSeconds <= maxHeardSeconds &&
    (heardSeconds < maxHeardSeconds || heardNanoseconds === 0);
}

/** Where the parts of a valid record are, that was encoded from 0 on. */
function partsOf(record: ByteString, bytes: Uint8Array): ReportParts {
  const differenceStart = record.indexOf(" ", 3) + 1;
  const clientStart = record.indexOf(" ", differenceStart) + 1;
  const positionStart = record.indexOf(" ", clientStart) + 1;
  const timeStart = record.indexOf(" ", positionStart) + 1;
  const timeEnd = record.indexOf(" ", timeStart);
  return {
    bytes,
    start: 0,
    clientStart,
    timeStart,
    end: timeEnd < 0 ? record.length : timeEnd,
    recordEnd: record.length,
  };
}
