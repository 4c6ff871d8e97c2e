/**
 * A replica as sessions and gateways see it, if what their clients report is
 * recorded. All reports of a server's clients go through its `put`, and no other
 * report does.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Report } from "../protocol/report.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { Port } from "../runtime/network.ts";
import type { Observer } from "../runtime/observers.ts";
import type { ReplicaRecords } from "./records.ts";
import type {
  ForgetRefusal,
  Forgotten,
  Found,
  Page,
  PutRefusal,
  Replica,
  ReplicaStatus,
} from "./replica.ts";
import type { ReportSource } from "./report_source.ts";
import type { Settling } from "./settling.ts";
import type { SummaryExchange } from "./summaries.ts";

/** Records each report that the replica takes. */
export class RecordedReplica implements Replica {
  readonly #replica: Replica;
  readonly #record: (report: Report) => void;

  constructor(replica: Replica, record: (report: Report) => void) {
    this.#replica = replica;
    this.#record = record;
  }

  put(
    report: Report,
    settling: Settling,
    source?: ReportSource,
  ): PutRefusal | undefined {
    const refusal = this.#replica.put(report, settling, source);
    if (refusal === undefined) this.#record(report);
    return refusal;
  }

  find(client: ByteString): Found | Promise<Found> {
    return this.#replica.find(client);
  }

  findRecord(client: ByteString): Found | Promise<Found> {
    return this.#replica.findRecord(client);
  }

  select(
    pattern: ByteString,
    limit: number,
    cursor?: string,
  ): Page | Promise<Page> {
    return this.#replica.select(pattern, limit, cursor);
  }

  observe(observer: Observer<Report>): () => void {
    return this.#replica.observe(observer);
  }

  forget(
    client: ByteString,
    until?: Timestamp,
  ): Forgotten | ForgetRefusal | Promise<Forgotten | ForgetRefusal> {
    return this.#replica.forget(client, until);
  }

  load(reports: Iterable<Report>): void | Promise<void> {
    return this.#replica.load(reports);
  }

  get ready(): boolean {
    return this.#replica.ready;
  }

  get fault(): string | undefined {
    return this.#replica.fault;
  }

  flush(settling: Settling): void {
    this.#replica.flush(settling);
  }

  status(): ReplicaStatus {
    return this.#replica.status();
  }

  get records(): ReplicaRecords | undefined {
    return this.#replica.records;
  }

  get summaries(): SummaryExchange | undefined {
    return this.#replica.summaries;
  }

  get port(): Port | undefined {
    return this.#replica.port;
  }

  start(): Promise<void> {
    return this.#replica.start();
  }

  stop(clientsGone: Promise<unknown>): Promise<void> {
    return this.#replica.stop(clientsGone);
  }
}
