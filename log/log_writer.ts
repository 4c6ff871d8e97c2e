/**
 * The log of one server: every line received or sent, and every event. Lines
 * are buffered in memory in the form that they have in the file, and written in
 * batches, one at a time. While the disk is too slow, connections stop reading,
 * so that nothing is lost. While it fails, they continue, and lost lines are
 * counted.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  copyBytes,
  decodeBytes,
  encodeBytes,
  LastView,
} from "../protocol/bytes.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EventFields, EventLevel } from "../runtime/events.ts";
import type { TrafficLog } from "../runtime/transport.ts";
import { Appender, type AppenderOptions, type LogLoss } from "./appender.ts";
import { copyPlain, escapeBytes } from "./escape.ts";
import {
  fileCheckIntervalMs,
  flushBytes,
  flushIntervalMs,
  maxPendingBytes,
  maxPendingLongBytes,
  retryIntervalMs,
} from "./limits.ts";
import type { LogSink } from "./log_files.ts";
import {
  directions,
  formatEvent,
  timestampBytes,
  TimestampWriter,
} from "./record.ts";

const space = 0x20;
const lineFeed = 0x0a;

/** Length of a mark of traffic. */
const markBytes = 4;

/** Writes one server's log. */
export class LogWriter {
  readonly #clock: Clock;
  readonly #files: LogSink;
  readonly #appender: Appender;
  readonly #timestamps = new TimestampWriter();
  // One buffer is filled while the other is written; then they are swapped.
  #filling: Uint8Array = allocateBuffer(2 * flushBytes);
  #filledBytes = 0;
  #spare: Uint8Array = allocateBuffer(2 * flushBytes);
  // Two views, as received and sent lines are in different buffers.
  readonly #receivedViews = new LastView();
  readonly #sentViews = new LastView();
  readonly #fillingViews = new LastView();
  #writing: Promise<void> | undefined;
  /** Size of the batch that is being written. */
  #writingBytes = 0;
  #cancelTimer: (() => void) | undefined;
  #waiters: (() => void)[] = [];
  #cancelCheck: (() => void) | undefined;
  #isCheckDue = false;
  /** Called when the disk hangs. */
  #hangWaiters: (() => void)[] = [];
  #isClosed = false;
  /** Time and connection, with which every line of a chunk begins. */
  #opening: Uint8Array = new Uint8Array();
  #openingBytes = 0;
  readonly #openingViews = new LastView();
  /** The connection named in `#opening`. */
  #lastConnection: ConnectionTrafficLog | undefined;
  /** The time of the lines that it logs. */
  #stampedAt: Timestamp | undefined;

  constructor(options: AppenderOptions, files: LogSink) {
    this.#clock = options.clock;
    this.#files = files;
    this.#appender = new Appender(
      { ...options, onHang: () => this.#onHang() },
      files,
    );
    // An earlier run may have left a partial line at the end of the file.
    if (files.sizeBytes > 0) this.#append("\n");
  }

  /** The path of the open file. */
  get path(): string {
    return this.#files.path;
  }

  /** Why the last write failed; undefined while writing works. */
  get fault(): Error | undefined {
    return this.#appender.fault;
  }

  /** Whether an operation on a file has taken too long, and has not ended. */
  get isHanging(): boolean {
    return this.#appender.isHanging;
  }

  /**
   * For how long an operation on a file has been under way, in milliseconds; 0
   * if there is none.
   */
  get operationMs(): number {
    return this.#appender.operationMs;
  }

  /** How often the file was not at its path any more. */
  get reopenings(): number {
    return this.#appender.reopenings;
  }

  /** How many logged bytes have not been written yet. */
  get lagBytes(): number {
    return this.#filledBytes + this.#writingBytes;
  }

  /** What was lost since the log was opened. */
  get lost(): LogLoss {
    return this.#appender.lost;
  }

  /** The traffic log of one connection. */
  trafficLogFor(connection: string): TrafficLog {
    return new ConnectionTrafficLog(this, connection);
  }

