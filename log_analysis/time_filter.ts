/**
 * Sets aside the records of a log whose times are wild: the year 1 or 9999, or
 * last month's amid today's. One of them would stretch every span, rate and
 * axis.
 *
 * A server's clock goes forward, and its log may be silent for long; now and
 * then the clock is set. So a record is wild if it is more than a day later than
 * one of the next records, or more than a day earlier than those before and one
 * of the next. At the beginning and at the end of a log there is one side only,
 * and it takes more than a year. So many records in a row as are looked at are
 * believed: then it is the clock that was set.
 *
 * @module
 */
import type { EventRecord } from "../log/parse.ts";
import type { ByteString } from "../protocol/bytes.ts";
import type { Direction, RecordVisitor } from "./record_reader.ts";

const dayUs = 86_400_000_000;

const yearUs = 366 * dayUs;

/** So many records wait at most to be judged by those that follow. */
const judgedRecords = 10;

/** A record that waits. */
interface HeldRecord {
  readonly timeUs: number;
  readonly release: () => void;
}

/** Stands before the visitor of one server's log, all its files in their order. */
export class TimeFilter implements RecordVisitor {
  readonly #visitor: RecordVisitor;
  #buffered: HeldRecord[] = [];
  /** The time of the last record that was believed. */
  #lastUs = NaN;
  #setAside = 0;

  constructor(visitor: RecordVisitor) {
    this.#visitor = visitor;
  }

  /** How many records were set aside so far. */
  get setAside(): number {
    return this.#setAside;
  }

  traffic(
    timeUs: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void {
    if (this.#isPlain(timeUs)) {
      this.#lastUs = timeUs;
      return this.#visitor.traffic(timeUs, connection, direction, text);
    }
    const release = () =>
      this.#visitor.traffic(timeUs, connection, direction, text);
    this.#hold({ timeUs, release });
  }

  event(timeUs: number, record: EventRecord): void {
    const release = () => this.#visitor.event(timeUs, record);
    this.#hold({ timeUs, release });
  }

  /** The log has ended. */
  end(): void {
    if (Number.isNaN(this.#lastUs) && this.#buffered.length > 0) this.#begin();
    for (const record of this.#buffered) {
      if (this.#distanceTo(record) <= yearUs) this.#believe(record);
      else this.#setAside += 1;
    }
    this.#buffered = [];
  }

  /** Most are: these must not wait, nor cost anything. */
  #isPlain(timeUs: number): boolean {
    return this.#buffered.length === 0 &&
      Math.abs(timeUs - this.#lastUs) <= dayUs;
  }

  #hold(record: HeldRecord): void {
    if (!Number.isNaN(this.#lastUs)) return this.#judge(record);
    this.#buffered.push(record);
    if (this.#buffered.length === judgedRecords) this.#begin();
  }

  /** Begins with the first record that is not far from most of the others. */
  #begin(): void {
    const first = this.#buffered;
    const times = first.map(({ timeUs }) => timeUs);
    const middleUs = times.toSorted((a, b) => a - b)
      .at(Math.floor((times.length - 1) / 2))!;
    this.#lastUs = times.find((us) => Math.abs(us - middleUs) <= yearUs)!;
    this.#buffered = [];
    for (const record of first) this.#judge(record);
  }

  /** What is told of those that wait by one that follows. */
  #judge(record: HeldRecord): void {
    const earliestUs = this.#lastUs - dayUs;
    if (record.timeUs >= earliestUs) {
      const kept = this.#buffered.filter(({ timeUs }) =>
        timeUs >= earliestUs && timeUs <= record.timeUs + dayUs
      );
      this.#setAside += this.#buffered.length - kept.length;
      this.#buffered = kept;
    }
    this.#buffered.push(record);
    while (this.#buffered.length > 0) {
      const [oldest] = this.#buffered;
      const isSure = this.#distanceTo(oldest) <= dayUs ||
        this.#buffered.length >= judgedRecords;
      if (!isSure) return;
      this.#buffered.shift();
      this.#believe(oldest);
    }
  }

  #believe({ release, timeUs }: HeldRecord): void {
    this.#lastUs = timeUs;
    release();
  }

  #distanceTo({ timeUs }: HeldRecord): number {
    return Math.abs(timeUs - this.#lastUs);
  }
}
