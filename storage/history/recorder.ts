/**
 * Records the reports of a server's clients into a store. It collects them in
 * memory, within a limit in bytes, and passes them on in batches. Nothing waits
 * for the store: records that it does not take in time are counted as lost.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { ReportTimes } from "../../protocol/order.ts";
import { parseReport, type Report } from "../../protocol/report.ts";
import {
  compareTimestamps,
  dayOf,
  type Timestamp,
} from "../../protocol/time.ts";
import {
  type AddedRecords,
  type History,
  type HistoryPage,
  type HistoryQuery,
  type HistoryReader,
  type HistoryState,
  maxHistoryBytes,
  maxHistoryRecords,
} from "../../replica/history.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { EmitEvent } from "../../runtime/events.ts";
import type { LimitCounts } from "../../runtime/limit_counts.ts";
import { OperationTimer } from "../../runtime/operation_timer.ts";
import { DeletionQueue } from "./deletion_queue.ts";
import {
  addedAtOnce,
  historyRetryMs,
  historyWriteMs,
  maxReadWaitMs,
} from "./limits.ts";
import {
  BatchWriter,
  type RecordBatch,
  WaitingRecords,
} from "./record_batch.ts";
import { AppendError, type HistoryStore } from "./store.ts";

/** What a recorder needs. */
export interface RecorderOptions {
  readonly store: HistoryStore;
  /** How many days are kept besides the present one. */
  readonly days: number;
  readonly clock: Clock;
  readonly counts: LimitCounts;
  readonly emit: EmitEvent;
}

/** A caller that waits until `target` records were passed on. */
interface Waiter {
  readonly target: number;
  readonly resolve: () => void;
}

