/**
 * Keeps the records of one server in its data folder. The replica notes which
 * records change. They are read from it and written to a tail in batches, after
 * their replies, so that a busy client costs one line in each. When the tails have
 * outgrown the last snapshot, another one is written from memory, in turns of the
 * event loop, and the earlier files are removed.
 *
 * There is one operation on a file at a time. No failure of the disk is thrown,
 * and nothing waits for it: what cannot be written is counted, and a snapshot
 * repairs the folder when the disk works again.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { isDeletion } from "../protocol/deletion.ts";
import { compareTimestamps, type Timestamp } from "../protocol/time.ts";
import type { RecordWalk, ReplicaRecords } from "../replica/records.ts";
import { type Clock, secondsOf } from "../runtime/clock.ts";
import type { EmitEvent } from "../runtime/events.ts";
import {
  OperationTimer,
  SlowOperationError,
} from "../runtime/operation_timer.ts";
import type { DataFile, DataFolder } from "./data_folder.ts";
import {
  type FileKind,
  formatAlive,
  formatEnd,
  formatHeader,
  formatHorizon,
  formatLine,
  formatVersion,
} from "./file_line.ts";
import { partName, snapshotName, tailName } from "./file_names.ts";
import type { TurnTaker } from "./line_reader.ts";
import {
  aliveIntervalMs,
  maxAliveErrorSeconds,
  maxDeletedMs,
  maxTails,
  minTailBytes,
  retryIntervalMs,
  snapshotRetryMs,
  snapshotSyncBytes,
  tailFactor,
  writeIntervalMs,
} from "./limits.ts";
import { type Piece, RecordText } from "./record_text.ts";
import type { Recovered } from "./recovery.ts";

/** What a storage needs. */
export interface StorageOptions extends TurnTaker {
  readonly folder: DataFolder;
  /** The server's name. */
  readonly server: string;
  readonly records: ReplicaRecords;
  readonly clock: Clock;
  readonly emit: EmitEvent;
  /** Written records are synced after this time, in milliseconds. */
  readonly syncMs: number;
  /** Fewest bytes of the tails for a new snapshot; `minTailBytes` by default. */
  readonly minTailBytes?: number;
}

/** The state of a data folder. */
export interface StorageState {
  readonly folder: string;
  /** How many records its files have, with those that were replaced. */
  readonly records: number;
  /** The size of its files, in bytes. */
  readonly bytes: number;
  /** The bytes that the records that wait to be written take in memory. */
  readonly lagBytes: number;
  /** The age of the oldest record that is not synced, in seconds. */
  readonly lagSeconds: number;
  /** How long the last sync took, in seconds. */
  readonly syncSeconds: number;
  /** Records that could not be written since the start. */
  readonly lostRecords: number;
  /** Damaged places that were found at the start. */
  readonly damages: number;
  /** Why it cannot be written; null if it can. */
  readonly fault: string | null;
}

/** The size of some files. */
interface FilesSize {
  readonly bytes: number;
  readonly records: number;
}

/** A snapshot that is being written. */
interface UnfinishedSnapshot {
  readonly number: number;
  readonly file: DataFile;
  readonly text: RecordText;
  readonly startedAtMs: number;
  /** The files that it replaces, and their size. */
  readonly replaced: readonly string[];
  readonly replacedTails: FilesSize;
  /** Whether the folder lacks records until it is complete. */
  readonly repairs: boolean;
  records: number;
  bytes: number;
  unsyncedBytes: number;
}

const noFiles: FilesSize = { bytes: 0, records: 0 };

