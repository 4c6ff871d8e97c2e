import fc from "../../fast_check.ts";
import { leafOf, root } from "../../../peers/store/digest_tree.ts";
import { hashOfTree } from "../../../peers/store/tree_hash.ts";
import { maxLineIds } from "../../../peers/limits.ts";
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { parseMessage } from "../../../peers/replication/messages.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";
import { isNewer } from "../../../protocol/order.ts";
import { parseReport } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";
import { openRouter } from "../../fakes/memory_herd.ts";
import { anyRecord } from "../../protocol/arbitraries.ts";
import { linkUp } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { takeAllLines, takeLines } from "./take_lines.ts";

/** The traffic of one comparison. */
interface Crossing {
  readonly reports: string[];
  /** Bytes of all other lines. */
  overheadBytes: number;
}

/** Lets two servers compare until nothing is left to send. */
function compare(hill: FloodRouter, smith: FloodRouter): Crossing {
  const crossing: Crossing = { reports: [], overheadBytes: 0 };
  const toSmith = hill.link("Smith");
  const toHill = smith.link("Hill");
  // The first lines are the keys of the trees.
  for (const [router, from] of [[hill, "Smith"], [smith, "Hill"]] as const) {
    router.receive(from, { verb: "TREE", key: router.treeKey });
  }
  hill.compare("Smith");
  while (
    deliver(toSmith, "Hill", smith, crossing) +
        deliver(toHill, "Smith", hill, crossing) > 0
  );
  hill.unlink("Smith");
  smith.unlink("Hill");
  return crossing;
}

function deliver(
  outbox: Outbox,
  from: string,
  to: FloodRouter,
  crossing: Crossing,
): number {
  let count = 0;
  for (let lines; (lines = takeLines(outbox)).length > 0;) {
    for (const line of lines) {
      count += 1;
      const report = parseReport(line, () => true);
      if (report !== undefined) {
        crossing.reports.push(line);
        to.accept(report, from);
      } else {
        crossing.overheadBytes += line.length + 1;
        to.receive(from, parseMessage(line, () => true)!);
      }
    }
  }
  return count;
}

function isEqual(one: FloodRouter, other: FloodRouter): boolean {
  const [lines, others] = [
    [...one.records()].sort(),
    [...other.records()].sort(),
  ];
  return lines.length === others.length &&
    lines.every((line, index) => line === others[index]);
}

/** Two servers that have the same `count` clients. */
function equalRouters(count: number): [FloodRouter, FloodRouter] {
  const [hill, smith] = [openRouter(), openRouter()];
  for (let index = 0; index < count; index++) {
    const report = reportOf(`client-${index}`, 1_000);
    hill.accept(report);
    smith.accept(report);
  }
  return [hill, smith];
}

Deno.test({
  name: "compare() leaves the newest reports of clients with any clocks",
  permissions: "none",
  fn() {
    const client = fc.nat(20).map((index) => `client-${index}`);
    const lines = fc.array(
      fc.tuple(anyRecord, client, fc.constantFrom("Hill", "Smith")),
      { maxLength: 100, size: "max" },
    );
    assertProperty(
      fc.property(lines, (lines) => {
        const [hill, smith] = [openRouter(), openRouter()];
        const newest = new Map<string, string>();
        for (const [kiwi, client, server] of lines) {
          const line = kiwi.replace(" kiwi ", ` ${client} `);
          const known = newest.get(client);
          if (known === undefined || isNewer(line, known)) {
            newest.set(client, line);
          }
          const router = server === "Hill" ? hill : smith;
          router.accept(parseReport(line, () => true)!);
        }
        const { reports } = compare(hill, smith);
        for (const router of [hill, smith]) {
          assertEquals(
            [...router.records()].sort(),
            [...newest.values()].sort(),
          );
        }
        // Each is sent once, or in both directions within a second.
        assertEquals(new Set(reports).size, reports.length);
      }),
    );
  },
});

Deno.test({
  name: "compare() sends a report only one way if its second is later",
  permissions: "none",
  fn() {
    // By its time alone, the older report would seem to be newer.
    const older = "AT Hill -900000.000000000 kiwi +1+1 901000";
    const newer = "AT Smith +1.000000000 kiwi +2+2 1001";
    const [hill, smith] = [openRouter(), openRouter()];
    hill.accept(parseReport(older, () => true)!);
    smith.accept(parseReport(newer, () => true)!);
    assertEquals(compare(hill, smith).reports, [newer]);
    assertEquals([hill.newest("kiwi"), smith.newest("kiwi")], [newer, newer]);
  },
});

Deno.test({
  name: "compare() makes any two servers equal",
  permissions: "none",
  fn() {
    const client = fc.nat(400).map((index) => `client-${index}`);
    // Few times, so that many are equal; some differ by less than 1 s.
    const time = fc.constantFrom(1, 2, 3, 3.25, 3.5, 4);
    const reports = fc.array(
      fc.record({ client, time, server: fc.constantFrom("Hill", "Smith") }),
      { maxLength: 600, size: "max" },
    );
    assertProperty(
      fc.property(reports, reports, reports, (both, ours, theirs) => {
        const [hill, smith] = [openRouter(), openRouter()];
        for (const { client, server, time } of both) {
          const report = reportOf(client, time, server);
          hill.accept(report);
          smith.accept(report);
        }
        for (const { client, server, time } of ours) {
          hill.accept(reportOf(client, time, server));
        }
        for (const { client, server, time } of theirs) {
          smith.accept(reportOf(client, time, server));
        }
        compare(hill, smith);
        assert(isEqual(hill, smith));
        assertEquals(
          hill.digests.digestOf(root),
          smith.digests.digestOf(root),
        );
        // A second comparison costs few bytes.
        const again = compare(hill, smith);
        assertEquals(again.reports, []);
        assert(again.overheadBytes < 400);
      }),
      { numRuns: 60 },
    );
  },
});

