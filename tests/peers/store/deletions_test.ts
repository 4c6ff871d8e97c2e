import { deletionShare, maxClockSkewSeconds } from "../../../peers/limits.ts";
import { root } from "../../../peers/store/digest_tree.ts";
import { fingerprint } from "../../../peers/store/fingerprint.ts";
import {
  ReportStore,
  type StoreLimits,
} from "../../../peers/store/report_store.ts";
import { makeDeletion } from "../../../protocol/deletion.ts";
import { makeReport, type Report } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import fc from "../../fast_check.ts";
import { timestampOf } from "../../fakes/timestamp.ts";
import { assertProperty } from "../../property.ts";

const forgetSeconds = 100;

/** A report that was heard at a time, of a client whose clock may be slow. */
function heard(client: string, at: number, time = at): Report {
  return makeReport("Hill", timestampOf(at), {
    verb: "IAMAT",
    client,
    position: "+34-118",
    time: String(time),
  });
}

function deletion(client: string, until: number): Report {
  return makeDeletion(client, timestampOf(until));
}

/** A store whose clock a test sets. */
function openStore(limits: Partial<StoreLimits> = {}) {
  const clock = { now: 1_000 };
  const store = new ReportStore({
    maxClients: Infinity,
    maxTableBytes: Infinity,
    sourceShare: 1,
    clientTtlSeconds: undefined,
    forgetSeconds,
    now: () => timestampOf(clock.now),
    ...limits,
  });
  return { clock, store };
}

function outcome(result: object | string): string {
  return typeof result === "string" ? result : "stored";
}

Deno.test({
  name: "a deletion removes what was heard until its time, and keeps it away",
  permissions: "none",
  fn() {
    const { store } = openStore();
    const { line } = heard("kiwi", 990);
    store.put(heard("kiwi", 990));
    store.put(heard("pear", 990));
    const result = store.putDeletion(deletion("kiwi", 990));
    assert(typeof result !== "string");
    assertEquals(result.removed, line);
    assertEquals([store.get("kiwi"), store.size], [undefined, 1]);
    assertEquals(outcome(store.put(heard("kiwi", 990))), "deleted");
    assertEquals(outcome(store.put(heard("kiwi", 980, 985))), "deleted");
    assertEquals(outcome(store.put(heard("pear", 991))), "stored");
    // Heard later, though the client's clock is slow.
    assertEquals(outcome(store.put(heard("kiwi", 990.5, 1))), "stored");
    assertEquals(store.get("kiwi"), heard("kiwi", 990.5, 1).line);
    // The deletion stays beside it.
    assertEquals(outcome(store.put(heard("kiwi", 989, 989))), "deleted");
    assertEquals([store.size, store.deletions], [2, 1]);
    assertEquals(store.deletedUntil("kiwi"), timestampOf(990));
    assertEquals(store.deletedUntil("pear"), undefined);
  },
});

Deno.test({
  name: "the latest deletion of a client counts",
  permissions: "none",
  fn() {
    const { store } = openStore();
    assertEquals(outcome(store.putDeletion(deletion("kiwi", 990))), "stored");
    for (const until of [990, 989.999999999, 950]) {
      assertEquals(
        outcome(store.putDeletion(deletion("kiwi", until))),
        "known",
      );
    }
    store.put(heard("kiwi", 990.000000001));
    const later = store.putDeletion(deletion("kiwi", 990.000000002));
    assert(typeof later !== "string");
    assertEquals(later.replaced, fingerprint("FORGET kiwi 990.000000000"));
    assertEquals([store.size, store.deletions], [0, 1]);
    assertEquals(
      store.digests.digestOf(root),
      fingerprint("FORGET kiwi 990.000000002"),
    );
  },
});

Deno.test({
  name:
    "a deletion with a future time, from a wrong clock, is replaced by one that applies",
  permissions: "none",
  fn() {
    const { clock, store } = openStore();
    store.put(heard("kiwi", 990));
    assertEquals(outcome(store.putDeletion(deletion("kiwi", 1_050))), "stored");
    // The clock is set back, and nothing was swept yet.
    clock.now -= 100;
    assertEquals(store.deletedUntil("kiwi"), undefined);
    assertEquals(outcome(store.put(heard("kiwi", 880))), "stored");
    assertEquals(outcome(store.putDeletion(deletion("kiwi", 890))), "stored");
    assertEquals(store.get("kiwi"), undefined);
    assertEquals(store.deletedUntil("kiwi"), timestampOf(890));
    assertEquals(store.deletions, 1);
    while (store.needsSweep) store.sweep(10);
    assertEquals(store.deletedUntil("kiwi"), timestampOf(890));
  },
});

