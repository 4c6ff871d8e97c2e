/**
 * The log of one server: every line in and out, and every event. Lines gather
 * in memory and go to the disk in batches, one write at a time. When the disk
 * falls behind, connections stop reading; nothing is dropped.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  encodeBytes,
  encodeInto,
} from "../protocol/bytes.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EventFields, EventLevel } from "../runtime/tell.ts";
import type { Traffic } from "../runtime/transport.ts";
import { flushBytes, flushIntervalMs, maxPendingBytes } from "./limits.ts";
import type { LogSink } from "./log_files.ts";
import {
  type Direction,
  formatEvent,
  formatTraffic,
  TimestampFormatter,
} from "./record.ts";

/** What a journal needs, besides files to write to. */
export interface JournalOptions {
  readonly clock: Clock;
  /** Told once when writing begins to fail, and not again until it works. */
  readonly onFault: (error: Error) => void;
}

/** Writes one server's log. */
export class Journal {
  readonly #clock: Clock;
  readonly #files: LogSink;
  readonly #onFault: (error: Error) => void;
  readonly #timestamps = new TimestampFormatter();
  /** Lines that wait for the next write. */
  #pending: ByteString = "";
  /** The bytes of the write in flight; grows to the largest batch. */
  #buffer = allocateBuffer(flushBytes);
  #writing: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #waiters: (() => void)[] = [];
  #lostBytes = 0;
  #isClosed = false;

  constructor(options: JournalOptions, files: LogSink) {
    this.#clock = options.clock;
    this.#onFault = options.onFault;
    this.#files = files;
    // A file that a former run left may end within a line.
    if (files.sizeBytes > 0) this.#append("\n");
  }

  /** The path of the file being written. */
  get path(): string {
    return this.#files.path;
  }

  /** A connection's own way into the log. */
  trafficOf(connection: string): Traffic {
    return {
      received: (line) => this.#traffic(connection, "<-", line),
      sent: (message) => this.#traffic(connection, "->", message),
      room: () => this.#room(),
    };
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

  /** Resolves when all that was logged so far has been written. */
  async flush(): Promise<void> {
    while (this.#pending !== "" || this.#writing !== undefined) {
      this.#startWriting();
      await this.#writing;
    }
  }

  /** Writes what is left before it returns: for a process about to die. */
  flushSync(): void {
    // In a buffer of its own: the other one may be on its way to the disk.
    const bytes = encodeBytes(this.#pending);
    this.#pending = "";
    try {
      this.#files.writeSync(bytes);
    } catch (error) {
      this.#fault(bytes.length, error);
    }
  }

  /** Flushes and closes. What is logged after it is dropped. */
  async close(): Promise<void> {
    await this.flush();
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#files[Symbol.dispose]();
  }

  #traffic(
    connection: string,
    direction: Direction,
    message: ByteString,
  ): void {
    this.#append(formatTraffic(this.#now(), connection, direction, message));
  }

  #append(line: ByteString): void {
    if (this.#isClosed) return;
    this.#pending += line;
    if (this.#pending.length >= flushBytes) {
      this.#startWriting();
    } else {
      this.#cancelTimer ??= this.#clock.after(flushIntervalMs, () => {
        this.#cancelTimer = undefined;
        this.#startWriting();
      });
    }
  }

  #startWriting(): void {
    if (this.#writing === undefined && this.#pending !== "") {
      this.#writing = this.#write();
    }
  }

  async #write(): Promise<void> {
    let batch = 0;
    try {
      do {
        batch = this.#takeBatch();
        await this.#files.write(this.#buffer.subarray(0, batch));
        if (this.#lostBytes > 0) this.#reportLoss();
        if (this.#files.isFull) await this.#goOn();
        if (this.#pending.length < maxPendingBytes) this.#release();
      } while (this.#pending.length >= flushBytes);
    } catch (error) {
      this.#fault(batch, error);
    } finally {
      this.#writing = undefined;
      if (this.#pending.length < maxPendingBytes) this.#release();
    }
  }

  /** Moves what is pending into the buffer; returns its size in bytes. */
  #takeBatch(): number {
    const batch = this.#pending;
    this.#pending = "";
    if (this.#buffer.length < batch.length) {
      this.#buffer = allocateBuffer(batch.length * 2);
    }
    return encodeInto(batch, this.#buffer);
  }

  async #goOn(): Promise<void> {
    const fields = { file: this.#files.nextPath };
    const farewell = formatEvent(
      this.#now(),
      "server",
      "info",
      "log continues",
      fields,
    );
    const size = encodeInto(farewell, this.#buffer);
    await this.#files.write(this.#buffer.subarray(0, size));
    await this.#files.next();
  }

  #fault(lostBytes: number, error: unknown): void {
    if (!(error instanceof Error)) throw error;
    if (this.#lostBytes === 0) this.#onFault(error);
    this.#lostBytes += lostBytes;
  }

  #reportLoss(): void {
    const bytes = this.#lostBytes;
    this.#lostBytes = 0;
    this.event("server", "error", "log incomplete", { lostBytes: bytes });
  }

  #room(): Promise<void> | undefined {
    if (this.#pending.length < maxPendingBytes) return undefined;
    return new Promise((resolve) => this.#waiters.push(resolve));
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
