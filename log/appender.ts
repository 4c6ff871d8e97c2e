/**
 * Appends batches of records to the log's files, in order. Lines that cannot be
 * written are counted, and a `log-incomplete` record takes their place. Errors
 * of the file system are never thrown.
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

/** What a log lacks: a number of lines, whole or partial, and of bytes. */
export interface LogLoss {
  readonly lines: number;
  readonly bytes: number;
}

const noLoss: LogLoss = { lines: 0, bytes: 0 };

/**
 * A failure of the log, which cannot be reported in the log itself. Each is
 * reported once, however often writing is retried:
 *
 * - `failing`: nothing can be written;
 * - `working`: writing works again, and `loss` is missing;
 * - `closed`: the log was closed while writing failed, and `loss` is missing;
 * - `stuck`: the next file cannot be opened, so the full one keeps growing.
 */
export type LogFailure =
  | { readonly state: "failing"; readonly error: Error }
  | { readonly state: "working" | "closed"; readonly loss: LogLoss }
  | { readonly state: "stuck"; readonly error: Error; readonly path: string };

/** What an appender needs besides its files. */
export interface AppenderOptions {
  readonly clock: Clock;
  readonly onFailure: (failure: LogFailure) => void;
}

/** Appends batches to the log's files. */
export class Appender {
  readonly #clock: Clock;
  readonly #onFailure: (failure: LogFailure) => void;
  readonly #files: LogSink;
  readonly #timestamps = new TimestampWriter();
  #fault: Error | undefined;
  /** What was lost since the last `log-incomplete` record. */
  #gap = noLoss;
  /** What was lost since writing began to fail. */
  #loss = noLoss;
  /** What was lost in all earlier failures. */
  #formerLoss = noLoss;
  /** Whether the file ends with a partial line. */
  #lacksLineFeed = false;
  /** How many partial lines at the file's end no record has counted yet. */
  #cutLines = 0;
  /** When to try again to open the next file, if that failed. */
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

  /** What was lost since the log was opened. */
  get lost(): LogLoss {
    return {
      lines: this.#formerLoss.lines + this.#loss.lines,
      bytes: this.#formerLoss.bytes + this.#loss.bytes,
    };
  }

  /**
   * Writes whole lines, and then switches to the next file if this one is full.
   * While writing fails, an empty batch tests whether it works again.
   */
  async append(batch: Uint8Array): Promise<void> {
    await this.#write(batch);
    if (this.#fault === undefined && this.#files.isFull) {
      await this.#startNextFile();
    }
  }

  /**
   * Writes synchronously. A batch that `append` is still writing may end up
   * after this one.
   */
  appendSync(batch: Uint8Array): void {
    const { bytes, opening } = this.#withOpening(batch);
    let written = 0;
    try {
      while (written < bytes.length) {
        written += this.#files.writeSync(bytes.subarray(written));
      }
      this.#onSuccess(bytes);
    } catch (error) {
      this.#onError(bytes, opening, written, error);
    }
  }

  /** Counts lines as lost without trying to write them. */
  drop(lines: Uint8Array): void {
    this.#gap = sum(this.#gap, lines);
    this.#loss = sum(this.#loss, lines);
  }

  /** Closes the files. Reports what was lost if writing still fails. */
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
      this.#onSuccess(bytes);
    } catch (error) {
      this.#onError(bytes, opening, written, error);
    }
  }

  /**
   * The batch, after a line feed and a `log-incomplete` record if needed.
   * `opening` is their length in bytes.
   */
  #withOpening(batch: Uint8Array): { bytes: Uint8Array; opening: number } {
    let text = this.#lacksLineFeed ? "\n" : "";
    if (this.#gap.bytes > 0) {
      const { bytes, lines } = this.#gap;
      text += this.#record("error", "log incomplete", {
        lostLines: lines,
        lostBytes: bytes,
        // A partial line can look whole: `bytes=12` may have been `bytes=123`.
        cutLines: this.#cutLines,
      });
    }
    if (text === "") return { bytes: batch, opening: 0 };
    const bytes = new Uint8Array(text.length + batch.length);
    bytes.set(encodeBytes(text));
    bytes.set(batch, text.length);
    return { bytes, opening: text.length };
  }

  #onSuccess(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#lacksLineFeed = false;
    this.#cutLines = 0;
    this.#gap = noLoss;
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#onFailure({ state: "working", loss: this.#loss });
    this.#formerLoss = this.lost;
    this.#loss = noLoss;
  }

  /** Counts what an incomplete write has left out. */
  #onError(
    bytes: Uint8Array,
    opening: number,
    written: number,
    error: unknown,
  ): void {
    if (!(error instanceof Error)) throw error;
    let done = written;
    if (written > 0) {
      this.#lacksLineFeed = bytes[written - 1] !== lineFeed;
      // A missing LF comes with the next write, so it does not count as lost.
      const lacksNothingElse = bytes[written] === lineFeed;
      if (this.#lacksLineFeed && lacksNothingElse) done += 1;
      if (done >= opening) {
        this.#gap = noLoss;
        this.#cutLines = 0;
      }
      if (this.#lacksLineFeed && !lacksNothingElse) this.#cutLines += 1;
    }
    this.drop(bytes.subarray(Math.max(done, opening)));
    const isNew = this.#fault === undefined;
    this.#fault = error;
    if (isNew) this.#onFailure({ state: "failing", error });
  }

  /**
   * Switches to the next file; stays in this one if the next cannot be opened.
   */
  async #startNextFile(): Promise<void> {
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
    const continuation = this.#record("info", "log continues", {
      file: nextPath,
    });
    await this.#write(encodeBytes(continuation));
    if (this.#fault === undefined) this.#files.switchToNext();
  }

  #record(level: EventLevel, event: string, fields: EventFields): ByteString {
    const time = this.#timestamps.format(this.#clock.now());
    return formatEvent(time, "server", level, event, fields);
  }
}

/** A loss with these lines added to it. */
function sum(loss: LogLoss, lines: Uint8Array): LogLoss {
  let count = 0;
  let at = -1;
  while ((at = lines.indexOf(lineFeed, at + 1)) >= 0) count += 1;
  return { lines: loss.lines + count, bytes: loss.bytes + lines.length };
}
