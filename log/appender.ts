/**
 * Puts batches of records into the log's files, in their order, whatever the
 * disk does. What cannot be written is counted, and a record says so where it
 * would stand. Nothing here throws because of a file.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../protocol/bytes.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EventFields, EventLevel } from "../runtime/events.ts";
import { retryIntervalMs } from "./limits.ts";
import type { LogSink } from "./log_files.ts";
import { formatEvent, TimestampWriter } from "./record.ts";

const lineFeed = 0x0a;

/** What is missing in a log: lines, whole or cut, and their bytes. */
export interface LogLoss {
  readonly lines: number;
  readonly bytes: number;
}

const nothing: LogLoss = { lines: 0, bytes: 0 };

/**
 * What the log itself cannot tell. Each is told once, however often it is tried
 * in vain:
 *
 * - `failing`: nothing can be written from now on;
 * - `working`: it can again, and this is missing;
 * - `closed`: it was not to be before the end, and this is missing;
 * - `stuck`: the next file cannot be opened, so the full one grows.
 */
export type LogFailure =
  | { readonly state: "failing"; readonly error: Error }
  | { readonly state: "working" | "closed"; readonly loss: LogLoss }
  | { readonly state: "stuck"; readonly error: Error; readonly path: string };

/** What an appender needs, besides files to write to. */
export interface AppenderOptions {
  readonly clock: Clock;
  readonly onFailure: (failure: LogFailure) => void;
}

/** Writes one batch after the other. */
export class Appender {
  readonly #clock: Clock;
  readonly #onFailure: (failure: LogFailure) => void;
  readonly #files: LogSink;
  readonly #timestamps = new TimestampWriter();
  #fault: Error | undefined;
  /** What is missing since a record last said so. */
  #gap = nothing;
  /** What is missing since writing began to fail. */
  #loss = nothing;
  /** What was missing when writing last worked again. */
  #formerLoss = nothing;
  /** Whether the file ends within a line, because a write broke off. */
  #lacksLineFeed = false;
  /** So many lines at the file's end are cut off, and no record says so. */
  #cutLines = 0;
  /** When the next file may be tried again, if it could not be opened. */
  #stuckUntilMs: number | undefined;

  constructor({ clock, onFailure }: AppenderOptions, files: LogSink) {
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#files = files;
  }

  /** Why the last write failed; undefined while writing works. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** What is missing in all. */
  get lost(): LogLoss {
    return {
      lines: this.#formerLoss.lines + this.#loss.lines,
      bytes: this.#formerLoss.bytes + this.#loss.bytes,
    };
  }

  /**
   * Writes whole lines, and goes on to the next file where this one is full.
   * While there is a fault, an empty batch tries whether it is over.
   */
  async append(batch: Uint8Array): Promise<void> {
    await this.#write(batch);
    if (this.#fault === undefined && this.#files.isFull) {
      await this.#resumeAfterFailure();
    }
  }

  /**
   * Writes before it returns. A batch whose `append` is under way may come
   * behind this one.
   */
  appendSync(batch: Uint8Array): void {
    const { bytes, opening } = this.#withOpening(batch);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += this.#files.writeSync(bytes.subarray(written));
      }
      this.#succeeded(bytes);
    } catch (error) {
      this.#failed(bytes, opening, written, error);
    }
  }

  /** Counts lines that shall not even be tried. */
  drop(lines: Uint8Array): void {
    this.#gap = sum(this.#gap, lines);
    this.#loss = sum(this.#loss, lines);
  }

  /** Closes the files, and tells what is missing at the end. */
  close(): void {
    if (this.#fault !== undefined) {
      this.#onFailure({ state: "closed", loss: this.#loss });
    }
    this.#files[Symbol.dispose]();
  }

  async #write(batch: Uint8Array): Promise<void> {
    const { bytes, opening } = this.#withOpening(batch);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += await this.#files.write(bytes.subarray(written));
      }
      this.#succeeded(bytes);
    } catch (error) {
      this.#failed(bytes, opening, written, error);
    }
  }

  /** A batch behind what has to be said about a gap before it. */
  #withOpening(batch: Uint8Array): { bytes: Uint8Array; opening: number } {
    let text = this.#lacksLineFeed ? "\n" : "";
    if (this.#gap.bytes > 0) {
      const { bytes, lines } = this.#gap;
      text += this.#record("error", "log incomplete", {
        lostLines: lines,
        lostBytes: bytes,
        // What is cut off can look whole: 12 bytes may have been 123.
        cutLines: this.#cutLines,
      });
    }
    if (text === "") return { bytes: batch, opening: 0 };
    const bytes = new Uint8Array(text.length + batch.length);
    bytes.set(encodeBytes(text));
    bytes.set(batch, text.length);
    return { bytes, opening: text.length };
  }

  #succeeded(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#lacksLineFeed = false;
    this.#cutLines = 0;
    this.#gap = nothing;
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#onFailure({ state: "working", loss: this.#loss });
    this.#formerLoss = this.lost;
    this.#loss = nothing;
  }

  /** Counts what a write that broke off has left out. */
  #failed(
    bytes: Uint8Array,
    opening: number,
    written: number,
    error: unknown,
  ): void {
    if (!(error instanceof Error)) throw error;
    let done = written;
    if (written > 0) {
      this.#lacksLineFeed = bytes[written - 1] !== lineFeed;
      // An LF that lacks comes with the next write, so it is not missing.
      const lacksNothingElse = bytes[written] === lineFeed;
      if (this.#lacksLineFeed && lacksNothingElse) done += 1;
      if (done >= opening) {
        this.#gap = nothing;
        this.#cutLines = 0;
      }
      if (this.#lacksLineFeed && !lacksNothingElse) this.#cutLines += 1;
    }
    this.drop(bytes.subarray(Math.max(done, opening)));
    const isNew = this.#fault === undefined;
    this.#fault = error;
    if (isNew) this.#onFailure({ state: "failing", error });
  }

  /** Changes to the next file; stays in this one while that cannot be. */
  async #resumeAfterFailure(): Promise<void> {
    const nowMs = this.#clock.elapsedMs();
    if (this.#stuckUntilMs !== undefined && nowMs < this.#stuckUntilMs) return;
    const { nextPath } = this.#files;
    try {
      await this.#files.prepareNext();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const isNew = this.#stuckUntilMs === undefined;
      this.#stuckUntilMs = nowMs + retryIntervalMs;
      if (isNew) this.#onFailure({ state: "stuck", error, path: nextPath });
      return;
    }
    this.#stuckUntilMs = undefined;
    const farewell = this.#record("info", "log continues", { file: nextPath });
    await this.#write(encodeBytes(farewell));
    if (this.#fault === undefined) this.#files.switchToNext();
  }

  #record(level: EventLevel, event: string, fields: EventFields): ByteString {
    const time = this.#timestamps.format(this.#clock.now());
    return formatEvent(time, "server", level, event, fields);
  }
}

/** A loss with these lines in it. */
function sum(loss: LogLoss, lines: Uint8Array): LogLoss {
  let count = 0;
  let at = -1;
  while ((at = lines.indexOf(lineFeed, at + 1)) >= 0) count += 1;
  return { lines: loss.lines + count, bytes: loss.bytes + lines.length };
}
