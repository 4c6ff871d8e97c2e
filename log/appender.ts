/**
 * Appends batches of records to the log's files, in order. Lines that cannot be
 * written are counted, and a `log-incomplete` record takes their place. Errors
 * of the file system are never thrown. An operation that takes too long counts
 * as a failure until it ends; no other begins before.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../protocol/bytes.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EventFields, EventLevel } from "../runtime/events.ts";
import {
  closingTimeoutMs,
  OperationTimer,
  SlowOperationError,
} from "../runtime/operation_timer.ts";
import { retryIntervalMs } from "./limits.ts";
import type { Detachment, LogSink } from "./log_files.ts";
import { formatEvent, TimestampWriter } from "./record.ts";

const lineFeed = 0x0a;

/** The numbers of lines, whole or partial, and of bytes that a log lacks. */
export interface LogLoss {
  readonly lines: number;
  readonly bytes: number;
}

const noLoss: LogLoss = { lines: 0, bytes: 0 };

const noBytes: Uint8Array = new Uint8Array();

/**
 * A failure of the log, which cannot be reported in the log itself. Each is
 * reported once, however often writing is retried:
 *
 * - `failing`: nothing can be written;
 * - `working`: writing works again, and `loss` is missing;
 * - `closed`: the log was closed while writing failed, and `loss` is missing;
 * - `stuck`: the next file cannot be opened, so the full one keeps growing;
 * - `reopened`: the file was not at its path any more, and writing continues in
 *   the file that is. The lines written since the last check may be missing.
 */
export type LogFailure =
  | { readonly state: "failing"; readonly error: Error }
  | { readonly state: "working" | "closed"; readonly loss: LogLoss }
  | { readonly state: "stuck"; readonly error: Error; readonly path: string }
  | {
    readonly state: "reopened";
    readonly path: string;
    readonly reason: Detachment;
  };

/** What an appender needs besides its files. */
export interface AppenderOptions {
  readonly clock: Clock;
  readonly onFailure: (failure: LogFailure) => void;
  /** Called when a disk hangs: see `Appender.isHanging`. */
  readonly onHang?: () => void;
}

/** Appends batches to the log's files. */
export class Appender {
  readonly #clock: Clock;
  readonly #onFailure: (failure: LogFailure) => void;
  readonly #files: LogSink;
  readonly #timer: OperationTimer;
  readonly #timestamps = new TimestampWriter();
  #fault: Error | undefined;
  /** The loss since the last `log-incomplete` record. */
  #gap = noLoss;
  /** The part of it that is counted by the record being written. */
  #openedGap = noLoss;
  /** The batch being written, without the text before it. */
  #underWay = noBytes;
  /** The loss since writing began to fail. */
  #loss = noLoss;
  /** The loss in all earlier failures. */
  #formerLoss = noLoss;
  /** Whether the file ends with a partial line. */
  #lacksLineFeed = false;
  /** How many partial lines at the file's end no record has counted yet. */
  #cutLines = 0;
  /** When to try again to open the next file, if that failed. */
  #stuckUntilMs: number | undefined;
  /** How many bytes were written since the file was last checked. */
  #uncheckedBytes = 0;
  #reopenings = 0;
  #isClosed = false;

