import type { Report } from "../../../protocol/report.ts";
import type { Timestamp } from "../../../protocol/time.ts";
import { LimitCounts } from "../../../runtime/limit_counts.ts";
import {
  closingTimeoutMs,
  operationTimeoutMs,
  timeoutBeatMs,
} from "../../../runtime/operation_timer.ts";
import {
  addedAtOnce,
  historyRetryMs,
  historyWriteMs,
  maxReadWaitMs,
} from "../../../storage/history/limits.ts";
import { RecordedHistory } from "../../../storage/history/recorder.ts";
import { assert, assertEquals, assertRejects } from "../../assert.ts";
import { ManualClock } from "../../fakes/manual_clock.ts";
import { FakeStore } from "./fake_store.ts";
import { at, day, reportAt } from "./records.ts";

/** A history in a fake store. */
class TestHistory {
  readonly clock = new ManualClock();
  readonly store = new FakeStore();
  readonly events: string[] = [];
  readonly counts: LimitCounts;
  readonly history: RecordedHistory;

  constructor(days = 7) {
    const { clock, store } = this;
    const emit = (_: unknown, __: unknown, event: string) => {
      this.events.push(event);
    };
    this.counts = new LimitCounts(clock, () => {});
    const { counts } = this;
    this.history = new RecordedHistory({ clock, store, days, counts, emit });
    this.history.start();
  }

  record(...reports: readonly Report[]): void {
    for (const report of reports) this.history.record(report);
  }

  /** Each report is recorded, refused, lost, or waits. */
  checkSum(): void {
    const { state } = this.history;
    assertEquals(
      state.acceptedRecords,
      state.recordedRecords + state.knownRecords + state.refusedRecords +
        state.lostRecords + state.waitingRecords,
    );
  }
}

function test(name: string, fn: (test: TestHistory) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => fn(new TestHistory()) });
}

test("every report is recorded, also repeated and late ones", async (test) => {
  const reports = [reportAt("kiwi", 5), reportAt("kiwi", 4)];
  test.record(...reports, reports[0]);
  assertEquals(test.store.records, []);
  assertEquals(test.history.state.waitingRecords, 3);
  test.checkSum();
  await test.clock.advance(historyWriteMs);
  assertEquals(
    test.store.records,
    [...reports, reports[0]].map(({ record }) => record),
  );
  assertEquals(test.history.state.recordedRecords, 3);
  assertEquals(test.history.state.lagSeconds, 0);
  test.checkSum();
  await test.history.stop();
});

test("an answer has what was recorded before the query", async (test) => {
  test.record(reportAt("kiwi", 5));
  const { records } = await test.history.reader.read({
    client: "kiwi",
    limit: 1,
  });
  assertEquals(records.length, 1);
  await test.history.stop();
});

test("an answer does not wait long for a slow store", async (test) => {
  test.store.gate = new Promise(() => {});
  test.record(reportAt("kiwi", 5));
  const reading = test.history.reader.read({ client: "kiwi", limit: 1 });
  await test.clock.advance(maxReadWaitMs);
  assertEquals(await reading, { records: [], next: undefined });
});

test("days that are not kept are refused and counted", async (test) => {
  test.record(
    reportAt("kiwi", -7 * 86_400),
    reportAt("kiwi", -7 * 86_400 - 1),
    reportAt("kiwi", 2 * 86_400),
    reportAt("kiwi", 10 ** 14, at(5)),
  );
  await test.clock.advance(historyWriteMs);
  assertEquals(test.store.records.length, 2);
  assertEquals(test.history.state.refusedRecords, 2);
  test.checkSum();
  await test.history.stop();
});

test("old days are deleted at the start and when a day begins", async (test) => {
  assertEquals(test.store.oldestDays, [day - 7]);
  test.clock.setBy(23 * 3_600);
  await test.clock.advance(historyWriteMs);
  assertEquals(test.store.oldestDays, [day - 7, day - 6]);
  test.record(reportAt("kiwi", -7 * 86_400));
  assertEquals(test.history.state.refusedRecords, 1);
  await test.history.stop();
});

test("a batch that was not taken is tried again, with one event each", async (test) => {
  const { clock, events, history, store } = test;
  store.fault = "disk full";
  test.record(reportAt("kiwi", 5));
  await clock.advance(historyWriteMs);
  test.record(reportAt("kiwi", 6));
  await clock.advance(5 * historyRetryMs);
  assertEquals(history.state.fault, "disk full");
  assertEquals(history.state.waitingRecords, 2);
  assert(history.state.lagSeconds >= 5);
  assert(store.batches >= 5 && store.batches <= 7, `${store.batches}`);
  test.checkSum();
  store.fault = undefined;
  await clock.advance(historyRetryMs);
  assertEquals(store.records.length, 2);
  assertEquals(history.state.fault, null);
  assertEquals(history.state.lostRecords, 0);
  assertEquals(events, ["history failing", "history recovered"]);
  test.checkSum();
  await history.stop();
});

test("reports beyond the limit of waiting ones are lost and counted", async (test) => {
  const { clock, counts, history, store } = test;
  store.fault = "disk full";
  const report = reportAt("x".repeat(60_000), 5);
  for (let count = 0; count < 1_000; count++) test.record(report);
  await clock.advance(historyWriteMs);
  const { lostRecords } = history.state;
  assert(lostRecords > 0);
  assertEquals(counts.hits.get("history-waiting-bytes"), lostRecords);
  test.checkSum();
  store.fault = undefined;
  await clock.advance(historyRetryMs);
  assertEquals(store.records.length, 1_000 - lostRecords);
  test.checkSum();
  await history.stop();
});

