/**
 * What a neighbour that knows the secret can make a server keep and do, by a
 * fault or on purpose.
 *
 * @module
 */
import {
  maxKeptEntries,
  maxKeysOfLink,
  maxLineIds,
  maxListedInParts,
  maxOutboxBytes,
  recordsPerPiece,
} from "../../../peers/limits.ts";
import { AntiEntropy } from "../../../peers/replication/anti_entropy.ts";
import { LazyAnnouncements } from "../../../peers/replication/lazy_announcements.ts";
import type { ReportSummary } from "../../../peers/replication/messages.ts";
import { isLeaf, nodeOfLeaf, root } from "../../../peers/store/digest_tree.ts";
import { ReportStore } from "../../../peers/store/report_store.ts";
import { Batch } from "../../../protocol/batch.ts";
import { assert, assertEquals } from "../../assert.ts";
import { openRouter } from "../../fakes/memory_herd.ts";
import { linkAligned, linkUp } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { receive, takeAllLines, takeLines } from "./take_lines.ts";
import { timestampOf } from "../../fakes/timestamp.ts";

/** A store with some clients, and one side of comparisons that are aligned. */
function openAntiEntropy(clients: number) {
  const store = new ReportStore({
    maxClients: Infinity,
    maxTableBytes: Infinity,
    sourceShare: 1,
    clientTtlSeconds: undefined,
    now: () => timestampOf(10 ** 12),
  });
  for (let client = 0; client < clients; client++) {
    store.put(reportOf(`client-${client}`, 1));
  }
  const requested: number[] = [];
  const antiEntropy = new AntiEntropy(store, {
    add: ({ fingerprint }) => requested.push(fingerprint),
    areWaiting: () => false,
  });
  antiEntropy.align(true);
  return { antiEntropy, requested, store };
}

function linesOf({ ends, text }: Batch): string[] {
  return ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end - 1));
}

const entry = (leaf: number, index: number): ReportSummary => ({
  leaf,
  client: index,
  fingerprint: index,
  seconds: 1,
});

Deno.test({
  name: "a neighbour that repeats DIGEST queues each node once",
  permissions: "none",
  fn() {
    const { antiEntropy } = openAntiEntropy(2_000);
    const nothing = Array(16).fill(0);
    for (let times = 0; times < 10_000; times++) {
      antiEntropy.onDigests(root, nothing);
    }
    assertEquals(antiEntropy.waiting, 16);
    const wrong = Array(16).fill(1);
    for (let times = 0; times < 3; times++) {
      for (let node = root; !isLeaf(node); node++) {
        antiEntropy.onDigests(node, wrong);
        antiEntropy.onDigests(node, nothing);
      }
    }
    // At most one job of each kind for each of the 69,905 nodes.
    assert(antiEntropy.waiting <= 3 * 69_905, `${antiEntropy.waiting} jobs`);
    // Each report is sent at most once for each level of the tree.
    let reports = 0;
    while (antiEntropy.hasMore) {
      const batch = new Batch();
      antiEntropy.addTo(batch, 64 * 1024);
      reports += linesOf(batch).filter((line) => line.startsWith("AT ")).length;
    }
    assert(reports >= 2_000 && reports <= 4 * 2_000, `${reports} reports`);
  },
});

Deno.test({
  name: "a node that is being sent is not queued again",
  permissions: "none",
  fn() {
    const { antiEntropy } = openAntiEntropy(5_000);
    const nothing = Array(16).fill(0);
    let reports = 0;
    antiEntropy.onDigests(root, nothing);
    for (let pieces = 0; antiEntropy.hasMore; pieces++) {
      const batch = new Batch();
      antiEntropy.addTo(batch, 1_000);
      reports += linesOf(batch).filter((line) => line.startsWith("AT ")).length;
      if (pieces === 3) antiEntropy.onDigests(root, nothing);
    }
    // One child was sent already, and is sent again.
    assert(reports >= 5_000 && reports < 6_000, `${reports} reports`);
  },
});

