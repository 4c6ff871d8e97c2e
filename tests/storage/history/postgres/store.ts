/**
 * A store for tests, and batches for it.
 *
 * @module
 */
import { ReportTimes } from "../../../../protocol/order.ts";
import { parseReport, type Report } from "../../../../protocol/report.ts";
import { type Clock, SystemClock } from "../../../../runtime/clock.ts";
import { LimitCounts } from "../../../../runtime/limit_counts.ts";
import { Turns, Workload } from "../../../../runtime/turns.ts";
import type { Connect } from "../../../../storage/history/postgres/connection.ts";
import { PostgresStore } from "../../../../storage/history/postgres/postgres_store.ts";
import { Session } from "../../../../storage/history/postgres/session.ts";
import {
  MemorySpool,
  type Spool,
} from "../../../../storage/history/postgres/spool.ts";
import {
  BatchWriter,
  type RecordBatch,
} from "../../../../storage/history/record_batch.ts";

/** A batch of these reports, or of the reports in these records. */
export function batchOf(
  ...reports: readonly (Report | string)[]
): RecordBatch {
  const writer = new BatchWriter();
  const times = new ReportTimes();
  for (const given of reports) {
    const report = typeof given === "string"
      ? parseReport(given, () => true)
      : given;
    if (report === undefined) throw new TypeError(`Not a record: ${given}`);
    writer.add(report, times.read(report));
  }
  return writer.batch;
}

/** What a test's store is made of. */
export interface TestStoreOptions {
  readonly connect: Connect;
  readonly spool?: Spool;
  readonly clock?: Clock;
}

/** A store, and the events that it has emitted. */
export function createStore(
  { connect, clock = new SystemClock(), spool = new MemorySpool(2 ** 20) }:
    TestStoreOptions,
) {
  const events: string[] = [];
  const counts = new LimitCounts(clock, () => {});
  const session = new Session({
    connect,
    clock,
    onFault: (fault) => events.push(fault?.message ?? "works"),
  });
  const store = new PostgresStore({
    place: "postgres://campus@127.0.0.1/herd",
    session,
    reader: new Session({ connect, clock }),
    deleter: new Session({ connect, clock }),
    spool,
    clock,
    counts,
    emit: (_level, _from, event) => events.push(event),
    turns: new Turns(clock),
    workload: new Workload(),
  });
  return { store, session, spool, counts, events };
}
