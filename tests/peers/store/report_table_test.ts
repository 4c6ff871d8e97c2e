import fc from "../../fast_check.ts";
import { leafOf, root } from "../../../peers/store/digest_tree.ts";
import { fingerprint } from "../../../peers/store/fingerprint.ts";
import { maxFreeFraction } from "../../../peers/store/record_arena.ts";
import { ReportTable } from "../../../peers/store/report_table.ts";
import { hashOfTree } from "../../../peers/store/tree_hash.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { isNewer } from "../../../protocol/order.ts";
import {
  attributesOf,
  lineOf,
  makeReport,
  type Report,
} from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import { anySeed, assertProperty } from "../../property.ts";
import { ReportSource } from "../../../replica/report_source.ts";
import { Random } from "../../../runtime/random.ts";
import { fewAttributes } from "../../protocol/arbitraries.ts";
import { reportOf } from "../reports.ts";

const admitAll = (): "refused" | undefined => undefined;

/** A change of a table. */
type Step =
  | {
    readonly kind: "put";
    readonly client: string;
    readonly time: number;
    readonly attributes: string;
  }
  | { readonly kind: "delete"; readonly client: string };

/** Clients that each share a leaf with some others. */
function clientsOfFewLeaves(): string[] {
  const leaves = new Map<number, string[]>();
  const hash = hashOfTree("0".repeat(32));
  for (let number = 0; number < 400_000; number++) {
    const client = `client-${number}`;
    const view = new DataView(encodeBytes(client).buffer);
    const leaf = leafOf(hash.hash(view, 0, client.length));
    if (number < 10) leaves.set(leaf, []);
    leaves.get(leaf)?.push(client);
  }
  return [...leaves.values()].flat();
}

const anyClient = fc.constantFrom(...clientsOfFewLeaves());

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      client: anyClient,
      // With many lengths of lines.
      time: fc.oneof(
        fc.nat(9),
        fc.nat(99_999),
        fc.nat(999).map((n) => n * 100 / 7),
      ),
      attributes: fewAttributes,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      client: anyClient,
    }),
  },
);

/** All records of a table, sorted, after checks of its entries. */
function recordsOf(table: ReportTable): string[] {
  const records: string[] = [];
  const walk = table.walkBelow(root);
  for (let report; (report = table.nextOf(walk)) !== undefined;) {
    const { attributes, client, line, record } = report;
    assertEquals(walk.fingerprint, fingerprint(record));
    assertEquals(client, line.split(" ")[3]);
    assertEquals([line, attributes], [lineOf(record), attributesOf(record)]);
    records.push(record);
  }
  return records.sort();
}

Deno.test({
  name: "ReportTable has the same reports as a Map after any changes",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(
        fc.array(anyStep, { maxLength: 300, size: "max" }),
        (steps) => {
          const table = new ReportTable();
          const expected = new Map<string, string>();
          for (const step of steps) {
            const last = expected.get(step.client);
            if (step.kind === "delete") {
              assertEquals(table.delete(step.client) !== undefined, !!last);
              expected.delete(step.client);
              continue;
            }
            const { attributes, client, time } = step;
            const report = reportOf(client, time, "Hill", attributes);
            const { record } = report;
            const isFirstOrNewer = last === undefined || isNewer(record, last);
            assertEquals(table.has(report), record === last);
            const stored = table.put(report, undefined, admitAll);
            assertEquals(stored !== "known", isFirstOrNewer);
            assertEquals(
              typeof stored === "string" ? undefined : stored.replaced,
              isFirstOrNewer && last !== undefined
                ? fingerprint(last)
                : undefined,
            );
            if (isFirstOrNewer) expected.set(step.client, record);
          }
          for (const [client, record] of expected) {
            assertEquals(table.get(client), lineOf(record));
            assertEquals(table.getRecord(client), record);
          }
          assertEquals(table.size, expected.size);
          assertEquals(recordsOf(table), [...expected.values()].sort());
        },
      ),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "ReportTable finds each of 30,000 clients while others change",
  permissions: "none",
  fn() {
    const table = new ReportTable();
    const count = 30_000;
    for (let client = 0; client < count; client++) {
      table.put(reportOf(`client-${client}`, 1), undefined, admitAll);
    }
    for (let client = 0; client < count; client += 3) {
      assert(table.delete(`client-${client}`) !== undefined);
    }
    for (let client = 1; client < count; client += 3) {
      table.put(reportOf(`client-${client}`, 22), undefined, admitAll);
    }
    for (let client = 0; client < count; client++) {
      const time = [undefined, "22", "1"][client % 3];
      assertEquals(table.get(`client-${client}`)?.split(" ")[5], time);
    }
    assertEquals(table.size, count * 2 / 3);
  },
});

