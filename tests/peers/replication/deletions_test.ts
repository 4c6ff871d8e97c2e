import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";
import { root } from "../../../peers/store/digest_tree.ts";
import { heardSecondsOf } from "../../../protocol/order.ts";
import { clientOf } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import fc from "../../fast_check.ts";
import { openRouter } from "../../fakes/memory_herd.ts";
import { timestampOf } from "../../fakes/timestamp.ts";
import { assertProperty } from "../../property.ts";
import { linkUp } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { receive, takeAllLines } from "./take_lines.ts";

const now = () => timestampOf(1_000);

function open(): FloodRouter {
  return openRouter({ now, treeKey: "0".repeat(32) });
}

function forget(router: FloodRouter, client: string, until: number): void {
  const result = router.forget(client, timestampOf(until));
  assert(typeof result !== "string", `${result}`);
}

Deno.test({
  name: "a deletion is flooded to all neighbours but the one that sent it",
  permissions: "none",
  fn() {
    const hill = open();
    const [smith, jaquez] = [linkUp(hill, "Smith"), linkUp(hill, "Jaquez")];
    hill.accept(reportOf("kiwi", 5), "Smith");
    takeAllLines(jaquez);
    const line = "FORGET kiwi 7.000000000";
    receive(hill, "Smith", line);
    assertEquals(hill.newest("kiwi"), undefined);
    // A later report of the client may have come first: Hill compares.
    const verbs = takeAllLines(smith).map((text) => text.split(" ")[0]);
    assertEquals(verbs, ["DIGEST"]);
    assertEquals(takeAllLines(jaquez), [line]);
    // The same one again, and an earlier one, end here.
    receive(hill, "Jaquez", line);
    receive(hill, "Jaquez", "FORGET kiwi 6.000000000");
    assertEquals([takeAllLines(smith), takeAllLines(jaquez)], [[], []]);
    hill.accept(reportOf("kiwi", 7), "Smith");
    assertEquals(hill.counts.deleted, 1);
    assertEquals(takeAllLines(jaquez), []);
  },
});

Deno.test({
  name: "by default, a client is forgotten until now or its report's time",
  permissions: "none",
  fn() {
    const hill = open();
    hill.accept(reportOf("kiwi", 5));
    // The clock of the other server is ahead.
    const ahead = reportOf("pear", 1_010, "Smith");
    hill.accept(ahead);
    assertEquals(hill.forget("kiwi"), {
      until: now(),
      removed: reportOf("kiwi", 5).line,
    });
    assertEquals(hill.forget("pear"), {
      until: timestampOf(1_010),
      removed: ahead.line,
    });
    assertEquals(hill.forget("plum"), { until: now(), removed: undefined });
    assertEquals([...hill.records()], []);
    assertEquals(hill.deletions, 3);
    // So much ahead, a clock is wrong.
    assertEquals(hill.forget("fig", timestampOf(1_061)), "ahead");
    assertEquals(hill.forget("fig", timestampOf(10 ** 14)), "ahead");
    assertEquals(hill.forget("fig", timestampOf(0)), {
      until: timestampOf(0),
      removed: undefined,
    });
  },
});

Deno.test({
  name: "a deletion waits beside the report that follows it, in any backlog",
  permissions: "none",
  fn() {
    const hill = openRouter({ now, maxOutboxBytes: 2 ** 20 });
    const outbox = linkUp(hill, "Smith");
    // Longer than a write, so that what follows is kept by client.
    const long = "x".repeat(60_000);
    for (let index = 0; index < 6; index++) {
      hill.accept(reportOf(`${index}${long}`, 5));
    }
    hill.accept(reportOf("kiwi", 5));
    forget(hill, "kiwi", 6);
    hill.accept(reportOf("kiwi", 7));
    forget(hill, "kiwi", 6.5);
    const lines = takeAllLines(outbox).filter((line) =>
      line.includes(" kiwi ")
    );
    assertEquals(lines.sort(), [
      reportOf("kiwi", 7).line,
      "FORGET kiwi 6.500000000",
    ]);
  },
});