Deno.test({
  name: "a piece of a comparison looks at few records, however many a leaf has",
  permissions: "none",
  fn() {
    const { antiEntropy, store: full } = openAntiEntropy(20_000);
    let looks = 0;
    const nextOf = full.nextOf.bind(full);
    full.nextOf = (walk) => {
      looks += 1;
      return nextOf(walk);
    };
    antiEntropy.onList(root, [entry(0, 1)]);
    let pieces = 0;
    let most = 0;
    while (antiEntropy.hasMore) {
      looks = 0;
      antiEntropy.addTo(new Batch(), Infinity);
      most = Math.max(most, looks);
      pieces += 1;
    }
    assert(most <= recordsPerPiece + 1, `${most} records at once`);
    assert(pieces >= 20_000 / recordsPerPiece, `${pieces} pieces`);
  },
});

Deno.test({
  name:
    "a neighbour's lists are kept up to a bound, and then answered by lists",
  permissions: "none",
  fn() {
    const { antiEntropy } = openAntiEntropy(10);
    const entries = (leaf: number) =>
      Array.from({ length: maxLineIds }, (_, index) => entry(leaf, index));
    let most = 0;
    const lists = 2 * maxKeptEntries / maxLineIds;
    for (let leaf = 0; leaf < lists; leaf++) {
      // Repeated, so that the second replaces the first.
      for (let times = 0; times < 2; times++) {
        antiEntropy.onList(nodeOfLeaf(leaf), entries(leaf));
        most = Math.max(most, antiEntropy.keptEntries);
      }
    }
    assertEquals(most, maxKeptEntries);
    let answers = 0;
    while (antiEntropy.hasMore) {
      const batch = new Batch();
      antiEntropy.addTo(batch, 64 * 1024);
      answers += linesOf(batch).filter((line) =>
        line.startsWith("LIST")
      ).length;
    }
    assertEquals(answers, lists / 2);
    assertEquals(antiEntropy.keptEntries, 0);
  },
});

Deno.test({
  name: "endless PARTs are a fault",
  permissions: "none",
  fn() {
    const { antiEntropy } = openAntiEntropy(10);
    const node = nodeOfLeaf(7);
    const part = Array.from(
      { length: maxLineIds },
      (_, index) => entry(7, index),
    );
    const parts = maxListedInParts / maxLineIds;
    for (let count = 0; count < parts; count++) {
      assertEquals(antiEntropy.onListPart(node, part), undefined);
    }
    assertEquals(
      antiEntropy.onListPart(node, part),
      `over ${maxListedInParts} reports in a list`,
    );
    // Parts of another list replace them.
    const { antiEntropy: other } = openAntiEntropy(10);
    for (let count = 0; count < 3 * parts; count++) {
      const leaf = count % 2;
      const fault = other.onListPart(nodeOfLeaf(leaf), [entry(leaf, count)]);
      assertEquals([fault, other.keptEntries], [undefined, 1]);
    }
  },
});

Deno.test({
  name: "HAVE and WANT of a neighbour that does not read take little memory",
  permissions: "none",
  fn() {
    for (const verb of ["HAVE", "WANT"] as const) {
      const hill = openRouter();
      const smith = linkUp(hill, "Smith");
      let next = 1;
      for (let line = 0; line < 2_000; line++) {
        const ids = Array.from(
          { length: maxLineIds },
          () => ({ leaf: 1, fingerprint: next++ }),
        );
        hill.receive("Smith", { verb, ids });
        assert(smith.bytes <= maxOutboxBytes, `${smith.bytes} bytes`);
      }
      // What was dropped is compared when the neighbour reads again.
      assert(takeAllLines(smith).some((line) => line.startsWith("DIGEST -")));
    }
  },
});

