/**
 * A history in SQLite files. One thread writes them, and another one reads them,
 * so that a query does not wait for a batch.
 *
 * @module
 */
import { encodeBytes, indexOfByte } from "../../../protocol/bytes.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { isHeardAfter } from "../../../protocol/order.ts";
import { readReport, Report } from "../../../protocol/report.ts";
import {
  dayOf,
  nanosecondsPerSecond,
  secondsPerDay,
  type Timestamp,
} from "../../../protocol/time.ts";
import {
  type AddedRecords,
  type HistoryPage,
  type HistoryQuery,
  maxHistoryBytes,
} from "../../../replica/history.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { EmitEvent } from "../../../runtime/events.ts";
import {
  closingTimeoutMs,
  operationTimeoutMs,
  withTimeout,
} from "../../../runtime/operation_timer.ts";
import { type Turns, Workload } from "../../../runtime/turns.ts";
import {
  deletionBlocks,
  maxBlockBytes,
  maxBlockSeconds,
  maxOpenDays,
  readPieceBytes,
  recordsPerTurnCheck,
} from "../limits.ts";
import {
  headBytes,
  nanosecondsOfDay,
  type RecordBatch,
} from "../record_batch.ts";
import { AppendError, type HistoryStore, type StoreState } from "../store.ts";
import { RecordSelection } from "./selection.ts";
import { type FilesState, WorkerError, WorkerThread } from "./worker_thread.ts";

/** What the files of a history need. */
export interface SqliteOptions {
  /** The folder of the files. It exists. */
  readonly folder: string;
  readonly clock: Clock;
  readonly emit: EmitEvent;
  /** The turns of the event loop, in which records are read. */
  readonly turns: Turns;
}

/** A block of which a deletion may take a part. */
interface PartlyDeleted {
  readonly day: number;
  readonly lines: Uint8Array;
}

/** A part of a client's blocks. */
interface ReadPiece {
  readonly blocks: readonly {
    readonly first: number;
    readonly seq: number;
    readonly lines: Uint8Array;
  }[];
  readonly isEnd: boolean;
}

const dayNanoseconds = secondsPerDay * nanosecondsPerSecond;

/** The files of one server. */
export class SqliteStore implements HistoryStore {
  readonly kind = "sqlite";
  readonly place: string;
  readonly #options: SqliteOptions;
  readonly #writer: WorkerThread;
  readonly #reader: WorkerThread;
  readonly #workload = new Workload();
  #files: FilesState = { days: [], records: 0, bytes: 0 };
  #recorded = 0;
  #syncMs = 0;
  #damages = 0;
  #timeoutMs = operationTimeoutMs;
  /** The batch that failed last. */
  #failed: RecordBatch | undefined;

