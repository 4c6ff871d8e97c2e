/**
 * A store in memory that fails and waits as a test says.
 *
 * @module
 */
import type { ByteString } from "../../../protocol/bytes.ts";
import { isHeardAfter } from "../../../protocol/order.ts";
import type { Timestamp } from "../../../protocol/time.ts";
import type { HistoryPage } from "../../../replica/history.ts";
import {
  readBatch,
  type RecordBatch,
} from "../../../storage/history/record_batch.ts";
import {
  AppendError,
  type HistoryStore,
} from "../../../storage/history/store.ts";
import { parsed } from "./records.ts";

export class FakeStore implements HistoryStore {
  readonly kind = "sqlite";
  readonly place = "memory";
  records: ByteString[] = [];
  /** Why the next batches are not taken; undefined if they are. */
  fault: string | undefined;
  /** Whether a batch that is not taken is lost. */
  losesBatches = false;
  /** What batches wait for. */
  gate: Promise<void> = Promise.resolve();
  batches = 0;
  deletions: ByteString[] = [];
  oldestDays: number[] = [];
  isStopped = false;
  #recorded = 0;

  get state() {
    return {
      recordedRecords: this.#recorded,
      knownRecords: 0,
      refusedRecords: 0,
      lostRecords: 0,
      waitingRecords: 0,
      records: this.records.length,
      bytes: 0,
      syncSeconds: 0,
      spoolBytes: 0,
      damages: 0,
      fault: null,
    };
  }

  async append(batch: RecordBatch): Promise<ArrayBuffer | undefined> {
    this.batches += 1;
    await this.gate;
    if (this.fault !== undefined) {
      throw new AppendError(
        this.fault,
        this.losesBatches ? undefined : { ...batch },
      );
    }
    for (const { record } of readBatch(batch)) this.records.push(record);
    this.#recorded += batch.records;
    return batch.buffer;
  }

  add(batch: RecordBatch) {
    let added = 0;
    for (const { record } of readBatch(batch)) {
      if (this.records.includes(record)) continue;
      this.records.push(record);
      added += 1;
    }
    return Promise.resolve({ added, known: batch.records - added });
  }

  forget(client: ByteString, until: Timestamp): Promise<number> {
    if (this.fault !== undefined) return Promise.reject(new Error(this.fault));
    this.deletions.push(client);
    const before = this.records.length;
    this.records = this.records.filter((record) => {
      const report = parsed(record);
      return report.client !== client || isHeardAfter(report, until);
    });
    return Promise.resolve(before - this.records.length);
  }

  retain(oldestDay: number): Promise<void> {
    this.oldestDays.push(oldestDay);
    return Promise.resolve();
  }

  read(): Promise<HistoryPage> {
    return Promise.resolve({ records: this.records, next: undefined });
  }

  hurry(): void {}

  stop(): Promise<void> {
    this.isStopped = true;
    return Promise.resolve();
  }
}
