import { decodeBytes } from "../../protocol/bytes.ts";
import { makeDeletion } from "../../protocol/deletion.ts";
import type { Report } from "../../protocol/report.ts";
import { Turns, Workload } from "../../runtime/turns.ts";
import { PendingRecords } from "../../storage/pending_records.ts";
import { isIntact, textOf } from "../../storage/file_line.ts";
import { assert, assertEquals } from "../assert.ts";
import fc from "../fast_check.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { reportOf } from "../peers/reports.ts";
import { assertProperty } from "../property.ts";

const clock = new ManualClock();
const taker = { turns: new Turns(clock), workload: new Workload() };

/** The texts of what waits. */
async function take(pending: PendingRecords): Promise<string[]> {
  const { bytes } = await pending.take(taker);
  pending.onWritten();
  const texts: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    assert(isIntact(bytes, start, end), decodeBytes(bytes, start, end));
    texts.push(textOf(bytes, start, end));
    start = end + 1;
  }
  return texts;
}

function add(pending: PendingRecords, ...records: readonly Report[]): void {
  for (const record of records) assert(pending.add(record));
}

Deno.test({
  name: "a record takes the place of an earlier one of its client",
  permissions: "none",
  async fn() {
    const pending = new PendingRecords();
    const [first, other, second] = [
      reportOf("kiwi", 1001),
      reportOf("pear", 1001),
      reportOf("kiwi", 1002),
    ];
    add(pending, first, other, second);
    assertEquals(pending.records, 2);
    assertEquals(await take(pending), [second.line, other.line]);
    assertEquals(await take(pending), []);
    // What was taken is not changed.
    add(pending, reportOf("kiwi", 1003));
    assertEquals(await take(pending), [reportOf("kiwi", 1003).line]);
  },
});

Deno.test({
  name: "a record of another client, length or kind takes no place",
  permissions: "none",
  async fn() {
    const pending = new PendingRecords();
    const records = [
      reportOf("kiwi", 1),
      reportOf("kiwi", 10),
      makeDeletion("kiwi", { seconds: 5, nanoseconds: 0 }),
      reportOf("+34-118", 1),
      // The ID is where another line has its position.
      reportOf("+34-118", 1, "Hill.kiwi"),
    ];
    add(pending, ...records);
    pending.addText("alive 1 1");
    assertEquals(await take(pending), [
      ...records.map(({ line }) => line),
      "alive 1 1",
    ]);
  },
});

Deno.test({
  name: "the last record of each client is among those that are taken",
  permissions: "none",
  async fn() {
    const client = fc.string({
      minLength: 1,
      maxLength: 3,
      unit: "grapheme-ascii",
    })
      .map((text) => text.replaceAll(/\s/g, "-"));
    await assertProperty(fc.asyncProperty(
      fc.array(fc.tuple(client, fc.integer({ min: 1, max: 10 ** 9 }))),
      async (pairs) => {
        const pending = new PendingRecords();
        const last = new Map<string, string>();
        for (const [client, time] of pairs) {
          const report = reportOf(client, time);
          add(pending, report);
          last.set(client, report.line);
        }
        const texts = await take(pending);
        for (const line of last.values()) assert(texts.includes(line), line);
        assert(texts.length <= pairs.length);
      },
    ));
  },
});