test("a batch that the store has lost is counted", async (test) => {
  const { clock, history, store } = test;
  store.fault = "the thread ended";
  store.losesBatches = true;
  test.record(reportAt("kiwi", 5), reportAt("pear", 5));
  await clock.advance(historyWriteMs);
  assertEquals(history.state.lostRecords, 2);
  store.fault = undefined;
  test.record(reportAt("fig", 5));
  await clock.advance(historyRetryMs + historyWriteMs);
  assertEquals(store.records, [reportAt("fig", 5).record]);
  test.checkSum();
  await history.stop();
});

test("a store that hangs is a fault until it continues", async (test) => {
  const { clock, events, history, store } = test;
  const { promise, resolve } = Promise.withResolvers<void>();
  store.gate = promise;
  test.record(reportAt("kiwi", 5));
  await clock.advance(historyWriteMs + operationTimeoutMs + timeoutBeatMs);
  assertEquals(events, ["history failing"]);
  resolve();
  await clock.advance(1);
  assertEquals(events, ["history failing", "history recovered"]);
  assertEquals(history.state.lostRecords, 0);
  await history.stop();
});

test("a stop writes the reports that wait", async (test) => {
  test.record(reportAt("kiwi", 5));
  await test.history.stop();
  assertEquals(test.store.records.length, 1);
  assert(test.store.isStopped);
  assertEquals(test.clock.timers, 0);
  test.checkSum();
});

test("a stop does not wait for a store that hangs", async (test) => {
  const { clock, events, history, store } = test;
  store.gate = new Promise(() => {});
  test.record(reportAt("kiwi", 5));
  await clock.advance(historyWriteMs);
  test.record(reportAt("kiwi", 6));
  const stopping = history.stop();
  await clock.advance(closingTimeoutMs + timeoutBeatMs);
  await stopping;
  assertEquals(history.state.lostRecords, 2);
  assertEquals(events, ["history failing", "history incomplete"]);
  test.checkSum();
});

test("a deletion removes reports that wait", async (test) => {
  const { clock, history, store } = test;
  test.record(reportAt("kiwi", 5), reportAt("pear", 5));
  assertEquals(await history.forget("kiwi", at(5)), 1);
  assertEquals(store.records, [reportAt("pear", 5).record]);
  await clock.advance(historyWriteMs);
  assertEquals(store.deletions, ["kiwi"]);
  await history.stop();
});

test("a deletion that failed is repeated", async (test) => {
  const { clock, history, store } = test;
  store.fault = "disk full";
  test.record(reportAt("kiwi", 5));
  await clock.advance(historyWriteMs);
  await assertRejects(() => history.forget("kiwi", at(5)), Error, "disk full");
  await clock.advance(historyRetryMs);
  assertEquals(store.deletions, []);
  store.fault = undefined;
  await clock.advance(historyRetryMs + historyWriteMs);
  assertEquals(store.records, []);
  await history.stop();
});

test("a deletion until a future time removes reports that arrive before that time", async (test) => {
  const { clock, history, store } = test;
  const now = clock.now();
  const until: Timestamp = { ...now, seconds: now.seconds + 30 };
  assertEquals(await history.forget("kiwi", until), 0);
  const late = reportAt("kiwi", 5, { ...now, seconds: now.seconds + 20 });
  test.record(late);
  await clock.advance(20_000);
  assertEquals(store.records, [late.record]);
  await clock.advance(11_000);
  assertEquals(store.records, []);
  assertEquals(store.deletions, ["kiwi", "kiwi"]);
  await history.stop();
});

test("deletions that the replica has are repeated at a start", async (test) => {
  const { history, store } = test;
  test.record(reportAt("kiwi", 5), reportAt("pear", 5));
  async function* deletions() {
    yield ["kiwi", at(5)] as const;
  }
  await history.repeatDeletions(deletions());
  assertEquals(store.records, [reportAt("pear", 5).record]);
  await history.stop();
});

test("records are added in pieces, so that reports do not wait for all", async (test) => {
  const { history, store } = test;
  const records = Array.from(
    { length: addedAtOnce + 1 },
    (_, second) => reportAt("pear", second).record,
  );
  const add = store.add.bind(store);
  const pieces: number[] = [];
  store.add = (batch) => {
    pieces.push(batch.records);
    return add(batch);
  };
  const added = { added: records.length, known: 0, refused: 0 };
  assertEquals(await history.add(records), added);
  assertEquals(pieces, [addedAtOnce, 1]);
  assertEquals(store.records, records);
  await history.stop();
});

test("records that are added are not in the counts of reports", async (test) => {
  const { history, store } = test;
  const [known, old, added] = [
    reportAt("kiwi", 5),
    reportAt("kiwi", -8 * 86_400),
    reportAt("kiwi", -7 * 86_400),
  ].map(({ record }) => record);
  store.records.push(known);
  assertEquals(await history.add([known, old, added]), {
    added: 1,
    known: 1,
    refused: 1,
  });
  assertEquals(store.records, [known, added]);
  assertEquals(history.state.acceptedRecords, 0);
  await assertRejects(() => history.add(["AT Hill"]), TypeError);
  await history.stop();
});

test("a query has a limit", async (test) => {
  const read = (limit: number) =>
    test.history.reader.read({ client: "kiwi", limit });
  await assertRejects(() => read(0), RangeError);
  await assertRejects(() => read(10_001), RangeError);
  await test.history.stop();
});