Deno.test({
  name: "compare() costs less than 400 bytes for 100,000 equal clients",
  permissions: "none",
  fn() {
    const { overheadBytes, reports } = compare(...equalRouters(100_000));
    assertEquals(reports, []);
    assert(overheadBytes < 400, `${overheadBytes} bytes`);
  },
});

Deno.test({
  name: "compare() sends 10 reports when 10 of 100,000 differ",
  permissions: "none",
  fn() {
    const changes: [string, (hill: FloodRouter, smith: FloodRouter) => void][] =
      [
        ["only Hill has them", (hill) => addTen(hill, "new", 1_000)],
        ["only Smith has them", (_, smith) => addTen(smith, "new", 1_000)],
        ["Hill's are newer", (hill) => addTen(hill, "client", 2_000)],
        ["Smith's are newer", (_, smith) => addTen(smith, "client", 2_000)],
      ];
    for (const [what, change] of changes) {
      const [hill, smith] = equalRouters(100_000);
      change(hill, smith);
      const { overheadBytes, reports } = compare(hill, smith);
      assert(isEqual(hill, smith), what);
      assertEquals(reports.length, 10, what);
      assert(overheadBytes < 20_000, `${what}: ${overheadBytes} bytes`);
    }
  },
});

Deno.test({
  name: "compare() sends an empty server little besides the reports",
  permissions: "none",
  fn() {
    for (const [one, other] of [[1_000, 0], [0, 1_000]]) {
      const [hill, smith] = [openRouter(), openRouter()];
      for (let index = 0; index < one; index++) {
        hill.accept(reportOf(`client-${index}`, 1));
      }
      for (let index = 0; index < other; index++) {
        smith.accept(reportOf(`client-${index}`, 1));
      }
      const { overheadBytes, reports } = compare(hill, smith);
      assert(isEqual(hill, smith));
      assertEquals(reports.length, 1_000);
      assert(overheadBytes < 1_000, `${overheadBytes} bytes`);
    }
  },
});

Deno.test({
  name: "compare() sends lists that are too long for a line in parts",
  permissions: "none",
  fn() {
    // An attacker who knew the key could choose such IDs.
    const colliding = clientsOfOneLeaf(maxLineIds + 6);
    const [hill, smith] = [openRouter(), openRouter()];
    for (const client of colliding) hill.accept(reportOf(client, 1));
    for (const client of colliding.slice(1)) smith.accept(reportOf(client, 1));
    const { reports } = compare(hill, smith);
    assertEquals(reports, [reportOf(colliding[0], 1).line]);
  },
});

Deno.test({
  name: "compare() distinguishes two clients of one leaf",
  permissions: "none",
  fn() {
    const [one, other] = clientsOfOneLeaf(2);
    const never = 0;
    for (const ours of [[12, 3], [12, never], [12, 8], [never, 3]]) {
      for (const theirs of [[10, 8], [never, 8], [12, 8]]) {
        for (const isDialer of [true, false]) {
          const [hill, smith] = [ours, theirs].map((times) => {
            const router = openRouter();
            [one, other].forEach((client, index) => {
              const time = times[index];
              if (time !== never) router.accept(reportOf(client, time));
            });
            return router;
          });
          if (isDialer) compare(hill, smith);
          else compare(smith, hill);
          assert(isEqual(hill, smith), `${ours} and ${theirs}`);
        }
      }
    }
  },
});

Deno.test({
  name: "compare() does nothing while reports of a comparison wait",
  permissions: "none",
  fn() {
    const hill = openRouter();
    for (let index = 0; index < 2_000; index++) {
      hill.accept(reportOf(`client-${index}`, 1));
    }
    const toSmith = linkUp(hill, "Smith");
    // Smith has no reports, so all must be sent, in more than one write.
    hill.receive("Smith", {
      verb: "DIGEST",
      node: root,
      digests: Array(16).fill(0),
    });
    const lines = takeLines(toSmith);
    hill.compare("Smith");
    lines.push(...takeAllLines(toSmith));
    const [reports, others] = [true, false].map((isReport) =>
      lines.filter((line) => line.startsWith("AT ") === isReport)
    );
    assertEquals(reports.length, 2_000);
    assert(others.every((line) => line.startsWith("ECHO ")), `${others}`);
    hill.compare("Smith");
    assertEquals(takeLines(toSmith).length, 1);
  },
});

Deno.test({
  name: "a server without catch-up neither starts nor answers comparisons",
  permissions: "none",
  fn() {
    const hill = openRouter();
    const smith = openRouter({ catchUp: false });
    hill.accept(reportOf("kiwi", 1));
    smith.accept(reportOf("pear", 1));
    compare(hill, smith);
    compare(smith, hill);
    assertEquals([hill.clients, smith.clients], [1, 1]);
  },
});

/** Clients that share a leaf under the key of the tests. */
function clientsOfOneLeaf(count: number): string[] {
  const hash = hashOfTree("0".repeat(32));
  const view = new DataView(new ArrayBuffer(7));
  const clients: string[] = [];
  for (let number = 0; clients.length < count; number++) {
    // Seven digits from `A` on, of four bits each.
    for (let at = 0; at < 7; at++) {
      view.setUint8(at, 0x41 + (number >>> 4 * at & 15));
    }
    if (leafOf(hash.hash(view, 0, 7)) !== 0x1234) continue;
    clients.push(new TextDecoder().decode(view));
  }
  return clients;
}

function addTen(router: FloodRouter, kind: string, time: number): void {
  for (let index = 0; index < 10; index++) {
    router.accept(reportOf(`${kind}-${index * 37}`, time));
  }
}
