import { outboxEntryBytes } from "../../../peers/limits.ts";
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { Outbox } from "../../../peers/replication/outbox.ts";
import {
  fingerprint,
  formatFingerprint,
} from "../../../peers/store/fingerprint.ts";
import type { Report } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import { openRouter } from "../../fakes/memory_herd.ts";
import { linkAligned } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { receive, takeAllLines, takeLines } from "./take_lines.ts";

/** A report of Singleton with attributes, or none. */
const about = (client: string, time: number, attributes = "tid=mx") =>
  reportOf(client, time, "Singleton", attributes);

const reportsOf = (lines: readonly string[]) =>
  lines.filter((line) => line.startsWith("AT "));

/** Links a router with Smith, of a version with attributes or without. */
function linkSmith(router: FloodRouter, takesAttributes: boolean): Outbox {
  const outbox = router.link("Smith", takesAttributes);
  receive(router, "Smith", `TREE ${router.treeKey}`);
  takeAllLines(outbox);
  return outbox;
}

for (const takesAttributes of [true, false]) {
  const version = takesAttributes ? "with" : "without";
  /** What such a neighbour gets of a report. */
  const sentOf = (client: string, time: number) => {
    const { line, record } = about(client, time);
    return takesAttributes ? record : line;
  };

  Deno.test({
    name: `a neighbour of a version ${version} attributes gets new reports so`,
    permissions: "none",
    fn() {
      const hill = openRouter();
      const smith = linkSmith(hill, takesAttributes);
      hill.accept(about("kiwi", 1), "Jaquez");
      hill.acceptOwn(about("kiwi", 2));
      assertEquals(takeLines(smith), [sentOf("kiwi", 1), sentOf("kiwi", 2)]);
      assertEquals(hill.newest("kiwi"), about("kiwi", 2).line);
      assertEquals(hill.newestRecord("kiwi"), about("kiwi", 2).record);
    },
  });

  Deno.test({
    name:
      `a slow neighbour ${version} attributes gets reports of the backlog so`,
    permissions: "none",
    fn() {
      const outbox = new Outbox({ takesAttributes });
      const put = (report: Report) =>
        outbox.put(report, fingerprint(report.record));
      while (outbox.backlog === 0) put(about("x".repeat(60_000), 1));
      const before = outbox.bytes;
      for (const client of ["kiwi", "pear", "plum"]) put(about(client, 1));
      put(about("kiwi", 2));
      // Its memory is counted as it waits.
      const entries = ["kiwi", "pear", "plum"].map((client) =>
        client.length + sentOf(client, 1).length + outboxEntryBytes
      );
      assertEquals(outbox.bytes - before, entries[0] * 3);
      // The neighbour has sent one of them, and another one that is older.
      outbox.cancelOlder(about("plum", 1));
      outbox.cancelOlder(about("pear", 0));
      assertEquals(
        takeAllLines(outbox).slice(-2),
        [
          sentOf("pear", 1),
          sentOf("kiwi", 2),
        ].sort(),
      );
    },
  });

  Deno.test({
    name: `a comparison with a neighbour ${version} attributes sends them so`,
    permissions: "none",
    fn() {
      const hill = openRouter();
      hill.accept(about("kiwi", 1));
      const smith = linkSmith(hill, takesAttributes);
      receive(hill, "Smith", `DIGEST - ${"0 ".repeat(15)}0`);
      assertEquals(reportsOf(takeAllLines(smith)), [sentOf("kiwi", 1)]);
      // A report that is requested.
      receive(hill, "Smith", "PRUNE Singleton");
      hill.accept(about("kiwi", 2), "Jaquez");
      hill.runMaintenance();
      hill.runMaintenance();
      const [have] = takeLines(smith);
      const id = formatFingerprint(fingerprint(about("kiwi", 2).record));
      assert(have.startsWith("HAVE ") && have.endsWith(id), have);
      receive(hill, "Smith", have.replace("HAVE", "WANT"));
      assertEquals(takeLines(smith), [sentOf("kiwi", 2)]);
    },
  });
}

