import { SetupError } from "../../../../runtime/setup_error.ts";
import { Turns, Workload } from "../../../../runtime/turns.ts";
import { DiskSpool } from "../../../../storage/history/postgres/disk_spool.ts";
import { readBatch } from "../../../../storage/history/record_batch.ts";
import { assertEquals, assertRejects } from "../../../assert.ts";
import { ManualClock } from "../../../fakes/manual_clock.ts";
import { reportOf } from "../../../peers/reports.ts";
import { MemoryFolder } from "../../memory_folder.ts";
import { batchOf } from "./store.ts";

const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, permissions: "none", fn });

function open(folder: MemoryFolder, maxBytes = 2 ** 20): Promise<DiskSpool> {
  return DiskSpool.open({
    folder,
    server: "Hill",
    maxBytes,
    turns: new Turns(new ManualClock()),
    workload: new Workload(),
  });
}

/** Takes everything out of a spool. */
async function takeAll(spool: DiskSpool): Promise<string[]> {
  const records: string[] = [];
  while (true) {
    const part = await spool.first();
    if (part === undefined) return records;
    for (const batch of part.batches) {
      for (const report of readBatch(batch)) records.push(report.record);
    }
    await spool.removeFirst();
  }
}

const reports = [
  reportOf("kiwi", 1),
  reportOf("nul\0 \xff".replace(" ", ""), 2, "Hill", "accuracy=3"),
  reportOf("kiwi", 3),
  reportOf("pear", 4),
];

const recordsOf = (numbers: readonly number[]) =>
  numbers.map((number) => reports[number].record);

test("a spool gives back what was added, also after a kill", async () => {
  const folder = new MemoryFolder();
  const spool = await open(folder);
  await spool.add(batchOf(reports[0], reports[1]));
  await spool.add(batchOf(reports[2]));
  assertEquals(spool.records, 3);
  const restarted = await open(folder);
  assertEquals([restarted.records, restarted.bytes], [0, spool.bytes]);
  await restarted.add(batchOf(reports[3]));
  assertEquals(await takeAll(restarted), recordsOf([0, 1, 2, 3]));
  assertEquals(restarted.bytes, 0);
  assertEquals([...folder.files.keys()], []);
});

test("records that are added while the oldest part is read are kept", async () => {
  const spool = await open(new MemoryFolder());
  await spool.add(batchOf(reports[0]));
  await spool.first();
  await spool.add(batchOf(reports[1]));
  await spool.removeFirst();
  assertEquals(await takeAll(spool), recordsOf([1]));
});

test("a full spool takes no more records", async () => {
  const spool = await open(new MemoryFolder(), 150);
  assertEquals(await spool.add(batchOf(reports[0])), true);
  assertEquals(await spool.add(batchOf(reports[1], reports[2])), false);
  assertEquals(await takeAll(spool), recordsOf([0]));
  assertEquals(await spool.add(batchOf(reports[3])), true);
});

test("a damaged line is counted and left out", async () => {
  const folder = new MemoryFolder();
  const spool = await open(folder);
  await spool.add(batchOf(...reports));
  const text = folder.textOf("spool-1");
  folder.put("spool-1", text.replace("kiwi +34-118 3", "kiwi +34-118 9"));
  assertEquals(await takeAll(spool), recordsOf([0, 1, 3]));
  assertEquals(spool.damages, 1);
});

test("records after a write that a full disk has cut are read", async () => {
  const folder = new MemoryFolder();
  const spool = await open(folder);
  await spool.add(batchOf(reports[0]));
  folder.roomBytes = 20;
  folder.part = 1;
  await assertRejects(() => spool.add(batchOf(reports[1])), Error, "No space");
  folder.roomBytes = Infinity;
  await spool.add(batchOf(reports[1]));
  assertEquals(await takeAll(spool), recordsOf([0, 1]));
});

test("attempts on a full disk leave no files", async () => {
  const folder = new MemoryFolder();
  const spool = await open(folder);
  folder.roomBytes = 0;
  for (let attempt = 0; attempt < 3; attempt++) {
    await assertRejects(
      () => spool.add(batchOf(reports[0])),
      Error,
      "No space",
    );
  }
  assertEquals([folder.files.size, spool.bytes], [0, 0]);
  folder.roomBytes = Infinity;
  await spool.add(batchOf(reports[0]));
  assertEquals(await takeAll(spool), recordsOf([0]));
});

test("a deletion removes the records of a client that were heard until its time", async () => {
  const folder = new MemoryFolder();
  const before = await open(folder);
  await before.add(batchOf(reports[0]));
  const spool = await open(folder);
  await spool.add(batchOf(...reports));
  const until = { seconds: 1, nanoseconds: 0 };
  assertEquals(await spool.forget("kiwi", until), {
    records: 2,
    ownRecords: 1,
  });
  assertEquals(spool.records, 3);
  assertEquals(await spool.forget("kiwi", until), {
    records: 0,
    ownRecords: 0,
  });
  for (const name of folder.files.keys()) {
    assertEquals(folder.textOf(name).includes(reports[0].line), false);
  }
  assertEquals(await takeAll(spool), recordsOf([1, 2, 3]));
});

test("a file of a later format is refused in one line", async () => {
  const folder = new MemoryFolder();
  await (await open(folder)).add(batchOf(reports[0]));
  const text = folder.textOf("spool-1");
  folder.put("spool-1", text.replace("herd-spool 1 ", "herd-spool 2 "));
  const error = await assertRejects(() => open(folder), SetupError);
  assertEquals(
    error.message,
    "data/Hill/spool-1 has the format 2, and this server knows formats up to " +
      "1: use a newer server",
  );
});