  /** Logs an event. */
  event(
    connection: string,
    level: EventLevel,
    event: string,
    fields: EventFields,
  ): void {
    this.#append(formatEvent(this.#now(), connection, level, event, fields));
  }

  /** Sets the time for the lines that a connection logs from now on. */
  stampTime(traffic: ConnectionTrafficLog, now: Timestamp): void {
    if (traffic === this.#lastConnection && now === this.#stampedAt) return;
    this.#stampedAt = now;
    const { connection } = traffic;
    const size = timestampBytes + 1 + connection.length;
    if (this.#opening.length < size) this.#opening = allocateBuffer(2 * size);
    this.#openingBytes = size;
    const opening = this.#opening;
    this.#timestamps.write(now, opening, 0);
    opening[timestampBytes] = space;
    for (let index = 0; index < connection.length; index++) {
      opening[timestampBytes + 1 + index] = connection.charCodeAt(index);
    }
    this.#lastConnection = traffic;
  }

  /**
   * Logs a line of traffic. Every report passes through here twice, so the
   * bytes are copied, and become a string only if some must be escaped.
   */
  traffic(
    traffic: ConnectionTrafficLog,
    direction: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (this.#isClosed) return;
    if (this.#lastConnection !== traffic) {
      this.stampTime(traffic, this.#clock.now());
    }
    const openingBytes = this.#openingBytes;
    this.#reserve(openingBytes + markBytes + (end - start) + 1);
    const filling = this.#filling;
    const target = this.#fillingViews.of(filling);
    const opening = this.#openingViews.of(this.#opening);
    let at = copyBytes(opening, 0, openingBytes, target, this.#filledBytes);
    target.setInt32(at, direction, true);
    at += markBytes;
    this.#filledBytes = at;
    const views = direction === directions.received
      ? this.#receivedViews
      : this.#sentViews;
    const lineEnd = copyPlain(views.of(bytes), start, end, target, at);
    if (lineEnd >= 0) {
      filling[lineEnd] = lineFeed;
      this.#filledBytes = lineEnd + 1;
      this.#scheduleWrite();
    } else {
      this.#append(escapeBytes(decodeBytes(bytes, start, end)) + "\n");
    }
  }

  /**
   * Undefined while there is room in the buffer; otherwise resolves when there
   * is room again.
   */
  whenDrained(isLong: boolean): Promise<void> | undefined {
    const limit = isLong ? maxPendingLongBytes : maxPendingBytes;
    if (this.#filledBytes < limit) return undefined;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Checks from now on, at intervals, that the file is still at its path. */
  startChecks(): void {
    if (this.#isClosed) return;
    this.#cancelCheck = this.#clock.after(fileCheckIntervalMs, () => {
      this.#isCheckDue = true;
      this.#startWrite();
      this.startChecks();
    });
  }

  /**
   * Resolves when everything logged so far has been written or counted as lost.
   * While writing fails, it is tried once.
   */
  async flush(): Promise<void> {
    do {
      this.#startWrite();
      await this.#whenWrittenOrHanging();
    } while (
      !this.#appender.isHanging &&
      (this.#filledBytes > 0 || this.#writing !== undefined)
    );
    if (this.#appender.isHanging) this.#dropPending();
  }

  /**
   * Gives the disk less time from now on, as the log is to be closed: a server
   * that stops must not wait for a disk that hangs.
   */
  hurry(): void {
    this.#appender.hurry();
  }

  /**
   * Writes what is pending synchronously, for a process that is about to exit.
   * A batch that is being written at the same time may end up after it.
   */
  flushSync(): void {
    const batch = this.#filling.subarray(0, this.#filledBytes);
    this.#filledBytes = 0;
    this.#appender.appendSync(batch);
  }

  /** Flushes and closes. Whatever is logged later is dropped. */
  async close(): Promise<void> {
    this.hurry();
    this.#cancelCheck?.();
    await this.flush();
    this.#isClosed = true;
    this.#cancelCheck?.();
    this.#cancelTimer?.();
    this.#appender.close();
  }

  #append(text: ByteString): void {
    if (this.#isClosed) return;
    this.#reserve(text.length);
    this.#filling.set(encodeBytes(text), this.#filledBytes);
    this.#filledBytes += text.length;
    this.#scheduleWrite();
  }

  /** Makes room for this many more bytes in the buffer. */
  #reserve(bytes: number): void {
    const size = this.#filledBytes + bytes;
    if (size <= this.#filling.length) return;
    const larger = allocateBuffer(2 * size);
    larger.set(this.#filling.subarray(0, this.#filledBytes));
    this.#filling = larger;
  }

  #scheduleWrite(): void {
    const isScheduled = this.#cancelTimer !== undefined;
    if (this.#filledBytes < flushBytes && isScheduled) return;
    const { fault } = this.#appender;
    if (this.#filledBytes >= flushBytes) {
      if (fault === undefined) return this.#startWrite();
      // A write that is under way may still succeed.
      const { isHanging } = this.#appender;
      if (this.#writing === undefined || isHanging) this.#dropPending();
    }
    this.#cancelTimer ??= this.#clock.after(
      fault === undefined ? flushIntervalMs : retryIntervalMs,
      () => {
        this.#cancelTimer = undefined;
        this.#startWrite();
      },
    );
  }

  #startWrite(): void {
    if (this.#writing !== undefined || this.#isClosed) return;
    if (this.#isWriteNeeded || this.#isCheckDue) this.#writing = this.#write();
  }

  /** Whether there is something to write, or to try again. */
  get #isWriteNeeded(): boolean {
    return this.#filledBytes > 0 || this.fault !== undefined ||
      this.#appender.hasGap;
  }

  async #write(): Promise<void> {
    if (this.#isCheckDue) {
      this.#isCheckDue = false;
      await this.#appender.check();
    } else {
      await this.#writeBatches();
    }
    this.#writing = undefined;
    this.#hangWaiters = [];
    // Lines that were logged during the write did not start one.
    if (this.#isWriteNeeded && !this.#isClosed) this.#scheduleWrite();
  }

  async #writeBatches(): Promise<void> {
    do {
      const batch = this.#filling.subarray(0, this.#filledBytes);
      [this.#filling, this.#spare] = [this.#spare, this.#filling];
      this.#filledBytes = 0;
      this.#writingBytes = batch.length;
      await this.#appender.append(batch);
      this.#writingBytes = 0;
      if (this.#filledBytes < maxPendingBytes) this.#resumeWaiters();
    } while (this.#filledBytes >= flushBytes && this.fault === undefined);
  }

  #whenWrittenOrHanging(): Promise<void> | undefined {
    if (this.#writing === undefined || this.#appender.isHanging) return;
    const hanging = new Promise<void>((resolve) => {
      this.#hangWaiters.push(resolve);
    });
    return Promise.race([this.#writing, hanging]);
  }

  /** The disk hangs: nothing waits for it any longer. */
  #onHang(): void {
    this.#dropPending();
    const waiters = this.#hangWaiters;
    this.#hangWaiters = [];
    for (const resolve of waiters) resolve();
  }

  /**
   * Drops what is pending, so that memory does not fill up while the disk
   * fails.
   */
  #dropPending(): void {
    this.#appender.drop(this.#filling.subarray(0, this.#filledBytes));
    this.#filledBytes = 0;
    this.#resumeWaiters();
  }

  #resumeWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #now(): string {
    return this.#timestamps.format(this.#clock.now());
  }
}

/** The traffic log of one connection. */
class ConnectionTrafficLog implements TrafficLog {
  readonly #writer: LogWriter;
  /** The connection's name, in ASCII. */
  readonly connection: string;

  constructor(writer: LogWriter, connection: string) {
    this.#writer = writer;
    this.connection = connection;
  }

  stampTime(now: Timestamp): void {
    this.#writer.stampTime(this, now);
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    this.#writer.traffic(this, directions.received, bytes, start, end);
  }

  sent(bytes: Uint8Array, start: number, end: number): void {
    this.#writer.traffic(this, directions.sent, bytes, start, end);
  }

  whenDrained(isLong = false): Promise<void> | undefined {
    return this.#writer.whenDrained(isLong);
  }
}