  constructor(options: SqliteOptions) {
    this.#options = options;
    this.place = options.folder;
    const limits = {
      folder: options.folder,
      headBytes,
      maxBlockNanoseconds: maxBlockSeconds * nanosecondsPerSecond,
      maxBlockBytes,
      maxOpenDays,
      deletionBlocks,
    };
    this.#writer = new WorkerThread(limits, ({ file, name, reason }) => {
      this.#damages += 1;
      options.emit("error", "server", "history set aside", {
        file: `${options.folder}/${file}`,
        name,
        reason,
      });
    });
    this.#reader = new WorkerThread(limits, () => {});
  }

  /**
   * Looks at the files, and writes that of today.
   *
   * @throws {Error} If that is not possible.
   */
  async start(): Promise<void> {
    const today = dayOf(this.#options.clock.now().seconds);
    await this.#write("start", { today });
  }

  get state(): StoreState {
    const { bytes, records } = this.#files;
    return {
      recordedRecords: this.#recorded,
      knownRecords: 0,
      refusedRecords: 0,
      lostRecords: 0,
      waitingRecords: 0,
      records,
      bytes,
      syncSeconds: this.#syncMs / 1000,
      spoolBytes: 0,
      damages: this.#damages,
      fault: null,
    };
  }

  async append(batch: RecordBatch): Promise<ArrayBuffer | undefined> {
    const { buffer, bytes, records } = batch;
    const isRetry = batch === this.#failed;
    try {
      const answer = await this.#write<number>("append", {
        buffer,
        length: bytes,
        isRetry,
      }, [buffer]);
      this.#failed = undefined;
      this.#recorded += records;
      this.#syncMs = answer.result;
      return answer.buffer;
    } catch (error) {
      if (!(error instanceof WorkerError)) throw error;
      const { buffer, message } = error;
      this.#failed = buffer && { buffer, bytes, records };
      throw new AppendError(message, this.#failed);
    }
  }

  async add(
    { buffer, bytes }: RecordBatch,
  ): Promise<Pick<AddedRecords, "added" | "known">> {
    const request = { buffer, length: bytes };
    const { result } = await this.#write<
      Pick<AddedRecords, "added" | "known">
    >("add", request, [buffer]);
    return result;
  }

  async forget(client: ByteString, until: Timestamp): Promise<number> {
    const { result } = await this.#write<
      { deleted: number; partly: readonly PartlyDeleted[] }
    >("forget", { client, seconds: until.seconds });
    let { deleted } = result;
    for (const block of result.partly) {
      const { lines, removed } = linesAfter(block.lines, until);
      if (removed === 0) continue;
      await this.#write("replace", { block: { ...block, lines }, removed });
      deleted += removed;
    }
    await this.#write("endDeletion", { client });
    return deleted;
  }

  async retain(oldest: number): Promise<void> {
    const days = this.#files.days.filter((day) => day < oldest);
    if (this.#reader.isRunning) await this.#reader.call("close", { days });
    await this.#write("retain", { oldest });
  }

  async read(query: HistoryQuery): Promise<HistoryPage> {
    const { client, isNewestFirst = false } = query;
    const { maxBytes = maxHistoryBytes } = query;
    const selection = new RecordSelection({ ...query, maxBytes });
    let { from, to } = query;
    if (isNewestFirst) to = selection.past ?? to;
    else from = selection.past ?? from;
    const days = isNewestFirst
      ? this.#files.days.toReversed()
      : this.#files.days;
    for (const day of days) {
      if (from !== undefined && day < dayOf(from.seconds)) continue;
      if (to !== undefined && day > dayOf(to.seconds)) continue;
      await this.#readDay(day, { ...query, client, from, to }, selection);
      if (selection.boundary !== undefined) break;
    }
    return selection.page;
  }

  async copyTo(folder: string): Promise<readonly string[]> {
    // A thread of its own: a copy takes long.
    const { folder: from } = this.#options;
    const copier = new WorkerThread({ folder: from, maxOpenDays }, () => {});
    try {
      const { days } = this.#files;
      const { result } = await copier.call<string[]>("copyTo", {
        folder,
        days,
      });
      return result;
    } finally {
      await copier.call("close").catch(() => {});
      copier.terminate();
    }
  }

  hurry(): void {
    this.#timeoutMs = closingTimeoutMs;
  }

  async stop(): Promise<void> {
    const { clock } = this.#options;
    for (const thread of [this.#reader, this.#writer]) {
      if (!thread.isRunning) continue;
      try {
        const closed = thread.call("close");
        await withTimeout(clock, "closing files", closed, this.#timeoutMs);
      } catch {
        // The written records are in the files.
      }
      thread.terminate();
    }
  }

  async #write<Result>(
    kind: string,
    request: Readonly<Record<string, unknown>>,
    transfer: Transferable[] = [],
  ) {
    const answer = await this.#writer.call<Result>(kind, request, transfer);
    this.#files = answer.state;
    return answer;
  }

  /** Adds the records of a day that may belong to an answer. */
  async #readDay(
    day: number,
    { client, from, isNewestFirst = false, limit, to }: HistoryQuery,
    selection: RecordSelection,
  ): Promise<void> {
    let low = timeInDay(day, from, 0);
    let high = timeInDay(day, to, dayNanoseconds - 1);
    let past: readonly [number, number] = isNewestFirst
      ? [dayNanoseconds, 0]
      : [-1, 0];
    // Each block has a record at least, and each is at another place of the disk.
    let maxBlocks = limit + 1;
    while (low <= high) {
      const piece = await this.#readPiece({
        client,
        day,
        from: low,
        to: high,
        isNewestFirst,
        past,
        maxBlocks,
        maxBytes: readPieceBytes,
      });
      for (const { lines } of piece.blocks) {
        await this.#addBlock(lines, selection);
      }
      if (piece.isEnd) return;
      const { first, seq } = piece.blocks.at(-1)!;
      past = [first, seq];
      maxBlocks = Infinity;
      const { boundary } = selection;
      if (boundary === undefined) continue;
      if (isNewestFirst) low = timeInDay(day, boundary, low);
      else high = timeInDay(day, boundary, high);
    }
  }

  /** Adds the records of a block, in turns of the event loop. */
  async #addBlock(lines: Uint8Array, selection: RecordSelection) {
    const { turns } = this.#options;
    const workload = this.#workload;
    await turns.begin(workload);
    let at: number | undefined = 0;
    while (at !== undefined) {
      at = selection.add(lines, at, recordsPerTurnCheck);
      if (at !== undefined && turns.end(workload)) await turns.begin(workload);
    }
    turns.end(workload);
  }

  /** Reads a piece. A damaged file is set aside, and has nothing. */
  async #readPiece(
    request: Readonly<Record<string, unknown>> & { readonly day: number },
  ): Promise<ReadPiece> {
    try {
      return (await this.#reader.call<ReadPiece>("read", request)).result;
    } catch (error) {
      if (!(error instanceof WorkerError && error.isOfDamage)) throw error;
      const { day } = request;
      await this.#reader.call("close", { days: [day] });
      await this.#write("setAside", { day, reason: error.message });
      return { blocks: [], isEnd: true };
    }
  }
}

/** The nanoseconds of a time in a day; a bound if it is in another day. */
function timeInDay(
  day: number,
  time: Timestamp | undefined,
  otherwise: number,
): number {
  if (time === undefined || dayOf(time.seconds) !== day) return otherwise;
  return nanosecondsOfDay(time.seconds, time.nanoseconds);
}

/** The lines of the records that were heard after a time. */
function linesAfter(
  lines: Uint8Array,
  until: Timestamp,
): { readonly lines: Uint8Array; readonly removed: number } {
  const report = new Report();
  const kept: string[] = [];
  let removed = 0;
  for (let at = 0; at < lines.length;) {
    const lf = indexOfByte(lines, 0x0a, at, lines.length);
    const end = lf < 0 ? lines.length : lf;
    const isKept = readReport(lines, at, end, () => "", report) &&
      isHeardAfter(report, until);
    if (isKept) kept.push(report.record);
    else removed += 1;
    at = end + 1;
  }
  return { lines: encodeBytes(kept.join("\n")), removed };
}
