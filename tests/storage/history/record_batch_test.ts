import { ReportTimes } from "../../../protocol/order.ts";
import type { Report } from "../../../protocol/report.ts";
import {
  maxBatchBytes,
  maxWaitingBytes,
} from "../../../storage/history/limits.ts";
import {
  readBatch,
  WaitingRecords,
} from "../../../storage/history/record_batch.ts";
import { assert, assertEquals } from "../../assert.ts";
import fc from "../../fast_check.ts";
import { assertProperty } from "../../property.ts";
import {
  anyBatches,
  anyClient,
  at,
  batchOf,
  reportAt,
  reportsOf,
} from "./records.ts";

const times = new ReportTimes();

function add(waiting: WaitingRecords, report: Report): boolean {
  return waiting.add(report, times.read(report));
}

Deno.test({
  name: "a batch gives the records that were added, whatever their bytes",
  permissions: "none",
  fn() {
    const anyOne = anyClient.map((client) => reportAt(client, 5));
    assertProperty(
      fc.property(anyBatches, fc.array(anyOne), (some, others) => {
        const reports = [...reportsOf(some.flat()), ...others];
        const read = Array.from(readBatch(batchOf(reports)), (report) => [
          report.line,
          report.attributes,
          report.client,
          report.bytes.subarray(report.timeStart, report.end).length,
        ]);
        assertEquals(
          read,
          reports.map(({ attributes, client, end, line, timeStart }) => [
            line,
            attributes,
            client,
            end - timeStart,
          ]),
        );
      }),
    );
  },
});

Deno.test({
  name: "records wait in order, and in batches of a limited size",
  permissions: "none",
  fn() {
    const waiting = new WaitingRecords();
    const clients: string[] = [];
    while (waiting.bytes < 2.5 * maxBatchBytes) {
      const client = `${clients.length}`.padStart(1_000, "x");
      clients.push(client);
      assert(add(waiting, reportAt(client, 5)));
    }
    assertEquals(waiting.records, clients.length);
    const sizes: number[] = [];
    const taken: string[] = [];
    while (true) {
      const batch = waiting.take();
      if (batch === undefined) break;
      sizes.push(batch.bytes);
      for (const { client } of readBatch(batch)) taken.push(client);
      waiting.reuse(batch.buffer);
    }
    assertEquals(taken, clients);
    assertEquals(sizes.length, 3);
    assert(sizes.every((bytes) => bytes <= maxBatchBytes), String(sizes));
    assertEquals([waiting.bytes, waiting.records], [0, 0]);
  },
});

Deno.test({
  name: "a buffer that is used again has only the new records",
  permissions: "none",
  fn() {
    const waiting = new WaitingRecords();
    add(waiting, reportAt("kiwi".repeat(100), 5, at(6)));
    const first = waiting.take()!;
    // The next one was begun already.
    add(waiting, reportAt("pear", 5));
    waiting.reuse(first.buffer);
    assertEquals(waiting.take()!.records, 1);
    add(waiting, reportAt("fig", 7));
    const last = waiting.take()!;
    assertEquals(last.buffer, first.buffer);
    const clients = Array.from(readBatch(last), ({ client }) => client);
    assertEquals(clients, ["fig"]);
  },
});

Deno.test({
  name: "no more records wait than the limit",
  permissions: "none",
  fn() {
    const waiting = new WaitingRecords();
    const report = reportAt("x".repeat(60_000), 5);
    let added = 0;
    while (add(waiting, report)) added += 1;
    assert(waiting.bytes <= maxWaitingBytes);
    assert(waiting.bytes > maxWaitingBytes - 70_000);
    assertEquals(waiting.records, added);
    waiting.take();
    assert(add(waiting, report));
  },
});
