import { readBatch } from "../../../../storage/history/record_batch.ts";
import {
  replayIntervalMs,
  retryCapMs,
  retryFloorMs,
  rowsPerStatement,
  stallMs,
  statementTimeoutMs,
} from "../../../../storage/history/postgres/limits.ts";
import { MemorySpool } from "../../../../storage/history/postgres/spool.ts";
import { readVersion } from "../../../../storage/history/postgres/statements.ts";
import { AppendError } from "../../../../storage/history/store.ts";
import { assert, assertEquals, assertRejects } from "../../../assert.ts";
import { drainMicrotasks, ManualClock } from "../../../fakes/manual_clock.ts";
import { reportOf } from "../../../peers/reports.ts";
import { FakeDatabase } from "./fake_database.ts";
import { batchOf, createStore } from "./store.ts";

const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, permissions: "none", fn });

/** A batch with so many records about a client. */
function recordsOf(client: string, count: number, from = 0) {
  const reports = Array.from(
    { length: count },
    (_, index) => reportOf(client, from + index),
  );
  return batchOf(...reports);
}

function open(maxSpoolBytes?: number) {
  const clock = new ManualClock();
  const database = new FakeDatabase();
  const spool = new MemorySpool(maxSpoolBytes ?? 2 ** 20);
  return {
    clock,
    database,
    ...createStore({ clock, connect: database.connect, spool }),
  };
}

/** The counts of a state whose sum is the number of appended records. */
function countsOf({ store }: ReturnType<typeof open>) {
  const { recordedRecords, waitingRecords } = store.state;
  return { recorded: recordedRecords, waiting: waitingRecords };
}

test("a batch is inserted at once while the database works", async () => {
  const opened = open();
  const { database, store } = opened;
  const batch = recordsOf("a", 2_500);
  assertEquals(await store.append(batch), batch.buffer);
  assertEquals(database.rows, 2_500);
  assertEquals(countsOf(opened), { recorded: 2_500, waiting: 0 });
  await store.stop();
});

test("batches wait while the database is down, and are inserted after that", async () => {
  const opened = open();
  const { clock, database, events, store } = opened;
  store.start();
  database.isDown = true;
  await store.append(recordsOf("a", 3));
  await store.append(recordsOf("a", 4));
  assertEquals(countsOf(opened), { recorded: 0, waiting: 7 });
  assertEquals(store.state.fault, "it is down");
  database.isDown = false;
  await clock.advance(2 * retryFloorMs + 2 * replayIntervalMs);
  assertEquals(countsOf(opened), { recorded: 7, waiting: 0 });
  assertEquals(database.rows, 7);
  assertEquals(store.state.fault, null);
  assertEquals(events, ["it is down", "works"]);
  await store.stop();
});

test("a full spool loses what exceeds it, and counts it", async () => {
  const opened = open(1_000);
  const { counts, database, store } = opened;
  database.isDown = true;
  await store.append(recordsOf("a", 5));
  const error = await assertRejects(
    () => store.append(recordsOf("a", 50)),
    AppendError,
    "the spool is full",
  );
  // The recorder counts them.
  assertEquals(error.batch, undefined);
  assertEquals(counts.hits.get("history-spool-bytes"), 1);
  assertEquals(countsOf(opened), { recorded: 0, waiting: 5 });
  await store.stop();
  assertEquals(store.state.lostRecords, 5);
  assertEquals(countsOf(opened), { recorded: 0, waiting: 0 });
});

test("a batch does not wait for a statement that hangs, and its records count once", async () => {
  const opened = open();
  const { clock, database, store } = opened;
  store.start();
  await store.append(recordsOf("a", 1));
  database.hang();
  // Two statements, of which the first one hangs.
  const appending = [store.append(recordsOf("a", rowsPerStatement + 10))];
  const { length } = database.statements;
  while (database.statements.length === length) await drainMicrotasks();
  await clock.advance(stallMs);
  // The next one does not wait at all.
  appending.push(store.append(recordsOf("a", 20)));
  await clock.advance(0);
  await Promise.all(appending);
  const waiting = rowsPerStatement + 30;
  assertEquals(countsOf(opened), { recorded: 1, waiting });
  database.resume();
  // Thousands of rows take more microtasks than one step of the clock.
  for (let steps = 0; steps < 20; steps++) {
    await clock.advance(replayIntervalMs);
  }
  assertEquals(countsOf(opened), { recorded: 1 + waiting, waiting: 0 });
  // A real database has the rows of the statement that hung once.
  assertEquals(database.rows, 1 + rowsPerStatement + waiting);
  await store.stop();
});

test("a statement that takes too long ends its connection", async () => {
  const opened = open();
  const { clock, database, store } = opened;
  store.start();
  database.hang();
  const appending = store.append(recordsOf("a", 1));
  await clock.advance(statementTimeoutMs + 1);
  await appending;
  assertEquals(
    store.state.fault,
    `the database has not answered in ${statementTimeoutMs} ms`,
  );
  database.resume();
  await clock.advance(1_000);
  assertEquals(countsOf(opened), { recorded: 1, waiting: 0 });
  await store.stop();
});

test("a database that works again is noticed without a report", async () => {
  const { clock, database, events, session, store } = open();
  store.start();
  database.isDown = true;
  await assertRejects(() => session.run(readVersion), Error, "it is down");
  database.isDown = false;
  await clock.advance(2 * retryFloorMs + replayIntervalMs);
  assertEquals(events, ["it is down", "works"]);
  await store.stop();
});

test("attempts to connect become rarer while the database is down", async () => {
  const { clock, database, store } = open();
  store.start();
  database.isDown = true;
  await store.append(recordsOf("a", 1));
  await clock.advance(60_000);
  const { attempts } = database;
  assert(attempts > 5 && attempts < 15, String(attempts));
  await clock.advance(2 * retryCapMs);
  assert(database.attempts - attempts <= 2, String(database.attempts));
  await store.stop();
});

test("a deletion removes records from the spool, and fails while the database is down", async () => {
  const opened = open();
  const { clock, database, spool, store } = opened;
  database.isDown = true;
  await store.append(
    batchOf(reportOf("a", 1), reportOf("b", 1), reportOf("a", 3)),
  );
  const until = { seconds: 2, nanoseconds: 0 };
  await assertRejects(() => store.forget("a", until), Error, "it is down");
  const part = await spool.first();
  const left = [...readBatch(part!.batches[0])].map(({ client }) => client);
  assertEquals(left.length, 2);
  assertEquals(countsOf(opened), { recorded: 1, waiting: 2 });
  database.isDown = false;
  await clock.advance(retryCapMs);
  // What was removed before counts.
  assertEquals(await store.forget("a", until), 1);
  assertEquals(await store.forget("a", until), 0);
  await store.stop();
});