/** Keeps the records of one server. */
export class Storage {
  readonly #options: StorageOptions;
  readonly #timer: OperationTimer;
  readonly #batch = new RecordText();
  readonly #tickMs: number;
  #next: number;
  #tail: DataFile | undefined;
  /** The names of the complete snapshot and of the tails. */
  #files: string[];
  #snapshotSize: FilesSize;
  #tailsSize: FilesSize;
  /** What of the snapshot under way was written. */
  #snapshot: UnfinishedSnapshot | undefined;
  /** Whether records are missing that only a snapshot can add. */
  #isIncomplete: boolean;
  /** When a deletion was stored that is later than the snapshot. */
  #deletedAtMs: number | undefined;
  /** When the last batch began: what waits has changed since. */
  #takenAtMs: number;
  #unsyncedSinceMs: number | undefined;
  #writingBytes = 0;
  /** When an `alive` line was written last, and its time of day. */
  #alive = { atMs: -Infinity, seconds: 0 };
  /** The horizon that was written last. */
  #horizon: Timestamp | undefined;
  #retryAtMs = -Infinity;
  #snapshotRetryAtMs = -Infinity;
  #syncMs = 0;
  #lost = 0;
  readonly #damages: number;
  #fault: Error | undefined;
  #working: Promise<void> | undefined;
  #cancelTick = () => {};
  #onHanging = () => {};
  #isStopping = false;