/** Lets two servers compare until nothing is left to send. */
function compare(one: FloodRouter, other: FloodRouter): number {
  const ends: [FloodRouter, string, Outbox][] = [
    [other, "One", one.link("Other")],
    [one, "Other", other.link("One")],
  ];
  one.receive("Other", { verb: "TREE", key: other.treeKey });
  other.receive("One", { verb: "TREE", key: one.treeKey });
  one.compare("Other");
  let lines = 0;
  for (let isBusy = true; isBusy;) {
    isBusy = false;
    for (const [router, from, outbox] of ends) {
      for (const line of takeAllLines(outbox)) {
        isBusy = true;
        lines += 1;
        receive(router, from, line);
      }
    }
  }
  one.unlink("Other");
  other.unlink("One");
  return lines;
}

Deno.test({
  name:
    "a comparison repairs deletions, and nothing that is deleted comes back",
  permissions: "none",
  fn() {
    const [one, other] = [open(), open()];
    for (const router of [one, other]) {
      for (let index = 0; index < 100; index++) {
        router.accept(reportOf(`client-${index}`, 5));
      }
    }
    for (let index = 0; index < 10; index++) forget(one, `client-${index}`, 6);
    forget(other, "client-10", 6);
    forget(other, "client-11", 4);
    forget(one, "client-12", 6);
    forget(other, "client-12", 7);
    other.accept(reportOf("client-0", 7));
    compare(one, other);
    for (const router of [one, other]) {
      assertEquals(router.clients, 100 - 11);
      assertEquals(router.newest("client-0"), reportOf("client-0", 7).line);
      assertEquals(router.newest("client-1"), undefined);
      assertEquals(router.newest("client-12"), undefined);
      assertEquals(router.deletions, 13);
      assertEquals(router.deletedUntil("client-12"), timestampOf(7));
    }
    // Nothing is left to say but digests and keys.
    assert(compare(one, other) < 10);
  },
});

Deno.test({
  name: "servers agree after any reports, deletions and comparisons",
  permissions: "none",
  fn() {
    const clients = ["kiwi", "pear"];
    const step = fc.record({
      server: fc.nat(2),
      client: fc.constantFrom(...clients),
      time: fc.integer({ min: 970, max: 999 }),
      act: fc.constantFrom("report", "report", "forget", "compare"),
    });
    assertProperty(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const herd = [open(), open(), open()];
      const latest = new Map<string, number>();
      let reports = 0;
      for (const { act, client, server, time } of steps) {
        const router = herd[server];
        // The clients' clocks are slower than those of the servers.
        if (act === "report") {
          router.accept(reportOf(client, time, `S${reports++}`));
        }
        if (act === "compare") compare(router, herd[(server + 1) % 3]);
        if (act !== "forget") continue;
        forget(router, client, time);
        latest.set(client, Math.max(time, latest.get(client) ?? 0));
      }
      for (let round = 0; round < 2; round++) {
        for (let index = 0; index < 3; index++) {
          compare(herd[index], herd[(index + 1) % 3]);
        }
      }
      const tables = herd.map((router) => [...router.records()].sort());
      assertEquals(tables[1], tables[0]);
      assertEquals(tables[2], tables[0]);
      assertEquals(
        new Set(herd.map(({ digests }) => digests.digestOf(root))).size,
        1,
      );
      for (const line of tables[0]) {
        const until = latest.get(clientOf(line)) ?? 0;
        assert(heardSecondsOf(line) > until, `${line} of ${until}`);
      }
      for (const { deletions } of herd) assertEquals(deletions, latest.size);
      // Whoever reports again is seen.
      for (const client of clients) {
        herd[0].accept(reportOf(client, 1_000));
        compare(herd[0], herd[1]);
        assertEquals(herd[1].newest(client), reportOf(client, 1_000).line);
      }
    }));
  },
});
