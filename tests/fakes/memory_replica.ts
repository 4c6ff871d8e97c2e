/**
 * A replica that keeps the last report of each client in memory.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { attributesOf, lineOf, type Report } from "../../protocol/report.ts";
import { createMatcher } from "../../replica/pattern.ts";
import type {
  ForgetRefusal,
  Forgotten,
  Found,
  Page,
  PutRefusal,
  Replica,
  ReplicaStatus,
} from "../../replica/replica.ts";
import type { Settling } from "../../replica/settling.ts";
import { type Observer, Observers } from "../../runtime/observers.ts";

/** Confirms every report at once, unless a test sets `flushed`. */
export class MemoryReplica implements Replica {
  /** All reports that were put, in order. */
  readonly accepted: { line: ByteString; client: ByteString }[] = [];
  /** Called when a report is put. */
  onPut: ((report: Report) => void) | undefined;
  /** Called at each flush. */
  onFlush: (() => void) | undefined;
  /** If a test sets this promise, replies wait for it. */
  flushed: Promise<void> | undefined;
  /** If a test sets it, no report is taken. */
  refusal: PutRefusal | undefined;
  readonly port = undefined;
  ready = false;
  readonly #newest = new Map<ByteString, ByteString>();
  readonly #observers = new Observers<Report>();

  put(report: Report, _settling: Settling): PutRefusal | undefined {
    if (this.refusal !== undefined) return this.refusal;
    const { client, line, record } = report;
    this.accepted.push({ line, client });
    this.#newest.set(client, record);
    this.#observers.notify(report);
    this.onPut?.(report);
    return undefined;
  }

  find(client: ByteString): Found | Promise<Found> {
    const record = this.#newest.get(client);
    return record && lineOf(record);
  }

  findRecord(client: ByteString): Found | Promise<Found> {
    return this.#newest.get(client);
  }

  select(
    pattern: ByteString,
    limit: number,
    cursor = "0",
  ): Page | Promise<Page> {
    const matches = createMatcher(pattern);
    const all = [...this.#newest].filter(([client]) => matches(client));
    const end = Number(cursor) + limit;
    const page = all.slice(Number(cursor), end).map(([, record]) => record);
    return {
      lines: page.map(lineOf),
      attributes: page.map(attributesOf),
      next: end < all.length ? String(end) : undefined,
    };
  }

  observe(observer: Observer<Report>): () => void {
    return this.#observers.add(observer);
  }

  forget(
    client: ByteString,
    until = { seconds: 0, nanoseconds: 0 },
  ): Forgotten | ForgetRefusal | Promise<Forgotten | ForgetRefusal> {
    const record = this.#newest.get(client);
    const removed = record && lineOf(record);
    this.#newest.delete(client);
    return { until, removed };
  }

  load(reports: Iterable<Report>): void | Promise<void> {
    for (const { client, record } of reports) {
      this.#newest.set(client, record);
    }
  }

  get fault(): string | undefined {
    return this.ready ? undefined : "it has not started yet";
  }

  flush(settling: Settling): void {
    this.onFlush?.();
    if (this.flushed === undefined) return;
    settling.begin();
    this.flushed.then(() => settling.settle());
  }

  status(): ReplicaStatus {
    return {
      clients: this.#newest.size,
      deletions: 0,
      deletedReports: 0,
      table: { bytes: 0, maxBytes: 0 },
      reports: {
        newer: this.accepted.length,
        known: 0,
        repeated: 0,
        ahead: 0,
        forgotten: 0,
        deleted: 0,
        apart: 0,
      },
      storesNothing: false,
      clock: { aheadSeconds: 0, clocks: 1, differs: false },
      links: [],
    };
  }

  start(): Promise<void> {
    this.ready = true;
    return Promise.resolve();
  }

  async stop(clientsGone: Promise<unknown>): Promise<void> {
    await clientsGone;
    this.ready = false;
  }
}