  /** @param recovered What the folder held at the start. */
  constructor(options: StorageOptions, recovered: Recovered) {
    this.#options = options;
    this.#timer = new OperationTimer(options.clock, (error) => {
      this.#report(error);
      this.#onHanging();
    });
    const { plan } = recovered;
    this.#tickMs = Math.min(writeIntervalMs, options.syncMs);
    this.#takenAtMs = options.clock.elapsedMs();
    this.#next = plan.next;
    this.#files = [
      ...plan.snapshot === undefined ? [] : [snapshotName(plan.snapshot)],
      ...plan.tails.map(tailName),
    ];
    this.#snapshotSize = {
      bytes: recovered.snapshotBytes,
      records: recovered.snapshotRecords,
    };
    this.#tailsSize = {
      bytes: recovered.tailBytes,
      records: recovered.tailRecords,
    };
    this.#damages = recovered.damages;
    // A snapshot leaves out what is damaged.
    this.#isIncomplete = recovered.damages > 0;
    if (recovered.hasDeletions) this.#deletedAtMs = options.clock.elapsedMs();
  }

  /**
   * Removes files that are left over, begins a tail, and keeps the records that
   * change from now on.
   *
   * @throws {Error} The system's error, if a file cannot be written.
   */
  async start({ plan }: Recovered): Promise<void> {
    const { folder, records } = this.#options;
    for (const name of plan.leftOver) await folder.remove(name);
    await this.#startTail();
    records.noteChanges(true);
    this.#tick();
  }

  /** The present state. */
  get state(): StorageState {
    const { clock, folder, records: { changed } } = this.#options;
    const since = this.#unsyncedSinceMs ??
      (changed.records > 0 ? this.#takenAtMs : undefined);
    const unfinished = this.#snapshot?.bytes ?? 0;
    const replacedTails = this.#snapshot?.replacedTails ?? noFiles;
    const sizes = [this.#snapshotSize, this.#tailsSize, replacedTails];
    return {
      folder: folder.path,
      records: sizes.reduce((sum, { records }) => sum + records, 0),
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, unfinished),
      lagBytes: changed.bytes + this.#writingBytes,
      lagSeconds: since === undefined ? 0 : (clock.elapsedMs() - since) / 1000,
      syncSeconds: this.#syncMs / 1000,
      lostRecords: this.#lost,
      damages: this.#damages,
      fault: this.#fault?.message ?? null,
    };
  }

  /** Gives operations less time from now on, as the server stops. */
  hurry(): void {
    this.#timer.hurry();
  }

  /**
   * Writes and syncs what is left, and gives the folder back. Does not wait for
   * a disk that hangs.
   */
  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#cancelTick();
    this.#timer.hurry();
    const hanging = new Promise<void>((resolve) => this.#onHanging = resolve);
    if (!this.#timer.isHanging) {
      await Promise.race([hanging, this.#finish()]);
    }
    this.#timer.stop();
    const { emit, folder, records } = this.#options;
    records.noteChanges(false);
    this.#lost += records.changed.records;
    if (this.#fault !== undefined) {
      emit("error", "server", "data incomplete", {
        reason: this.#fault.message,
        lostRecords: this.#lost,
      });
    }
    if (!this.#timer.isHanging) folder.close();
  }

  async #finish(): Promise<void> {
    await this.#working;
    try {
      if (this.#tail === undefined) await this.#startTail();
      this.#alive.atMs = -Infinity;
      await this.#writeChanges();
      await this.#sync();
    } catch (error) {
      this.#onError(error);
    }
    this.#tail?.close();
    this.#tail = undefined;
  }

  #tick(): void {
    this.#cancelTick = this.#options.clock.after(
      this.#tickMs,
      () => this.#tick(),
    );
    this.#working ??= this.#work().finally(() => this.#working = undefined);
  }

  /** Does what is due, one operation after the other. */
  async #work(): Promise<void> {
    const { clock } = this.#options;
    if (clock.elapsedMs() < this.#retryAtMs) return;
    try {
      if (this.#tail === undefined) await this.#startTail();
      await this.#writeChanges();
      await this.#syncIfDue();
    } catch (error) {
      return this.#onError(error);
    }
    if (!this.#isSnapshotDue) return;
    try {
      await this.#startSnapshot();
      while (this.#snapshot !== undefined) {
        if (this.#isStopping) return this.#abandonSnapshot();
        await this.#continueSnapshot(this.#snapshot);
        await this.#writeBetween();
      }
    } catch (error) {
      await this.#abandonSnapshot();
      if (!(error instanceof Error)) throw error;
      this.#snapshotRetryAtMs = clock.elapsedMs() + snapshotRetryMs;
      this.#report(error);
      return;
    }
  }

  /** The tail is written on while a snapshot is. */
  async #writeBetween(): Promise<void> {
    const sinceMs = this.#options.clock.elapsedMs() - this.#takenAtMs;
    try {
      if (sinceMs >= this.#tickMs) await this.#writeChanges();
      await this.#syncIfDue();
    } catch (error) {
      this.#onError(error);
      throw error;
    }
  }

  /** Writes the records that have changed so far. */
  async #writeChanges(): Promise<void> {
    const { clock, records } = this.#options;
    const sinceMs = this.#takenAtMs;
    this.#takenAtMs = clock.elapsedMs();
    const changed = records.changed.records;
    const opening = this.#openingOfBatch();
    if (changed === 0 && opening.length === 0) return;
    this.#batch.begin(this.#takeChanges(changed), opening);
    while (true) {
      const piece = await this.#batch.next(this.#options);
      if (piece.bytes.length === 0) return;
      this.#writingBytes = piece.bytes.length;
      try {
        await this.#writeAll(
          this.#tail!,
          tailName(this.#next - 1),
          piece.bytes,
        );
        this.#onWritten(piece, sinceMs);
      } catch (error) {
        this.#lost += piece.records;
        throw error;
      } finally {
        this.#writingBytes = 0;
      }
    }
  }

  /** What the folder says of itself, where that has changed. */
  #openingOfBatch(): ByteString[] {
    const { clock, records } = this.#options;
    const { raisedHorizon: horizon } = records;
    const opening: ByteString[] = [];
    const seconds = secondsOf(clock);
    const passedMs = clock.elapsedMs() - this.#alive.atMs;
    const error = seconds - this.#alive.seconds - passedMs / 1000;
    if (
      passedMs >= aliveIntervalMs || Math.abs(error) > maxAliveErrorSeconds
    ) {
      this.#alive = { atMs: clock.elapsedMs(), seconds };
      opening.push(formatAlive({ at: Math.floor(seconds), ...records.ages }));
    }
    if (horizon !== undefined && !isEqual(horizon, this.#horizon)) {
      this.#horizon = horizon;
      opening.push(formatHorizon(horizon));
    }
    return opening;
  }

  /** Takes a number of the records that have changed. */
  #takeChanges(count: number): RecordWalk {
    const { clock, records } = this.#options;
    let left = count;
    return {
      next: () => {
        if (left === 0) return undefined;
        left -= 1;
        const record = records.nextChanged();
        if (typeof record === "object" && isDeletion(record)) {
          this.#deletedAtMs ??= clock.elapsedMs();
        }
        return record;
      },
    };
  }

  #onWritten({ bytes, records }: Piece, sinceMs: number): void {
    this.#tailsSize = {
      bytes: this.#tailsSize.bytes + bytes.length,
      records: this.#tailsSize.records + records,
    };
    this.#unsyncedSinceMs ??= sinceMs;
    // A failing snapshot is not repaired by a tail that can be written.
    const { clock } = this.#options;
    if (clock.elapsedMs() >= this.#snapshotRetryAtMs) this.#recover();
  }

  async #syncIfDue(): Promise<void> {
    const since = this.#unsyncedSinceMs;
    if (since === undefined) return;
    const { clock, syncMs } = this.#options;
    // The next tick would be too late.
    const dueAfterMs = syncMs - this.#tickMs;
    if (clock.elapsedMs() - since >= dueAfterMs) await this.#sync();
  }

  async #sync(): Promise<void> {
    if (this.#unsyncedSinceMs === undefined || this.#tail === undefined) return;
    const { clock } = this.#options;
    const startMs = clock.elapsedMs();
    await this.#run(`syncing ${tailName(this.#next - 1)}`, this.#tail.sync());
    this.#unsyncedSinceMs = undefined;
    this.#syncMs = clock.elapsedMs() - startMs;
  }

  /** Begins a tail. Those before it are not written any more. */
  async #startTail(): Promise<void> {
    const { folder } = this.#options;
    const number = this.#next;
    const name = tailName(number);
    const { header } = this.#headerOf("tail", number);
    const file = await this.#run(`creating ${name}`, folder.create(name));
    try {
      await this.#writeAll(file, name, header);
      await this.#run(`syncing ${name}`, file.sync());
      await this.#run(`syncing ${folder.path}`, folder.sync());
    } catch (error) {
      file.close();
      throw error;
    }
    this.#tail?.close();
    this.#tail = file;
    this.#next = number + 1;
    this.#files.push(name);
    const { bytes, records } = this.#tailsSize;
    this.#tailsSize = { bytes: bytes + header.length, records };
    this.#alive.atMs = -Infinity;
  }

  #headerOf(kind: FileKind, number: number) {
    const { clock, server } = this.#options;
    const createdAt = Math.floor(secondsOf(clock));
    const text = formatHeader({
      version: formatVersion,
      kind,
      number,
      server,
      createdAt,
    });
    return { text, header: formatLine(text) };
  }

  get #isSnapshotDue(): boolean {
    const nowMs = this.#options.clock.elapsedMs();
    if (this.#isStopping || nowMs < this.#snapshotRetryAtMs) return false;
    if (this.#isIncomplete) return true;
    const deletedAtMs = this.#deletedAtMs ?? Infinity;
    if (nowMs - deletedAtMs >= maxDeletedMs) return true;
    if (this.#files.length > maxTails) return true;
    const leastBytes = this.#options.minTailBytes ?? minTailBytes;
    const { bytes } = this.#snapshotSize;
    return this.#tailsSize.bytes >= Math.max(leastBytes, bytes * tailFactor);
  }

  /** Begins a tail, and a snapshot of what was stored before. */
  async #startSnapshot(): Promise<void> {
    const { clock, folder, records } = this.#options;
    // The last one may have ended in a failure, and lacks records.
    const replaced = this.#files;
    const replacedTails = this.#tailsSize;
    await this.#sync();
    this.#files = [...replaced];
    await this.#startTail();
    const number = this.#next - 1;
    const name = partName(number);
    const { text: header } = this.#headerOf("snapshot", number);
    const { ages, raisedHorizon: horizon } = records;
    const own = [
      header,
      formatAlive({ at: Math.floor(secondsOf(clock)), ...ages }),
      ...horizon === undefined ? [] : [formatHorizon(horizon)],
    ];
    const text = new RecordText();
    text.begin(records.walk(), own);
    const file = await this.#run(`creating ${name}`, folder.create(name));
    const added = this.#tailsSize.bytes - replacedTails.bytes;
    this.#tailsSize = { bytes: added, records: 0 };
    this.#snapshot = {
      number,
      file,
      text,
      startedAtMs: clock.elapsedMs(),
      replaced,
      replacedTails,
      repairs: this.#isIncomplete,
      records: 0,
      bytes: 0,
      unsyncedBytes: 0,
    };
    this.#isIncomplete = false;
    this.#deletedAtMs = undefined;
  }

  /** Writes a piece of a snapshot, or completes it. */
  async #continueSnapshot(snapshot: UnfinishedSnapshot): Promise<void> {
    const { bytes, records } = await snapshot.text.next(this.#options);
    if (bytes.length === 0) return this.#completeSnapshot(snapshot);
    await this.#writeToSnapshot(snapshot, bytes);
    snapshot.records += records;
    if (snapshot.unsyncedBytes < snapshotSyncBytes) return;
    const name = partName(snapshot.number);
    await this.#run(`syncing ${name}`, snapshot.file.sync());
    snapshot.unsyncedBytes = 0;
  }

  async #writeToSnapshot(
    snapshot: UnfinishedSnapshot,
    bytes: Uint8Array,
  ): Promise<void> {
    await this.#writeAll(snapshot.file, partName(snapshot.number), bytes);
    snapshot.bytes += bytes.length;
    snapshot.unsyncedBytes += bytes.length;
  }

  async #completeSnapshot(snapshot: UnfinishedSnapshot): Promise<void> {
    const { clock, emit, folder } = this.#options;
    const { file, number, records, replaced, startedAtMs } = snapshot;
    const [part, name] = [partName(number), snapshotName(number)];
    await this.#writeToSnapshot(snapshot, formatLine(formatEnd(records)));
    await this.#run(`syncing ${part}`, file.sync());
    await this.#run(`renaming ${part}`, folder.rename(part, name));
    await this.#run(`syncing ${folder.path}`, folder.sync());
    file.close();
    this.#snapshot = undefined;
    this.#files = [name, ...this.#files.slice(replaced.length)];
    this.#snapshotSize = { bytes: snapshot.bytes, records };
    this.#recover();
    const seconds = (clock.elapsedMs() - startedAtMs) / 1000;
    emit("info", "server", "data snapshot", {
      file: `${folder.path}/${name}`,
      records,
      bytes: snapshot.bytes,
      seconds: Number(seconds.toFixed(3)),
    });
    for (const old of replaced) {
      await this.#run(`removing ${old}`, folder.remove(old));
    }
  }

  /** Gives a snapshot up. The files before it remain. */
  async #abandonSnapshot(): Promise<void> {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    this.#snapshot = undefined;
    this.#isIncomplete ||= snapshot.repairs;
    const { bytes, records } = snapshot.replacedTails;
    this.#tailsSize = {
      bytes: this.#tailsSize.bytes + bytes,
      records: this.#tailsSize.records + records,
    };
    this.#deletedAtMs ??= snapshot.startedAtMs;
    snapshot.file.close();
    const name = partName(snapshot.number);
    try {
      await this.#run(`removing ${name}`, this.#options.folder.remove(name));
    } catch {
      // The next start removes it.
    }
  }

  async #writeAll(
    file: DataFile,
    name: string,
    bytes: Uint8Array,
  ): Promise<void> {
    const task = `writing to ${this.#options.folder.path}/${name}`;
    let written = 0;
    while (written < bytes.length) {
      written += await this.#run(task, file.write(bytes.subarray(written)));
    }
  }

  /** Waits for an operation. One that has hung is not at fault any more. */
  async #run<Result>(
    task: string,
    operation: Promise<Result>,
  ): Promise<Result> {
    const result = await this.#timer.run(task, operation);
    if (this.#fault instanceof SlowOperationError) this.#recover();
    return result;
  }

  /** The tail cannot be written: another one is begun later. */
  #onError(error: unknown): void {
    if (!(error instanceof Error)) throw error;
    this.#isIncomplete = true;
    this.#horizon = undefined;
    this.#tail?.close();
    this.#tail = undefined;
    this.#unsyncedSinceMs = undefined;
    this.#retryAtMs = this.#options.clock.elapsedMs() + retryIntervalMs;
    this.#report(error);
  }

  #report(error: Error): void {
    const isNew = this.#fault === undefined;
    this.#fault = error;
    if (!isNew) return;
    this.#options.emit("error", "server", "data folder failing", {
      folder: this.#options.folder.path,
      reason: error.message,
    });
  }

  #recover(): void {
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#options.emit("info", "server", "data folder working", {
      folder: this.#options.folder.path,
      lostRecords: this.#lost,
    });
  }
}

function isEqual(time: Timestamp, other: Timestamp | undefined): boolean {
  return other !== undefined && compareTimestamps(time, other) === 0;
}
