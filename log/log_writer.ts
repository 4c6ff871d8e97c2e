/**
 * The log of one server: every line in and out, and every event. Lines gather
 * in memory, as the bytes that go to the file, and go to the disk in batches,
 * one write at a time. When the disk falls behind, connections stop reading, so
 * that nothing is lost; when it fails, they go on, and what is lost is counted.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
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
  flushBytes,
  flushIntervalMs,
  maxPendingBytes,
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

/** Writes one server's log. */
export class LogWriter {
  readonly #clock: Clock;
  readonly #files: LogSink;
  readonly #appender: Appender;
  readonly #timestamps = new TimestampWriter();
  // Two buffers take turns: one is filled while the other is written.
  #filling: Uint8Array = allocateBuffer(2 * flushBytes);
  #filledBytes = 0;
  #spare: Uint8Array = allocateBuffer(2 * flushBytes);
  // Apart, as what came in and what goes out stand in different buffers.
  readonly #receivedViews = new LastView();
  readonly #sentViews = new LastView();
  readonly #fillingViews = new LastView();
  #writing: Promise<void> | undefined;
  /** How much of it is being written. */
  #writingBytes = 0;
  #cancelTimer: (() => void) | undefined;
  #waiters: (() => void)[] = [];
  #isClosed = false;
  /** Time and connection, as every line of a chunk begins. */
  #opening: Uint8Array = new Uint8Array();
  /** The connection that it belongs to. */
  #lastConnection: ConnectionTrafficLog | undefined;

  constructor(options: AppenderOptions, files: LogSink) {
    this.#clock = options.clock;
    this.#files = files;
    this.#appender = new Appender(options, files);
    // A file that a former run left may end within a line.
    if (files.sizeBytes > 0) this.#append("\n");
  }

  /** The path of the file being written. */
  get path(): string {
    return this.#files.path;
  }

  /** Why the last write failed; undefined while writing works. */
  get fault(): Error | undefined {
    return this.#appender.fault;
  }

  /** How many bytes have been logged, but not written yet. */
  get lagBytes(): number {
    return this.#filledBytes + this.#writingBytes;
  }

  /** What is missing in the log since it was opened. */
  get lost(): LogLoss {
    return this.#appender.lost;
  }

  /** A connection's own way into the log. */
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

  /** What a connection logs from now on happens at this time. */
  stampTime(speaker: ConnectionTrafficLog, now: Timestamp): void {
    const { connection } = speaker;
    const size = timestampBytes + 1 + connection.length;
    if (this.#opening.length !== size) this.#opening = allocateBuffer(size);
    const opening = this.#opening;
    this.#timestamps.write(now, opening, 0);
    opening[timestampBytes] = space;
    for (let index = 0; index < connection.length; index++) {
      opening[timestampBytes + 1 + index] = connection.charCodeAt(index);
    }
    this.#lastConnection = speaker;
  }

  /**
   * Logs a line of traffic. Every update passes here twice, so it is copied
   * as it is, and made a string only if something in it must be escaped.
   */
  traffic(
    speaker: ConnectionTrafficLog,
    direction: Uint8Array,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (this.#isClosed) return;
    if (this.#lastConnection !== speaker) {
      this.stampTime(speaker, this.#clock.now());
    }
    const opening = this.#opening;
    this.#reserve(opening.length + direction.length + (end - start) + 1);
    const filling = this.#filling;
    let at = this.#filledBytes;
    filling.set(opening, at);
    at += opening.length;
    for (let index = 0; index < direction.length; index++) {
      filling[at++] = direction[index];
    }
    this.#filledBytes = at;
    const views = direction === directions.received
      ? this.#receivedViews
      : this.#sentViews;
    const target = this.#fillingViews.of(filling);
    const lineEnd = copyPlain(views.of(bytes), start, end, target, at);
    if (lineEnd >= 0) {
      filling[lineEnd] = lineFeed;
      this.#filledBytes = lineEnd + 1;
      this.#arrangeWriting();
    } else {
      this.#append(escapeBytes(decodeBytes(bytes, start, end)) + "\n");
    }
  }

  /** Undefined while there is room; otherwise when there is room again. */
  whenDrained(): Promise<void> | undefined {
    if (this.#filledBytes < maxPendingBytes) return undefined;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /**
   * Resolves when all that was logged so far has been written, or is lost.
   * While writing fails, it is tried once.
   */
  async flush(): Promise<void> {
    do {
      this.#startWriting();
      await this.#writing;
    } while (this.#filledBytes > 0 || this.#writing !== undefined);
  }

  /**
   * Writes what is left before it returns: for a process about to die. What is
   * being written at that moment may come behind it.
   */
  flushSync(): void {
    const batch = this.#filling.subarray(0, this.#filledBytes);
    this.#filledBytes = 0;
    this.#appender.appendSync(batch);
  }

  /** Flushes and closes. What is logged after it is dropped. */
  async close(): Promise<void> {
    await this.flush();
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#appender.close();
  }

  #append(text: ByteString): void {
    if (this.#isClosed) return;
    this.#reserve(text.length);
    this.#filling.set(encodeBytes(text), this.#filledBytes);
    this.#filledBytes += text.length;
    this.#arrangeWriting();
  }

  /** Makes room for more bytes in the buffer that is being filled. */
  #reserve(bytes: number): void {
    const size = this.#filledBytes + bytes;
    if (size <= this.#filling.length) return;
    const larger = allocateBuffer(2 * size);
    larger.set(this.#filling.subarray(0, this.#filledBytes));
    this.#filling = larger;
  }

  #arrangeWriting(): void {
    const isUnderWay = this.#cancelTimer !== undefined;
    if (this.#filledBytes < flushBytes && isUnderWay) return;
    const { fault } = this.#appender;
    if (this.#filledBytes >= flushBytes) {
      if (fault === undefined) return this.#startWriting();
      // What is being tried right now may be well again.
      if (this.#writing === undefined) this.#drop();
    }
    this.#cancelTimer ??= this.#clock.after(
      fault === undefined ? flushIntervalMs : retryIntervalMs,
      () => {
        this.#cancelTimer = undefined;
        this.#startWriting();
      },
    );
  }

  #startWriting(): void {
    if (this.#writing !== undefined || this.#isClosed) return;
    if (this.#filledBytes > 0 || this.fault !== undefined) {
      this.#writing = this.#write();
    }
  }

  async #write(): Promise<void> {
    do {
      const batch = this.#filling.subarray(0, this.#filledBytes);
      [this.#filling, this.#spare] = [this.#spare, this.#filling];
      this.#filledBytes = 0;
      this.#writingBytes = batch.length;
      await this.#appender.append(batch);
      this.#writingBytes = 0;
      if (this.#filledBytes < maxPendingBytes) this.#release();
    } while (this.#filledBytes >= flushBytes && this.fault === undefined);
    this.#writing = undefined;
    // What came in meanwhile, and found a write under way.
    if (this.#filledBytes > 0 || this.fault !== undefined) {
      this.#arrangeWriting();
    }
  }

  /** Memory shall not fill up with what waits for a disk that fails. */
  #drop(): void {
    this.#appender.drop(this.#filling.subarray(0, this.#filledBytes));
    this.#filledBytes = 0;
    this.#release();
  }

  #release(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #now(): string {
    return this.#timestamps.format(this.#clock.now());
  }
}

/** One connection's way into the log. */
class ConnectionTrafficLog implements TrafficLog {
  readonly #writer: LogWriter;
  /** The connection's name: ASCII. */
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

  whenDrained(): Promise<void> | undefined {
    return this.#writer.whenDrained();
  }
}