Deno.test({
  name: "a comparison repairs what was dropped for a slow neighbour",
  permissions: "none",
  fn() {
    const hill = openRouter({ maxOutboxBytes: 50_000 });
    const smith = openRouter();
    const toSmith = linkUp(hill, "Smith");
    const toHill = linkUp(smith, "Hill");
    const clients = 10_000;
    for (let client = 0; client < clients; client++) {
      hill.accept(reportOf(`client-${client}`, 1));
    }
    assert(toSmith.waiting > clients / 2);
    assert(toSmith.bytes <= 50_000);
    exchange(hill, toSmith, smith, toHill);
    assertEquals(smith.clients, clients);
    assertEquals(toSmith.waiting, 0);
  },
});

Deno.test({
  name: "a neighbour whose reports were dropped has not caught up before",
  permissions: "none",
  fn() {
    const hill = openRouter({ maxOutboxBytes: 50_000 });
    const toSmith = linkAligned(hill, "Smith");
    takeAllLines(toSmith);
    hill.receive("Smith", { verb: "SYNC" });
    for (let client = 0; client < 10_000; client++) {
      hill.accept(reportOf(`client-${client}`, 1));
    }
    hill.receive("Smith", { verb: "SYNC" });
    const lines = takeAllLines(toSmith);
    const digest = lines.findIndex((line) => line.startsWith("DIGEST -"));
    assert(digest >= 0 && digest < lines.indexOf("SYNCED"), `${digest}`);
  },
});

Deno.test({
  name: "a neighbour can tell only so many keys of its tree",
  permissions: "none",
  fn() {
    const hill = openRouter({ treeKey: "f".repeat(32) });
    hill.link("Smith");
    const tell = (number: number) => {
      const key = (2 ** 40 - number).toString(16).padStart(32, "0");
      return hill.receive("Smith", { verb: "TREE", key });
    };
    for (let number = 0; number < maxKeysOfLink; number++) {
      assertEquals(tell(number), undefined);
    }
    assertEquals(
      tell(maxKeysOfLink),
      `over ${maxKeysOfLink} keys of its tree`,
    );
  },
});

Deno.test({
  name: "storms of HORIZON, PRUNE, GRAFT, SYNC and ECHO leave one line each",
  permissions: "none",
  fn() {
    const hill = openRouter();
    const [smith, jaquez] = [linkUp(hill, "Smith"), linkUp(hill, "Jaquez")];
    for (let times = 1; times <= 10_000; times++) {
      hill.receive("Smith", { verb: "HORIZON", time: timestampOf(times) });
      hill.receive("Smith", { verb: "PRUNE", server: "Hill" });
      hill.receive("Smith", { verb: "GRAFT", server: "Hill" });
      hill.receive("Smith", { verb: "SYNC" });
      hill.receive("Smith", { verb: "ECHO", number: times });
    }
    assertEquals(takeLines(jaquez), ["HORIZON 10000.000000000"]);
    assertEquals(takeAllLines(smith), ["SYNCED", "ECHOED 10000"]);
  },
});

Deno.test({
  name:
    "announcements whose fingerprints have equal low bits are found at once",
  permissions: "none",
  fn() {
    // Without a key, each of them would wait for all others.
    const announcements = new LazyAnnouncements([0x12345678, 0x9abcdef0]);
    const count = 20_000;
    for (let high = 0; high < count; high++) {
      announcements.add({ fingerprint: high * 2 ** 32 + 7, leaf: 1 });
    }
    assert(announcements.longestProbe < 100, `${announcements.longestProbe}`);
    for (let high = 0; high < count; high++) {
      announcements.delete(high * 2 ** 32 + 7);
    }
    assertEquals(announcements.size, 0);
  },
});

/** Lets two linked servers write and read until nothing is left. */
function exchange(
  hill: ReturnType<typeof openRouter>,
  toSmith: ReturnType<typeof linkUp>,
  smith: ReturnType<typeof openRouter>,
  toHill: ReturnType<typeof linkUp>,
): void {
  for (let count = -1; count !== 0;) {
    const [ours, theirs] = [takeLines(toSmith), takeLines(toHill)];
    for (const line of ours) receive(smith, "Hill", line);
    for (const line of theirs) receive(hill, "Smith", line);
    count = ours.length + theirs.length;
  }
}