  constructor({ clock, onFailure, onHang }: AppenderOptions, files: LogSink) {
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#files = files;
    this.#timer = new OperationTimer(clock, (error) => {
      this.#fail(error);
      onHang?.();
    });
  }

  /** Why the last write failed; undefined while writing works. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /**
   * Whether an operation has taken too long, and has not ended yet. Lines that
   * are appended before its end wait for it.
   */
  get isHanging(): boolean {
    return this.#timer.isHanging;
  }

  /** For how long an operation has been under way; 0 if there is none. */
  get operationMs(): number {
    return this.#timer.elapsedMs;
  }

  /** Whether lines were lost that no record counts yet. */
  get hasGap(): boolean {
    return this.#gap.bytes > 0;
  }

  /** How often the file was not at its path any more. */
  get reopenings(): number {
    return this.#reopenings;
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
    const isFull = this.#fault === undefined && this.#files.isFull;
    if (isFull && !this.#isClosed) await this.#startNextFile();
    this.#closeFilesIfLate();
  }

  /**
   * Writes synchronously. A batch that `append` is still writing may end up
   * after this one.
   */
  appendSync(batch: Uint8Array): void {
    // If another write does not end, this one would not return.
    const isSlow = this.operationMs >= closingTimeoutMs;
    if (isSlow || this.#files.isDetached) return this.drop(batch);
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

  /**
   * Checks that the file is still at its path. If it is not, the log goes on in
   * the file that is there now, which is created if there is none.
   */
  async check(): Promise<void> {
    await this.#check();
    this.#closeFilesIfLate();
  }

  /** Gives operations less time from now on, as the log is to be closed. */
  hurry(): void {
    this.#timer.hurry();
  }

  /** Counts lines as lost without trying to write them. */
  drop(lines: Uint8Array): void {
    this.#gap = sum(this.#gap, lines);
    this.#loss = sum(this.#loss, lines);
  }

  /** Closes the files. Reports what was lost if writing still fails. */
  close(): void {
    if (this.isHanging) this.drop(this.#underWay);
    if (this.#fault !== undefined) {
      this.#report({ state: "closed", loss: this.#loss });
    }
    this.#isClosed = true;
    this.#timer.stop();
    // While the disk hangs, closing a file could take as long.
    if (!this.isHanging) this.#files[Symbol.dispose]();
  }

  /** If the log was closed while the disk hung, its files are closed now. */
  #closeFilesIfLate(): void {
    if (this.#isClosed) this.#files[Symbol.dispose]();
  }

  async #check(): Promise<void> {
    const { path } = this.#files;
    let reason: Detachment | undefined;
    try {
      reason = await this.#timer.run(`checking ${path}`, this.#files.check());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // The error will occur again when the file is written.
      return;
    }
    // A write may have been lost to the disk that hung, but nothing else was.
    if (this.#fault instanceof SlowOperationError) this.#recover();
    const uncheckedBytes = this.#uncheckedBytes;
    this.#uncheckedBytes = 0;
    if (reason === undefined) return;
    this.#reopenings += 1;
    const record = this.#record("error", "log reopened", {
      file: path,
      reason,
      uncheckedBytes,
    });
    await this.#write(encodeBytes(record));
    // A file that cannot be opened again was reported as a failure.
    if (this.#fault === undefined) {
      this.#report({ state: "reopened", path, reason });
    }
  }

  async #write(batch: Uint8Array): Promise<void> {
    const files = this.#files;
    this.#underWay = batch;
    if (files.isDetached) {
      try {
        await this.#timer.run(`opening ${files.path}`, files.reopen());
      } catch (error) {
        this.#underWay = noBytes;
        return this.#onError(batch, 0, 0, error);
      }
      // An earlier run or another program may have left a partial line.
      this.#lacksLineFeed = files.sizeBytes > 0;
      this.#cutLines = 0;
    }
    const task = `writing to ${files.path}`;
    const { bytes, opening } = this.#withOpening(batch);
    let written = 0;
    try {
      while (written < bytes.length) {
        this.#underWay = bytes.subarray(Math.max(written, opening));
        written += await this.#timer.run(
          task,
          files.write(bytes.subarray(written)),
        );
      }
      this.#onSuccess(bytes);
    } catch (error) {
      this.#onError(bytes, opening, written, error);
    }
    this.#underWay = noBytes;
  }

  /**
   * The batch, after a line feed and a `log-incomplete` record if needed.
   * `opening` is their length in bytes.
   */
  #withOpening(batch: Uint8Array): { bytes: Uint8Array; opening: number } {
    let text = this.#lacksLineFeed ? "\n" : "";
    this.#openedGap = this.#gap;
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
    this.#uncheckedBytes += bytes.length;
    this.#lacksLineFeed = false;
    this.#onGapRecorded();
    if (this.#fault !== undefined) this.#recover();
  }

  /** The file has the record of the gap, or needs none. */
  #onGapRecorded(): void {
    const { bytes, lines } = this.#openedGap;
    // While the disk hung, more may have been lost.
    this.#gap = {
      lines: this.#gap.lines - lines,
      bytes: this.#gap.bytes - bytes,
    };
    this.#openedGap = noLoss;
    this.#cutLines = 0;
  }

  #fail(error: Error): void {
    const isNew = this.#fault === undefined;
    this.#fault = error;
    if (isNew) this.#report({ state: "failing", error });
  }

  #recover(): void {
    this.#fault = undefined;
    this.#report({ state: "working", loss: this.#loss });
    this.#formerLoss = this.lost;
    this.#loss = noLoss;
  }

  #report(failure: LogFailure): void {
    if (!this.#isClosed) this.#onFailure(failure);
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
      if (done >= opening) this.#onGapRecorded();
      if (this.#lacksLineFeed && !lacksNothingElse) this.#cutLines += 1;
    }
    this.drop(bytes.subarray(Math.max(done, opening)));
    this.#fail(error);
  }

  /**
   * Switches to the next file; stays in this one if the next cannot be opened.
   */
  async #startNextFile(): Promise<void> {
    const nowMs = this.#clock.elapsedMs();
    if (this.#stuckUntilMs !== undefined && nowMs < this.#stuckUntilMs) return;
    // A full file that is not at its path any more is replaced by another.
    await this.#check();
    if (this.#fault !== undefined || !this.#files.isFull) return;
    const { nextPath } = this.#files;
    try {
      await this.#timer.run(`opening ${nextPath}`, this.#files.prepareNext());
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const isNew = this.#stuckUntilMs === undefined;
      this.#stuckUntilMs = nowMs + retryIntervalMs;
      if (isNew) this.#report({ state: "stuck", error, path: nextPath });
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