Deno.test({
  name: "a deletion applies for a period, and is then freed",
  permissions: "none",
  fn() {
    const { clock, store } = openStore();
    const ahead = clock.now + maxClockSkewSeconds;
    assertEquals(store.putDeletion(deletion("a", ahead + 0.5)), "ahead");
    assertEquals(
      store.putDeletion(deletion("b", clock.now - forgetSeconds)),
      "expired",
    );
    assertEquals(outcome(store.putDeletion(deletion("c", ahead))), "stored");
    const early = clock.now - forgetSeconds + 1;
    assertEquals(outcome(store.putDeletion(deletion("d", early))), "stored");
    assertEquals(store.needsSweep, false);
    clock.now += 1;
    assertEquals(store.needsSweep, true);
    assertEquals(store.deletedUntil("d"), undefined);
    assertEquals(store.inLeaf(...placeOf(store, "d", early)), undefined);
    assertEquals(outcome(store.put(heard("d", early))), "stored");
    while (store.needsSweep) store.sweep(10);
    assertEquals([store.deletions, store.size], [1, 1]);
    // After a step of the clock, the other one is ahead.
    clock.now -= 2;
    assertEquals(store.deletedUntil("c"), undefined);
    assertEquals(store.needsSweep, true);
    store.sweep(10);
    assertEquals([store.deletions, store.size], [0, 1]);
    assertEquals(
      store.digests.digestOf(root),
      fingerprint(heard("d", early).line),
    );
  },
});

/** The leaf and the fingerprint of a deletion. */
function placeOf(
  store: ReportStore,
  client: string,
  until: number,
): [number, number] {
  const { line } = deletion(client, until);
  const walk = store.walkBelow(root);
  for (let record; (record = store.nextOf(walk)) !== undefined;) {
    if (record.line !== line) continue;
    store.endWalk(walk);
    return [walk.leaf, walk.fingerprint];
  }
  throw new Error(`${line} is not in the store`);
}

Deno.test({
  name: "deletions have a part of the table, and reports make room for them",
  permissions: "none",
  fn() {
    const maxTableBytes = 2 ** 18;
    const { store } = openStore({ maxTableBytes });
    let reports = 0;
    while (store.raisedHorizon === undefined) {
      store.put(heard(`r${reports}`, 900 + reports++ / 1000));
    }
    let deletions = 0;
    while (store.putDeletion(deletion(`d${deletions}`, 990)) !== "full") {
      deletions += 1;
    }
    assertEquals(store.deletions, deletions);
    assert(store.tableBytes <= maxTableBytes);
    const bytesOfEach = maxTableBytes * deletionShare / deletions;
    assert(bytesOfEach > 60 && bytesOfEach < 100, `${bytesOfEach} bytes`);
    assert(store.size > reports / 2);
    // A later deletion of a client takes the place of the earlier one.
    assertEquals(outcome(store.putDeletion(deletion("d0", 991))), "stored");
    assertEquals(store.putDeletion(deletion("e", 991)), "full");
    // An expired report is not deleted, and takes no room of deletions.
    assertEquals(outcome(store.put(heard("new", 995))), "stored");
  },
});

Deno.test({
  name: "lines, pages, sizes and digests are right with any deletions",
  permissions: "none",
  fn() {
    const clients = ["a", "b", "c"] as const;
    const step = fc.oneof(
      fc.record({
        client: fc.constantFrom(...clients),
        at: fc.integer({ min: 950, max: 999 }),
      }),
      fc.record({
        client: fc.constantFrom(...clients),
        until: fc.integer({ min: 950, max: 999 }),
      }),
      fc.record({ key: fc.constantFrom("1", "2", "3") }),
    );
    assertProperty(fc.property(fc.array(step), (steps) => {
      const { store } = openStore();
      const reports = new Map<string, number>();
      const deletions = new Map<string, number>();
      for (const each of steps) {
        if ("key" in each) {
          store.startRebuild(each.key.padStart(32, "0"));
          store.rebuild(99);
        } else if ("at" in each) {
          const { at, client } = each;
          const isDeleted = at <= (deletions.get(client) ?? 0);
          const isNewer = at > (reports.get(client) ?? 0);
          if (isNewer && !isDeleted) reports.set(client, at);
          assertEquals(
            outcome(store.put(heard(client, at))),
            isDeleted ? "deleted" : isNewer ? "stored" : "known",
          );
        } else {
          const { client, until } = each;
          store.putDeletion(deletion(client, until));
          const last = Math.max(deletions.get(client) ?? 0, until);
          deletions.set(client, last);
          if ((reports.get(client) ?? Infinity) <= last) reports.delete(client);
        }
      }
      const lines = [...reports].map(([client, at]) => heard(client, at).line);
      const all = [
        ...lines,
        ...[...deletions].map((pair) => deletion(...pair).line),
      ];
      assertEquals([...store.records()].sort(), lines.toSorted());
      assertEquals(store.select(() => true, 9).lines.toSorted(), lines.sort());
      assertEquals([store.size, store.deletions], [
        reports.size,
        deletions.size,
      ]);
      assertEquals(store.digests.countOf(root), all.length);
      const digest = all.map(fingerprint).reduce(
        (one, other) => one ^ BigInt(other),
        0n,
      );
      assertEquals(store.digests.digestOf(root), Number(digest));
    }));
  },
});
