/**
 * Rejects records with implausible times, such as the year 1 or 9999, or a time
 * of last month among today's. A single one would distort every period, rate
 * and axis.
 *
 * A server's clock runs forward, its log may have long gaps, and its clock is
 * sometimes set. So a record is rejected if it is more than a day later than
 * one of the next records, or more than a day earlier than both the previous
 * record and one of the next. At the beginning and the end of a log, which have
 * neighbours on one side only, the limit is a year. If `maxHeldRecords` records
 * in a row have such times, the clock was set, and they are accepted.
 *
 * @module
 */
import type { EventRecord } from "../log/parse.ts";
import type { ByteString } from "../protocol/bytes.ts";
import type { Direction, RecordVisitor } from "./record_reader.ts";

const dayUs = 86_400_000_000;

const yearUs = 366 * dayUs;

/** Most records that are held until later ones decide about them. */
const maxHeldRecords = 10;

/** A record that is held. */
interface HeldRecord {
  readonly timeUs: number;
  readonly release: () => void;
}

/**
 * Filters the records of one server's log, with its files in order, for a
 * visitor.
 */
export class TimeFilter implements RecordVisitor {
  readonly #visitor: RecordVisitor;
  #buffered: HeldRecord[] = [];
  /** The time of the last accepted record. */
  #lastUs = NaN;
  #rejected = 0;

  constructor(visitor: RecordVisitor) {
    this.#visitor = visitor;
  }

  /** How many records were rejected so far. */
  get rejected(): number {
    return this.#rejected;
  }

  traffic(
    timeUs: number,
    connection: string,
    direction: Direction,
    text: ByteString,
  ): void {
    if (this.#isPlausible(timeUs)) {
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

  /** Must be called at the end of the log. */
  end(): void {
    if (Number.isNaN(this.#lastUs) && this.#buffered.length > 0) this.#start();
    for (const record of this.#buffered) {
      if (this.#distanceTo(record) <= yearUs) this.#accept(record);
      else this.#rejected += 1;
    }
    this.#buffered = [];
  }

  /** A fast path for most records, which need not be held. */
  #isPlausible(timeUs: number): boolean {
    return this.#buffered.length === 0 &&
      Math.abs(timeUs - this.#lastUs) <= dayUs;
  }

  #hold(record: HeldRecord): void {
    if (!Number.isNaN(this.#lastUs)) return this.#evaluate(record);
    this.#buffered.push(record);
    if (this.#buffered.length === maxHeldRecords) this.#start();
  }

  /** Begins with the first record that is within a year of the median. */
  #start(): void {
    const held = this.#buffered;
    const times = held.map(({ timeUs }) => timeUs);
    const medianUs = times.toSorted((a, b) => a - b)
      .at(Math.floor((times.length - 1) / 2))!;
    this.#lastUs = times.find((us) => Math.abs(us - medianUs) <= yearUs)!;
    this.#buffered = [];
    for (const record of held) this.#evaluate(record);
  }

  /** Rejects or accepts held records, given one more record. */
  #evaluate(record: HeldRecord): void {
    const earliestUs = this.#lastUs - dayUs;
    if (record.timeUs >= earliestUs) {
      const plausible = this.#buffered.filter(({ timeUs }) =>
        timeUs >= earliestUs && timeUs <= record.timeUs + dayUs
      );
      this.#rejected += this.#buffered.length - plausible.length;
      this.#buffered = plausible;
    }
    this.#buffered.push(record);
    while (this.#buffered.length > 0) {
      const [oldest] = this.#buffered;
      const isDecided = this.#distanceTo(oldest) <= dayUs ||
        this.#buffered.length >= maxHeldRecords;
      if (!isDecided) return;
      this.#buffered.shift();
      this.#accept(oldest);
    }
  }

  #accept({ release, timeUs }: HeldRecord): void {
    this.#lastUs = timeUs;
    release();
  }

  #distanceTo({ timeUs }: HeldRecord): number {
    return Math.abs(timeUs - this.#lastUs);
  }
}