/** A report with a position of a length. */
function longReport(client: string, time: number, digits: number): Report {
  return makeReport("Hill", { seconds: time, nanoseconds: 0 }, {
    verb: "IAMAT",
    client,
    position: `+1.${"0".repeat(digits)}-118`,
    time: String(time),
  });
}

Deno.test({
  name: "ReportTable frees memory when lines grow, shrink and are removed",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anySeed, (seed) => {
        const random = new Random(seed);
        const table = new ReportTable();
        const expected = new Map<string, string>();
        let mostBytes = 0;
        for (let step = 1; step <= 20_000; step++) {
          // The lines grow over the run, then get short again.
          const most = step < 10_000 ? step / 2 : 40;
          const client = `client-${random.below(3_000)}`;
          if (random.chance(0.1)) {
            const known = expected.delete(client);
            assertEquals(table.delete(client) !== undefined, known);
          } else {
            const report = longReport(
              client,
              step,
              1 + random.below(Math.ceil(most)),
            );
            table.put(report, undefined, admitAll);
            expected.set(client, report.line);
          }
          mostBytes = Math.max(mostBytes, table.allocatedBytes);
          // One block is filled, and one is being emptied.
          const bound = table.bytes + 3 * 2 ** 20;
          assert(
            table.allocatedBytes <= bound,
            `${table.allocatedBytes} bytes`,
          );
        }
        assert(mostBytes > 3 * table.allocatedBytes, "nothing was given back");
        for (const [client, line] of expected) {
          assertEquals(table.get(client), line);
        }
        assertEquals(recordsOf(table), [...expected.values()].sort());
        const walk = table.walk();
        const walked: string[] = [];
        const note = ({ line }: Report) => {
          walked.push(line);
          return false;
        };
        while (table.sweep(walk, note, () => {}));
        assertEquals(walked.sort(), [...expected.values()].sort());
      }),
      { numRuns: 3 },
    );
  },
});

Deno.test({
  name: "ReportTable counts the bytes of attributes, and of their source",
  permissions: "none",
  fn() {
    const table = new ReportTable();
    const source = new ReportSource("one");
    const put = (time: number, attributes: string) =>
      table.put(reportOf("kiwi", time, "Hill", attributes), source, admitAll);
    put(1, "");
    const [bytes, charged] = [table.bytes, table.bytesOf(source)];
    const attributes = `tid=${"x".repeat(251)}`;
    put(2, attributes);
    // A space comes before them.
    const more = (attributes.length + 1) * (1 + maxFreeFraction);
    assertEquals(table.bytes - bytes, more);
    assertEquals(table.bytesOf(source) - charged, more);
    put(3, "");
    assertEquals([table.bytes, table.bytesOf(source)], [bytes, charged]);
  },
});

Deno.test({
  name: "ReportTable charges each client to the source that reported it last",
  permissions: "none",
  fn() {
    const table = new ReportTable([1, 2]);
    const sources = ["one", "other"].map((key) => new ReportSource(key));
    const [one, other] = sources;
    const charged = () => sources.map((source) => table.clientsOf(source));
    const put = (client: string, time: number, source?: ReportSource) =>
      table.put(reportOf(client, time), source, admitAll);
    put("kiwi", 1, one);
    put("plum", 1, one);
    assertEquals(charged(), [2, 0]);
    // Lines of the same length, and longer ones, which move.
    for (const time of [2, 3, 1_000, 1_001]) put("kiwi", time, one);
    assertEquals(charged(), [2, 0]);
    put("kiwi", 1_002, other);
    assertEquals(charged(), [1, 1]);
    table.startRebuild("1".repeat(32));
    while (table.isRebuilding) table.rebuild(1);
    put("plum", 2, other);
    assertEquals(charged(), [0, 2]);
    put("plum", 3);
    assertEquals(charged(), [0, 1]);
    table.delete("kiwi");
    assertEquals(charged(), [0, 0]);
    assertEquals(sources.map((source) => table.bytesOf(source)), [0, 0]);
  },
});