Deno.test({
  name: "of equal lines, the one with the greater attributes stays everywhere",
  permissions: "none",
  fn() {
    for (const [one, other] of [["", "a=1"], ["a=2", "b=1"]]) {
      const [hill, smith] = [openRouter(), openRouter()];
      hill.accept(about("kiwi", 1, one));
      smith.accept(about("kiwi", 1, other));
      const [toSmith, toHill] = [
        linkAligned(hill, "Smith"),
        linkAligned(smith, "Hill"),
      ];
      hill.compare("Smith");
      for (let lines = 1; lines > 0;) {
        const [sent, received] = [takeAllLines(toSmith), takeAllLines(toHill)];
        for (const line of sent) receive(smith, "Hill", line);
        for (const line of received) receive(hill, "Smith", line);
        lines = sent.length + received.length;
      }
      const { record } = about("kiwi", 1, other);
      for (const router of [hill, smith]) {
        assertEquals(router.newestRecord("kiwi"), record);
      }
      assertEquals(
        hill.digests.digestOf(0),
        smith.digests.digestOf(0),
        "their digests",
      );
      hill.accept(about("kiwi", 1, one), "Jaquez");
      assertEquals(hill.newestRecord("kiwi"), record);
    }
  },
});

Deno.test({
  name: "a client that sends a report again with other attributes repeats it",
  permissions: "none",
  fn() {
    const hill = openRouter();
    const smith = linkSmith(hill, true);
    hill.acceptOwn(about("kiwi", 1, "tid=a"));
    takeLines(smith);
    assertEquals(hill.acceptOwn(about("kiwi", 1, "tid=b")), "repeated");
    assertEquals(takeLines(smith), []);
    assertEquals(hill.newestRecord("kiwi"), about("kiwi", 1, "tid=a").record);
  },
});

Deno.test({
  name: "a report with other attributes is no duplicate",
  permissions: "none",
  fn() {
    const hill = openRouter();
    const jaquez = linkAligned(hill, "Jaquez");
    const smith = linkSmith(hill, true);
    for (const name of ["Jaquez", "Smith"]) {
      receive(hill, name, "SYNCED");
    }
    hill.accept(about("kiwi", 1, "tid=b"), "Jaquez");
    takeAllLines(jaquez);
    takeAllLines(smith);
    hill.accept(about("kiwi", 1, "tid=a"), "Smith");
    assertEquals(takeAllLines(smith), []);
    hill.accept(about("kiwi", 1, "tid=b"), "Smith");
    assertEquals(takeAllLines(smith), ["PRUNE Singleton"]);
  },
});

Deno.test({
  name:
    "what waits for a neighbour that returns with another version is dropped",
  permissions: "none",
  fn() {
    for (const before of [true, false]) {
      const hill = openRouter();
      hill.link("Smith", before);
      hill.accept(about("kiwi", 1));
      // The same version: it stays.
      assertEquals(
        reportsOf(takeAllLines(hill.link("Smith", before))).length,
        1,
      );
      hill.accept(about("kiwi", 2));
      const smith = hill.link("Smith", !before);
      assertEquals(reportsOf(takeAllLines(smith)), []);
      hill.accept(about("kiwi", 3));
      const { line, record } = about("kiwi", 3);
      assertEquals(takeLines(smith), [before ? line : record]);
    }
  },
});

Deno.test({
  name:
    "a comparison with a neighbour without attributes ends, and costs lines",
  permissions: "none",
  fn() {
    const [hill, old] = [openRouter(), openRouter()];
    const clients = 100;
    for (let client = 0; client < clients; client++) {
      const [id, time] = [`client-${client}`, 1_000 + client];
      hill.accept(about(id, time));
      // What such a server has got of the same reports.
      old.accept(about(id, time, ""));
    }
    const before = [hill, old].map((router) => [...router.records()]);
    const outboxes = [hill.link("Smith", false), old.link("Hill")];
    receive(hill, "Smith", `TREE ${old.treeKey}`);
    receive(old, "Hill", `TREE ${hill.treeKey}`);
    for (let round = 0; round < 3; round++) {
      hill.compare("Smith");
      const sent: string[] = [];
      for (let lines = -1; lines < sent.length;) {
        lines = sent.length;
        const [ours, theirs] = outboxes.map(takeAllLines);
        for (const line of ours) receive(old, "Hill", line);
        for (const line of theirs) receive(hill, "Smith", line);
        sent.push(...ours, ...theirs);
      }
      assertEquals(reportsOf(sent).length, 2 * clients);
      const bytes = sent.reduce((sum, { length }) => sum + length + 1, 0);
      // As OPERATIONS.md says.
      assert(bytes < 250 * clients, `${bytes}`);
      assert(hill.hasCaughtUpWith("Smith") && old.hasCaughtUpWith("Hill"));
    }
    assertEquals([hill, old].map((router) => [...router.records()]), before);
  },
});
