import fc from "../../fast_check.ts";
import { leafOf, root } from "../../../peers/store/digest_tree.ts";
import { fingerprint } from "../../../peers/store/fingerprint.ts";
import { ReportTable } from "../../../peers/store/report_table.ts";
import { hashOfTree } from "../../../peers/store/tree_hash.ts";
import { makeTreeKey } from "../../../peers/tree_key.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { clientOf, makeReport, type Report } from "../../../protocol/report.ts";
import { Random } from "../../../runtime/random.ts";
import { assert, assertEquals } from "../../assert.ts";
import { anySeed, assertProperty } from "../../property.ts";
import { reportOf } from "../reports.ts";

const admitAll = () => undefined;

const keys = ["1", "2", "3"].map((digit) => digit.padEnd(32, "0"));

function leafUnder(key: string, client: string): number {
  const view = new DataView(encodeBytes(client).buffer);
  return leafOf(hashOfTree(key).hash(view, 0, client.length));
}

/** The lines of a table by walking its tree, sorted, after checks of leaves. */
function treeLinesOf(table: ReportTable): string[] {
  const lines: string[] = [];
  const walk = table.walkBelow(root);
  for (let report; (report = table.nextOf(walk)) !== undefined;) {
    const { client, line } = report;
    assertEquals(walk.fingerprint, fingerprint(line));
    assertEquals(walk.leaf, leafUnder(table.treeKey, client));
    lines.push(line);
  }
  return lines.sort();
}

/** A report with a line of some length. */
function reportOfLength(client: string, time: number, digits: number): Report {
  return makeReport("Hill", { seconds: time, nanoseconds: 0 }, {
    verb: "IAMAT",
    client,
    position: `+1.${"0".repeat(digits)}-118`,
    time: String(time),
  });
}

Deno.test({
  name: "a table that gets another key has the tree of that key in the end",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anySeed, (seed) => {
        const random = new Random(seed);
        const table = new ReportTable([1, 2], keys[2]);
        const expected = new Map<string, string>();
        const change = (step: number) => {
          const client = `client-${random.below(300)}`;
          if (random.chance(0.3)) {
            assertEquals(
              table.delete(client) !== undefined,
              expected.delete(client),
            );
          } else {
            // Lines of other lengths move to other addresses.
            const digits = 1 + random.below(step % 3 === 0 ? 30_000 : 50);
            const report = reportOfLength(client, step + 1, digits);
            table.put(report, undefined, admitAll);
            expected.set(client, report.line);
          }
        };
        let step = 0;
        for (; step < 600; step++) change(step);
        for (const key of [keys[1], keys[0]]) {
          table.startRebuild(key);
          for (; table.isRebuilding; step++) {
            if (random.chance(0.7)) change(step);
            else table.rebuild(random.below(20));
            // What is in the tree is in its place.
            const lines = treeLinesOf(table);
            assertEquals(table.digests.countOf(root), lines.length);
          }
          const lines = [...expected.values()].sort();
          assertEquals(treeLinesOf(table), lines);
          assertEquals([...table.records()].sort(), lines);
          const sum = lines.map(fingerprint).reduce(
            (sum, next) => sum ^ BigInt(next),
            0n,
          );
          assertEquals(BigInt(table.digests.digestOf(root)), sum);
          for (const line of lines.slice(0, 9)) {
            const leaf = leafUnder(key, clientOf(line));
            assertEquals(table.inLeaf(leaf, fingerprint(line))?.line, line);
            assertEquals(table.inLeaf(leaf ^ 1, fingerprint(line)), undefined);
          }
        }
        for (const client of expected.keys()) table.delete(client);
        assertEquals(table.digests.digestOf(root), 0);
        table.startRebuild("0".repeat(32));
        assertEquals(table.isRebuilding, false);
      }),
      { numRuns: 3 },
    );
  },
});

Deno.test({
  name: "a walk over a leaf goes on while its records move and go",
  permissions: "none",
  fn() {
    assertProperty(
      fc.property(anySeed, (seed) => {
        const random = new Random(seed);
        const table = new ReportTable([1, 2], keys[0]);
        const clients = clientsOfOneLeaf(60);
        for (const client of clients) {
          table.put(reportOf(client, 1), undefined, admitAll);
        }
        const untouched = new Set(clients);
        const walk = table.walkBelow(root);
        const seen: string[] = [];
        for (let step = 2;; step++) {
          const report = table.nextOf(walk);
          if (report === undefined) break;
          seen.push(report.client);
          const client = random.pick(clients);
          untouched.delete(client);
          if (random.chance(0.5)) table.delete(client);
          else {
            const digits = 1 + random.below(30_000);
            table.put(
              reportOfLength(client, step, digits),
              undefined,
              admitAll,
            );
          }
        }
        for (const client of untouched) {
          assertEquals(seen.filter((other) => other === client).length, 1);
        }
        // A walk that ends early, and one in a tree that is given up.
        const [ended, left] = [table.walkBelow(root), table.walkBelow(root)];
        assert(table.size === 0 || table.nextOf(left) !== undefined);
        table.endWalk(ended);
        assertEquals(table.nextOf(ended), undefined);
        table.startRebuild("0".repeat(32));
        assertEquals(table.nextOf(left), undefined);
      }),
      { numRuns: 20 },
    );
  },
});

Deno.test({
  name: "IDs that share a leaf under one key are spread under another",
  permissions: "none",
  fn() {
    const clients = clientsOfOneLeaf(200);
    const leaves = new Set(clients.map((client) => leafUnder(keys[1], client)));
    assert(leaves.size > 190, `${leaves.size} leaves`);
  },
});

Deno.test({
  name:
    "makeTreeKey() makes a later key larger, whatever the random digits are",
  permissions: "none",
  fn() {
    const seconds = fc.double({ min: -10, max: 2 ** 45, noNaN: true });
    const random = fc.string({
      unit: fc.constantFrom(..."0123456789abcdef"),
      minLength: 32,
      maxLength: 32,
    });
    assertProperty(
      fc.property(seconds, random, random, (seconds, one, other) => {
        const key = makeTreeKey(seconds, one);
        assert(/^[0-9a-f]{32}$/.test(key), key);
        assert(
          seconds + 1 >= 2 ** 40 || makeTreeKey(seconds + 1, other) > key ||
            seconds < 0,
        );
      }),
    );
  },
});

/** Clients of one leaf under the first key. */
function clientsOfOneLeaf(count: number): string[] {
  const leaf = leafUnder(keys[0], "client");
  const clients: string[] = [];
  for (let number = 0; clients.length < count; number++) {
    const client = `c${number.toString(36)}`;
    if (leafUnder(keys[0], client) >>> 8 === leaf >>> 8) clients.push(client);
  }
  return clients;
}
