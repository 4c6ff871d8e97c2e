import { ReportTable } from "../../../peers/store/report_table.ts";
import { makeDeletion } from "../../../protocol/deletion.ts";
import { Random } from "../../../runtime/random.ts";
import { assertEquals } from "../../assert.ts";
import fc from "../../fast_check.ts";
import { anySeed, assertProperty } from "../../property.ts";
import { reportOf } from "../reports.ts";

const admit = () => undefined;

/** All records that have changed, sorted; each has to come once. */
function takeAll(table: ReportTable): string[] {
  const taken: string[] = [];
  while (true) {
    const record = table.nextChanged();
    if (record === undefined) return taken.sort();
    taken.push(record.record);
  }
}

Deno.test({
  name: "a record that has changed is taken once, as it is then",
  permissions: "none",
  fn() {
    const table = new ReportTable();
    const put = (client: string, time: number) =>
      table.put(reportOf(client, time), undefined, admit);
    put("kiwi", 1);
    assertEquals(takeAll(table), []);
    table.noteChanges(true);
    put("kiwi", 2);
    put("pear", 1);
    put("fig", 1);
    put("kiwi", 3);
    table.delete("pear");
    assertEquals(table.changed.records, 2);
    // It changes after it was taken, and before the others are.
    const first = table.nextChanged()!.record;
    put("kiwi", 4);
    assertEquals(first, reportOf("kiwi", 3).record);
    const [fig, kiwi] = [reportOf("fig", 1).record, reportOf("kiwi", 4).record];
    assertEquals(takeAll(table), [fig, kiwi].sort());
    assertEquals(table.changed, { records: 0, bytes: 0 });
    put("kiwi", 4);
    put("kiwi", 5);
    table.noteChanges(false);
    put("kiwi", 6);
    put("pear", 6);
    assertEquals(takeAll(table), [reportOf("kiwi", 6).record]);
    assertEquals(table.changed, { records: 0, bytes: 0 });
  },
});

Deno.test({
  name: "changes are noted while records are added, removed and moved",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anySeed, (seed) => checkChanges(new Random(seed))),
      { numRuns: 2 },
    );
  },
});

/** Changes a table at random, and compares what it notes with what changed. */
function checkChanges(random: Random): void {
  const table = new ReportTable();
  table.noteChanges(true);
  /** By client or deletion, the record, and whether it has to be taken. */
  const records = new Map<string, string>();
  const changed = new Set<string>();
  const note = (key: string, record: string) => {
    records.set(key, record);
    changed.add(key);
  };
  const expected = () => [...changed].map((key) => records.get(key)!).sort();
  for (let step = 1; step <= 2_000; step++) {
    // Long enough that blocks are emptied and given back.
    const client = `${random.below(300)}`.padEnd(12_000, "x");
    if (random.chance(0.3)) {
      table.delete(client);
      records.delete(client);
      changed.delete(client);
    } else if (random.chance(0.1)) {
      const until = { seconds: step, nanoseconds: 0 };
      const deletion = makeDeletion(client, until);
      table.putDeletion(deletion, () => true, admit);
      note(`FORGET ${client}`, deletion.line);
    } else {
      // Now and then it becomes longer, and has to be moved.
      const attributes = random.chance(0.5) ? "note=long".repeat(20) : "";
      const report = reportOf(client, step, "Hill", attributes);
      table.put(report, undefined, admit);
      note(client, report.record);
    }
    assertEquals(table.changed.records, changed.size);
    if (random.chance(0.01)) {
      assertEquals(takeAll(table), expected());
      assertEquals(table.changed.bytes, 0);
      changed.clear();
    } else if (random.chance(0.05)) {
      const record = table.nextChanged()?.record;
      const key = [...changed].find((key) => records.get(key) === record);
      if (key !== undefined) changed.delete(key);
      else assertEquals(changed.size, 0);
    }
  }
  assertEquals(takeAll(table), expected());
}