/** The history of one server, in any store. */
export class RecordedHistory implements History {
  readonly reader: HistoryReader;
  readonly copyTo: History["copyTo"];
  readonly #options: RecorderOptions;
  readonly #timer: OperationTimer;
  readonly #times = new ReportTimes();
  readonly #waiting = new WaitingRecords();
  readonly #deletions: DeletionQueue;
  #oldestDay = 0;
  #newestDay = 0;
  #accepted = 0;
  #refused = 0;
  #lost = 0;
  /** Records that were collected, and those of them that are done with. */
  #collected = 0;
  #done = 0;
  /** The batch that the store has, or has refused. */
  #underWay: RecordBatch | undefined;
  #waiters: Waiter[] = [];
  #waitingSinceMs: number | undefined;
  #underWaySinceMs: number | undefined;
  #retryAtMs = -Infinity;
  #fault: string | undefined;
  #working: Promise<void> | undefined;
  #cancelTick = () => {};
  #onHanging = () => {};
  #isRepeating = false;
  #isStopping = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { clock, store } = options;
    this.reader = { read: (query) => this.#read(query) };
    this.copyTo = store.copyTo && (async (folder) => {
      await this.#passedOn();
      return await store.copyTo!(folder);
    });
    this.#timer = new OperationTimer(clock, ({ message }) => {
      this.#fail(message);
      this.#onHanging();
    });
    this.#deletions = new DeletionQueue(
      (client, until) => this.#deleteNow(client, until),
      () => clock.now(),
    );
  }

  /** Starts to pass records on. */
  start(): void {
    this.#startDay();
    this.#tick();
  }

  record(report: Report): void {
    this.#accepted += 1;
    const times = this.#times.read(report);
    if (!this.#isKept(times)) {
      this.#refused += 1;
      return;
    }
    if (!this.#waiting.add(report, times)) {
      this.#lost += 1;
      this.#options.counts.hit("history-waiting-bytes");
      return;
    }
    this.#collected += 1;
    this.#waitingSinceMs ??= this.#options.clock.elapsedMs();
    if (this.#waiting.hasFull && this.#fault === undefined) this.#work();
  }

  async add(records: readonly ByteString[]): Promise<AddedRecords> {
    const times = new ReportTimes();
    let writer = new BatchWriter();
    const batches = [writer];
    let refused = 0;
    for (const record of records) {
      const report = parseReport(record, () => true);
      if (report === undefined) throw new TypeError(`Not a record: ${record}`);
      if (!this.#isKept(times.read(report))) {
        refused += 1;
        continue;
      }
      const isFull = writer.records >= addedAtOnce;
      if (!isFull && writer.add(report, times)) continue;
      writer = new BatchWriter();
      writer.add(report, times);
      batches.push(writer);
    }
    let [added, known] = [0, 0];
    for (const { batch } of batches) {
      if (batch.records === 0) continue;
      const result = await this.#options.store.add(batch);
      added += result.added;
      known += result.known;
    }
    return { added, known, refused };
  }

  forget(client: ByteString, until: Timestamp): Promise<number> {
    return this.#deletions.run(client, until);
  }

  /** Repeats deletions that were made before. */
  async repeatDeletions(
    deletions: AsyncIterable<readonly [ByteString, Timestamp]>,
  ): Promise<void> {
    for await (const [client, until] of deletions) {
      if (this.#isStopping) return;
      try {
        await this.#deletions.run(client, until);
      } catch {
        // It waits in the queue.
      }
    }
  }

  get state(): HistoryState {
    const { clock, days, store } = this.#options;
    const { fault, lostRecords, refusedRecords, waitingRecords, ...state } =
      store.state;
    const since = this.#underWaySinceMs ?? this.#waitingSinceMs;
    return {
      ...state,
      kind: store.kind,
      place: store.place,
      days,
      acceptedRecords: this.#accepted,
      refusedRecords: this.#refused + refusedRecords,
      lostRecords: this.#lost + lostRecords,
      waitingRecords: waitingRecords + this.#waiting.records +
        (this.#underWay?.records ?? 0),
      lagBytes: this.#waiting.bytes + (this.#underWay?.bytes ?? 0),
      lagSeconds: since === undefined ? 0 : (clock.elapsedMs() - since) / 1000,
      fault: this.#fault ?? fault,
    };
  }

  hurry(): void {
    this.#timer.hurry();
    this.#options.store.hurry();
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#cancelTick();
    this.hurry();
    const hanging = new Promise<void>((resolve) => this.#onHanging = resolve);
    if (!this.#timer.isHanging) {
      await Promise.race([hanging, this.#finish()]);
    }
    this.#timer.stop();
    await this.#options.store.stop();
    this.#lost += this.#waiting.records + (this.#underWay?.records ?? 0);
    this.#underWay = undefined;
    while (this.#waiting.take() !== undefined);
    this.#resolveWaiters(Infinity);
    const { fault, lostRecords } = this.state;
    if (fault !== null) {
      this.#options.emit("error", "server", "history incomplete", {
        reason: fault,
        lostRecords,
      });
    }
  }

  async #finish(): Promise<void> {
    await this.#working;
    this.#retryAtMs = -Infinity;
    await this.#passOn(true);
  }

  #isKept(times: ReportTimes): boolean {
    const day = dayOf(times.effectiveSeconds);
    return day >= this.#oldestDay && day <= this.#newestDay;
  }

  #tick(): void {
    const { clock } = this.#options;
    this.#cancelTick = clock.after(historyWriteMs, () => this.#tick());
    if (dayOf(clock.now().seconds) >= this.#newestDay) this.#startDay();
    this.#work(true);
    this.#repeatDeletions();
  }

  /** Deletes the days that are not kept any more. */
  #startDay(): void {
    const { clock, days, emit, store } = this.#options;
    const today = dayOf(clock.now().seconds);
    if (today - days === this.#oldestDay) return;
    this.#oldestDay = today - days;
    // A report may be heard just before midnight, and recorded after it.
    this.#newestDay = today + 1;
    store.retain(this.#oldestDay).catch((error: unknown) => {
      emit("error", "server", "old history not deleted", {
        reason: messageOf(error),
      });
    });
  }

  /**
   * Passes batches on, one after the other.
   *
   * @param all Whether the last one may be short.
   */
  #work(all = false): void {
    this.#working ??= this.#passOn(all).finally(() => {
      this.#working = undefined;
      // Some may have come for a reader while only full batches were taken.
      if (this.#waiters.length > 0 && this.#fault === undefined) {
        this.#work(true);
      }
    });
  }

  async #passOn(all: boolean): Promise<void> {
    const { clock } = this.#options;
    if (clock.elapsedMs() < this.#retryAtMs) return;
    while (this.#underWay !== undefined || all || this.#waiting.hasFull) {
      this.#underWay ??= this.#takeBatch();
      if (this.#underWay === undefined) break;
      if (!await this.#append(this.#underWay)) return;
    }
  }

  /** Repeats deletions, unless that is under way. */
  #repeatDeletions(): void {
    if (this.#isRepeating || this.#fault !== undefined) return;
    if (this.#deletions.size === 0) return;
    this.#isRepeating = true;
    this.#deletions.repeat().finally(() => this.#isRepeating = false);
  }

  #takeBatch(): RecordBatch | undefined {
    this.#underWaySinceMs = this.#waitingSinceMs;
    const batch = this.#waiting.take();
    this.#waitingSinceMs = this.#waiting.records === 0
      ? undefined
      : this.#options.clock.elapsedMs();
    return batch;
  }

  /** Whether the store has taken the batch. */
  async #append(batch: RecordBatch): Promise<boolean> {
    const { clock, store } = this.#options;
    try {
      const buffer = await this.#timer.run(
        `writing to ${store.place}`,
        store.append(batch),
      );
      if (buffer !== undefined) this.#waiting.reuse(buffer);
      this.#endBatch(batch.records);
      this.#recover();
      return true;
    } catch (error) {
      if (!(error instanceof AppendError)) throw error;
      this.#retryAtMs = clock.elapsedMs() + historyRetryMs;
      if (error.batch === undefined) {
        this.#lost += batch.records;
        this.#endBatch(batch.records);
      } else this.#underWay = error.batch;
      this.#fail(error.message);
      return false;
    }
  }

  #endBatch(records: number): void {
    this.#underWay = undefined;
    this.#underWaySinceMs = undefined;
    this.#done += records;
    this.#resolveWaiters(this.#done);
  }

  /** Emits one event when a fault begins. */
  #fail(reason: string): void {
    const isNew = this.#fault === undefined;
    this.#fault = reason;
    this.#resolveWaiters(Infinity);
    if (!isNew) return;
    this.#options.emit("error", "server", "history failing", { reason });
  }

  /** Emits one event when it ends. */
  #recover(): void {
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#options.emit("info", "server", "history recovered", {
      lostRecords: this.state.lostRecords,
    });
  }

  async #read(query: HistoryQuery): Promise<HistoryPage> {
    const { limit, maxBytes = maxHistoryBytes } = query;
    if (!(limit >= 1 && limit <= maxHistoryRecords)) {
      throw new RangeError(`limit: 1 to ${maxHistoryRecords}, found ${limit}`);
    }
    await this.#passedOn();
    return await this.#options.store.read({
      ...query,
      maxBytes: Math.min(maxBytes, maxHistoryBytes),
    });
  }

  /** Waits until the recorded reports are passed on, but not long. */
  #passedOn(): Promise<void> {
    const target = this.#collected;
    if (this.#done >= target || this.#fault !== undefined) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(maxReadWaitMs, resolve);
      this.#waiters.push({
        target,
        resolve() {
          cancel();
          resolve();
        },
      });
      this.#work(true);
    });
  }

  #resolveWaiters(done: number): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ target }) => target > done);
    for (const { resolve, target } of waiters) if (target <= done) resolve();
  }

  /**
   * Deletes from the store. Waiting records were heard before the deletion, so
   * they are passed on to the store first.
   */
  async #deleteNow(client: ByteString, until: Timestamp): Promise<number> {
    const { clock, store } = this.#options;
    const target = this.#collected;
    await this.#passedOn();
    if (this.#done < target) {
      throw new Error(this.#fault ?? "the history is slow");
    }
    const deleted = await store.forget(client, until);
    if (compareTimestamps(until, clock.now()) > 0) {
      this.#deletions.repeatLater(client, until);
    }
    return deleted;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
