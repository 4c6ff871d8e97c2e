import type { ByteString } from "../../../../protocol/bytes.ts";
import { isHeardAfter } from "../../../../protocol/order.ts";
import {
  compareTimestamps,
  type Timestamp,
} from "../../../../protocol/time.ts";
import type { HistoryQuery } from "../../../../replica/history.ts";
import { Turns } from "../../../../runtime/turns.ts";
import { SqliteStore } from "../../../../storage/history/sqlite/sqlite_store.ts";
import { assert, assertEquals, assertRejects } from "../../../assert.ts";
import fc from "../../../fast_check.ts";
import { ManualClock } from "../../../fakes/manual_clock.ts";
import { assertProperty } from "../../../property.ts";
import {
  anyBatches,
  anyClient,
  at,
  batchOf,
  effectiveOf,
  inOrder,
  reportAt,
  reportsOf,
} from "../records.ts";

/** A store in a temporary folder. */
class TestStore implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly folder: string;
  readonly events: string[] = [];
  readonly store: SqliteStore;

  private constructor(folder: string) {
    this.folder = folder;
    const { clock } = this;
    this.store = new SqliteStore({
      folder,
      clock,
      turns: new Turns(clock),
      emit: (_, __, event) => this.events.push(event),
    });
  }

  static async open(folder = Deno.makeTempDirSync()): Promise<TestStore> {
    const test = new TestStore(folder);
    await test.store.start();
    return test;
  }

  /** All records of an answer, page by page. */
  async readAll(query: HistoryQuery): Promise<ByteString[]> {
    const records: ByteString[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.store.read({ ...query, cursor });
      assert(page.records.length <= query.limit);
      records.push(...page.records);
      cursor = page.next;
    } while (cursor !== undefined);
    return records;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.stop();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

const anyTime: fc.Arbitrary<Timestamp | undefined> = fc.option(
  fc.record({
    seconds: fc.integer({ min: -90_000, max: 90_000 }),
    nanoseconds: fc.constantFrom(0, 1, 999_999_999),
  }).map(({ nanoseconds, seconds }) => at(seconds, nanoseconds)),
  { nil: undefined },
);

Deno.test("answers are those of a sorted list, in whatever order reports arrive", async () => {
  await using test = await TestStore.open();
  let runs = 0;
  await assertProperty(
    fc.asyncProperty(
      anyBatches,
      anyTime,
      anyTime,
      fc.boolean(),
      fc.constantFrom(1, 2, 7, 1_000),
      async (batches, from, to, isNewestFirst, limit) => {
        // Each run has clients of its own.
        const prefix = `${runs++}-`;
        const client = `${prefix}kiwi`;
        const all = batches.map((parts) => reportsOf(parts, prefix));
        for (const reports of all) await test.store.append(batchOf(reports));
        const own = all.flat().filter((report) => report.client === client);
        const expected = inOrder(own.map(({ record }) => record))
          .filter((record) => {
            const time = effectiveOf(record);
            return (from === undefined || compareTimestamps(time, from) >= 0) &&
              (to === undefined || compareTimestamps(time, to) <= 0);
          });
        if (isNewestFirst) expected.reverse();
        assertEquals(
          await test.readAll({ client, from, to, isNewestFirst, limit }),
          expected,
        );
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("a deletion removes the reports that were heard until its time", async () => {
  await using test = await TestStore.open();
  const { store } = test;
  let runs = 0;
  await assertProperty(
    fc.asyncProperty(
      anyBatches,
      fc.integer({ min: -90_000, max: 90_000 }),
      fc.constantFrom(0, 1, 999_999_999),
      async (batches, seconds, nanoseconds) => {
        const prefix = `${runs++}-`;
        const client = `${prefix}kiwi`;
        const all = batches.map((parts) => reportsOf(parts, prefix));
        const before = store.state.records;
        for (const reports of all) await store.append(batchOf(reports));
        const until = at(seconds, nanoseconds);
        const kept = all.flat().filter((report) =>
          report.client !== client || isHeardAfter(report, until)
        );
        const deleted = await store.forget(client, until);
        assertEquals(deleted, all.flat().length - kept.length);
        assertEquals(store.state.records, before + kept.length);
        for (const name of ["kiwi", "pear", "a"]) {
          const client = prefix + name;
          const own = kept.filter((report) => report.client === client);
          assertEquals(
            await test.readAll({ client, limit: 100 }),
            inOrder(own.map(({ record }) => record)),
          );
        }
      },
    ),
    { numRuns: 20 },
  );
});

Deno.test("records of IDs with any bytes are not mixed up", async () => {
  await using test = await TestStore.open();
  const clients = [
    ...new Set(fc.sample(anyClient, { numRuns: 200, seed: 7 })),
    "x".repeat(1_023),
    "x".repeat(1_024),
  ];
  await test.store.append(batchOf(clients.map((id) => reportAt(id, 5))));
  for (const client of clients) {
    const { records } = await test.store.read({ client, limit: 10 });
    assertEquals(records, [reportAt(client, 5).record]);
  }
});

Deno.test("a client that comes back after its deletion is found", async () => {
  await using test = await TestStore.open();
  const { store } = test;
  const read = () => store.read({ client: "kiwi", limit: 10 });
  await store.append(batchOf([reportAt("kiwi", 5)]));
  await read();
  assertEquals(await store.forget("kiwi", at(5)), 1);
  assertEquals((await read()).records, []);
  // The number of the client must not be that of another one.
  await store.append(batchOf([reportAt("pear", 6)]));
  assertEquals((await read()).records, []);
  await store.append(batchOf([reportAt("kiwi", 7)]));
  assertEquals((await read()).records, [reportAt("kiwi", 7).record]);
});

Deno.test("a page has limited bytes, but at least one record", async () => {
  await using test = await TestStore.open();
  const reports = [5, 6, 7].map((time) => reportAt("kiwi", time));
  await test.store.append(batchOf(reports));
  const bytes = reports[0].record.length;
  const sizes = [];
  for (const maxBytes of [1, 2 * bytes, 3 * bytes]) {
    const page = await test.store.read({ client: "kiwi", limit: 9, maxBytes });
    sizes.push([page.records.length, page.next !== undefined]);
  }
  assertEquals(sizes, [[1, true], [2, true], [3, false]]);
});

Deno.test("an invalid cursor is refused", async () => {
  await using test = await TestStore.open();
  for (const cursor of ["", "?", "1_1_1_1", "1.000000000_"]) {
    await assertRejects(
      () => test.store.read({ client: "kiwi", limit: 1, cursor }),
      RangeError,
      "cursor",
    );
  }
});

Deno.test("a record that is added several times is stored once", async () => {
  await using test = await TestStore.open();
  const { store } = test;
  const reports = [5, 100, 200, 200, -5].map((time) => reportAt("kiwi", time));
  await store.append(batchOf(reports.slice(0, 2)));
  assertEquals(await store.add(batchOf(reports)), { added: 2, known: 3 });
  assertEquals(await store.add(batchOf(reports)), { added: 0, known: 5 });
  assertEquals(
    await test.readAll({ client: "kiwi", limit: 2 }),
    inOrder(reports.map(({ record }) => record)),
  );
});

Deno.test("files are copied while they are written", async () => {
  await using test = await TestStore.open();
  await test.store.append(batchOf([reportAt("kiwi", 5), reportAt("kiwi", -5)]));
  const folder = Deno.makeTempDirSync();
  assertEquals(await test.store.copyTo(folder), [
    "2018-03-01.sqlite",
    "2018-03-02.sqlite",
  ]);
  await using copy = await TestStore.open(folder);
  assertEquals(
    await copy.readAll({ client: "kiwi", limit: 10 }),
    await test.readAll({ client: "kiwi", limit: 10 }),
  );
});

Deno.test("a damaged file is set aside when it is read", async () => {
  await using test = await TestStore.open();
  const { store } = test;
  await store.append(batchOf([reportAt("kiwi", -5), reportAt("kiwi", 5)]));
  await store.stop();
  const path = `${test.folder}/2018-03-01.sqlite`;
  const size = Deno.statSync(path).size;
  const file = Deno.openSync(path, { write: true });
  // The root of the table of blocks, after the header.
  file.seekSync(4096, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(size - 4096).fill(0xaa));
  file.close();
  const { records } = await store.read({ client: "kiwi", limit: 9 });
  assertEquals(records, [reportAt("kiwi", 5).record]);
  assertEquals(test.events, ["history set aside"]);
  assertEquals(store.state.damages, 1);
});

Deno.test("a removed folder is an error, and does not end the program", async () => {
  await using test = await TestStore.open();
  const { folder, store } = test;
  await store.stop();
  Deno.renameSync(folder, `${folder}-moved`);
  const batch = batchOf([reportAt("kiwi", 5)]);
  const { bytes } = batch;
  const error = await assertRejects(() => store.append(batch), Error);
  assert("batch" in error);
  const again = error.batch as typeof batch;
  assertEquals(again.bytes, bytes);
  Deno.renameSync(`${folder}-moved`, folder);
  await store.append(again);
  const { records } = await store.read({ client: "kiwi", limit: 9 });
  assertEquals(records, [reportAt("kiwi", 5).record]);
});
