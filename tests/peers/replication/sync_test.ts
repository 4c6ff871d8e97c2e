import fc from "../../fast_check.ts";
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { parseMessage } from "../../../peers/replication/messages.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { isNewer } from "../../../protocol/order.ts";
import { clientOf, parseReport } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";
import { openRouter } from "../../fakes/memory_herd.ts";
import { linkAligned, linkUp } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { takeLines } from "./take_lines.ts";

/** One of two linked servers, and the lines under way to it. */
interface Side {
  readonly name: string;
  readonly router: FloodRouter;
  readonly outbox: Outbox;
  readonly incoming: ByteString[];
  /** The lines that it had when they were linked. */
  readonly initialLines: readonly ByteString[];
}

/** Links two servers; the first one has dialled. */
function link(hill: FloodRouter, smith: FloodRouter): [Side, Side] {
  const lines = [hill, smith].map((router) => [...router.records()]);
  const [toSmith, toHill] = [hill.link("Smith"), smith.link("Hill")];
  hill.compare("Smith");
  return [
    {
      name: "Hill",
      router: hill,
      outbox: toSmith,
      incoming: [],
      initialLines: lines[0],
    },
    {
      name: "Smith",
      router: smith,
      outbox: toHill,
      incoming: [],
      initialLines: lines[1],
    },
  ];
}

/** Sends the next write of one side to the other. */
function write(from: Side, to: Side): void {
  to.incoming.push(...takeLines(from.outbox));
}

/** Lets one side read the next line. */
function read(side: Side, from: Side): void {
  const line = side.incoming.shift();
  if (line === undefined) return;
  const report = parseReport(line, () => true);
  if (report !== undefined) side.router.accept(report, from.name);
  else side.router.receive(from.name, parseMessage(line, () => true)!);
}

/** Lets both sides write and read until nothing is left to send. */
function exchange(one: Side, other: Side): void {
  for (let isOver = false; !isOver;) {
    write(one, other);
    write(other, one);
    isOver = one.incoming.length + other.incoming.length === 0 &&
      !one.router.isRebuilding && !other.router.isRebuilding;
    while (one.incoming.length > 0) read(one, other);
    while (other.incoming.length > 0) read(other, one);
    for (const { router } of [one, other]) router.rebuild();
  }
}

/** Whether one side has each report, or a newer one. */
function hasAll({ router }: Side, lines: readonly ByteString[]): boolean {
  return lines.every((line) => {
    const newest = router.newest(clientOf(line));
    return newest !== undefined && !isNewer(line, newest);
  });
}

function hasCaughtUp(side: Side, other: Side): boolean {
  return side.router.hasCaughtUpWith(other.name);
}

Deno.test({
  name:
    "a server that has caught up has the other's reports, in any order of lines",
  permissions: "none",
  fn() {
    const treeKey = fc.nat(9).map((digit) => `${digit}`.padEnd(32, "0"));
    const client = fc.nat(300).map((index) => `client-${index}`);
    const report = fc.record({
      client,
      time: fc.constantFrom(1, 2, 3, 3.25, 3.5, 4),
      server: fc.constantFrom("Hill", "Smith", "Singleton"),
    });
    const reports = fc.array(report, { maxLength: 500, size: "max" });
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom("write" as const, "read") },
      {
        weight: 1,
        arbitrary: fc.constantFrom("compare" as const, "maintain", "rebuild"),
      },
      // It receives a key of the digest tree from another neighbour.
      { weight: 1, arbitrary: fc.record({ key: treeKey }) },
      // Another neighbour sends it to one of them, or to both.
      { weight: 2, arbitrary: fc.record({ report, isForBoth: fc.boolean() }) },
    );
    const keys = fc.tuple(treeKey, treeKey);
    const steps = fc.array(
      fc.record({ isHill: fc.boolean(), count: fc.nat(30), step }),
      { maxLength: 100, size: "max" },
    );
    assertProperty(
      fc.property(
        reports,
        reports,
        keys,
        steps,
        (ours, theirs, keys, steps) => {
          const [hill, smith] = keys
            .map((treeKey) => openRouter({ treeKey, rebuiltReports: 20 }));
          for (const { client, server, time } of ours) {
            hill.accept(reportOf(client, time, server));
          }
          for (const { client, server, time } of theirs) {
            smith.accept(reportOf(client, time, server));
          }
          for (const router of [hill, smith]) linkUp(router, "Jaquez");
          const sides = link(hill, smith);
          const check = () => {
            for (const [side, other] of [sides, sides.toReversed()]) {
              if (!hasCaughtUp(side, other)) continue;
              assert(hasAll(side, other.initialLines), side.name);
            }
          };
          for (const { count, isHill, step } of steps) {
            const [side, other] = isHill ? sides : sides.toReversed();
            for (let times = 0; times <= count; times++) {
              if (step === "write") write(side, other);
              else if (step === "read") read(side, other);
              else if (step === "maintain") side.router.runMaintenance();
              else if (step === "compare") sides[0].router.compare("Smith");
              else if (step === "rebuild") side.router.rebuild();
              else if ("key" in step) {
                side.router.receive("Jaquez", { verb: "TREE", key: step.key });
              } else {
                const { client, server, time } = step.report;
                const report = reportOf(client, time + times, server);
                for (const { router } of step.isForBoth ? sides : [side]) {
                  router.accept(report, "Jaquez");
                }
              }
              check();
            }
          }
          exchange(...sides);
          check();
          assert(hasCaughtUp(sides[0], sides[1]));
          assert(hasCaughtUp(sides[1], sides[0]));
          assertEquals(hill.treeKey, smith.treeKey);
          assertEquals(sides.map(({ outbox }) => takeLines(outbox)), [[], []]);
        },
      ),
      { numRuns: 200 },
    );
  },
});

Deno.test({
  name: "an empty server has caught up when it has the last report",
  permissions: "none",
  fn() {
    for (const isDialer of [true, false]) {
      const [hill, smith] = [openRouter(), openRouter()];
      const [full, empty] = isDialer ? [smith, hill] : [hill, smith];
      for (let index = 0; index < 3_000; index++) {
        full.accept(reportOf(`client-${index}`, 1));
      }
      const sides = link(hill, smith);
      const [sender, receiver] = isDialer ? sides.toReversed() : sides;
      let wasSenderEarly = false;
      while (!hasCaughtUp(receiver, sender)) {
        write(sender, receiver);
        read(receiver, sender);
        write(receiver, sender);
        while (sender.incoming.length > 0) read(sender, receiver);
        // The sender has caught up before all of its reports have arrived.
        wasSenderEarly ||= hasCaughtUp(sender, receiver) &&
          empty.clients < 2_000;
      }
      assertEquals(empty.clients, 3_000);
      assert(wasSenderEarly);
    }
  },
});

Deno.test({
  name: "a server that has caught up stays so until the link ends",
  permissions: "none",
  fn() {
    const [hill, smith] = [openRouter(), openRouter()];
    hill.accept(reportOf("kiwi", 1));
    const sides = link(hill, smith);
    assertEquals(hill.hasCaughtUpWith("Smith"), false);
    exchange(...sides);
    assertEquals(hill.hasCaughtUpWith("Smith"), true);
    hill.compare("Smith");
    write(...sides);
    assertEquals(sides[1].incoming.map((line) => line.split(" ")[0]), [
      "DIGEST",
    ]);
    assertEquals(hill.hasCaughtUpWith("Smith"), true);
    exchange(...sides);
    assertEquals(smith.hasCaughtUpWith("Hill"), true);
    hill.link("Smith");
    assertEquals(hill.hasCaughtUpWith("Smith"), false);
    smith.unlink("Hill");
    assertEquals(smith.hasCaughtUpWith("Hill"), false);
    assertEquals(smith.hasCaughtUpWith("Jaquez"), false);
  },
});

Deno.test({
  name: "SYNCED counts once, and only after SYNC on the same connection",
  permissions: "none",
  fn() {
    const hill = openRouter();
    const outbox = linkAligned(hill, "Smith");
    const key = ["SEEN 0 0", `TREE ${hill.treeKey}`];
    const receive = (line: string) =>
      hill.receive("Smith", parseMessage(line, () => true)!);
    receive("SYNCED");
    assertEquals(takeLines(outbox), [...key, "SYNC"]);
    for (const line of ["DIGEST -" + " 0".repeat(16), "PART 0000", "LIST -"]) {
      receive(line);
      receive("SYNCED");
      receive("SYNCED");
      assertEquals(hill.hasCaughtUpWith("Smith"), false, line);
      assertEquals(takeLines(outbox), ["SYNC"]);
    }
    // An answer to SYNC on the last connection does not count on this one.
    linkAligned(hill, "Smith");
    receive("SYNCED");
    assertEquals(takeLines(outbox), [...key, "SYNC"]);
    receive("SYNCED");
    assertEquals(hill.hasCaughtUpWith("Smith"), true);
    assertEquals(takeLines(outbox), []);
  },
});

Deno.test({
  name: "a server without catch-up has caught up at once, and answers SYNC",
  permissions: "none",
  fn() {
    const [hill, smith] = [openRouter(), openRouter({ catchUp: false })];
    for (const [one, other] of [[hill, smith], [smith, hill]]) {
      const sides = link(one, other);
      const [side] = sides.filter(({ router }) => router === hill);
      const [without] = sides.filter(({ router }) => router === smith);
      assertEquals(hasCaughtUp(side, without), false);
      assertEquals(hasCaughtUp(without, side), true);
      write(without, side);
      assertEquals(side.incoming.slice(1), [`TREE ${hill.treeKey}`]);
      exchange(...sides);
      assertEquals(hasCaughtUp(side, without), true);
    }
  },
});

Deno.test({
  name: "a report that replaces a requested one arrives before SYNCED",
  permissions: "none",
  fn() {
    const [hill, smith] = [openRouter(), openRouter()];
    smith.accept(reportOf("kiwi", 1, "Singleton"));
    for (const router of [hill, smith]) linkUp(router, "Jaquez");
    const sides = link(hill, smith);
    // Hill receives a report twice, which may be a reason for PRUNE.
    for (const router of [hill, smith]) {
      for (let client = 0; client < 64; client++) {
        router.accept(reportOf(`pear-${client}`, 1, "Singleton"), "Jaquez");
      }
    }
    const replacement = reportOf("kiwi", 2, "Singleton");
    while (!hasCaughtUp(...sides)) {
      write(sides[1], sides[0]);
      while (sides[0].incoming.length > 0) read(...sides);
      write(...sides);
      const isRequested = sides[1].incoming
        .some((line) => line.startsWith("WANT"));
      if (isRequested) smith.accept(replacement, "Jaquez");
      while (sides[1].incoming.length > 0) read(sides[1], sides[0]);
    }
    assertEquals(smith.newest("kiwi"), replacement.line);
    assertEquals(hill.newest("kiwi"), replacement.line);
  },
});

Deno.test({
  name: "a server that has not caught up does not send PRUNE",
  permissions: "none",
  fn() {
    const hill = openRouter();
    linkUp(hill, "Jaquez");
    const smith = linkAligned(hill, "Smith");
    takeLines(smith);
    const report = (time: number) => reportOf("kiwi", time, "Singleton");
    for (const [time, ...answer] of [[1], [2, "PRUNE Singleton"]] as const) {
      hill.accept(report(time), "Jaquez");
      assertEquals(takeLines(smith), [report(time).line]);
      hill.accept(report(time), "Smith");
      assertEquals(takeLines(smith), [...answer]);
      hill.receive("Smith", { verb: "SYNCED" });
    }
  },
});

Deno.test({
  name: "a SYNC is void when the keys of the trees become different",
  permissions: "none",
  fn() {
    const hill = openRouter({ treeKey: "2".padEnd(32, "0") });
    const smith = openRouter({ treeKey: "2".padEnd(32, "0") });
    for (let client = 0; client < 5_000; client++) {
      smith.accept(reportOf(`client-${client}`, 1));
    }
    const sides = link(hill, smith);
    linkUp(smith, "Jaquez");
    // They send their keys.
    for (const [side, other] of [sides, sides.toReversed()]) {
      write(side, other);
      while (other.incoming.length > 0) read(other, side);
    }
    // Smith reads Hill's DIGEST and SYNC, and has not answered yet.
    write(...sides);
    assertEquals(sides[1].incoming.map((line) => line.split(" ")[0]), [
      "DIGEST",
      "SYNC",
      "SYNCED",
    ]);
    while (sides[1].incoming.length > 0) read(sides[1], sides[0]);
    const key = "1".padEnd(32, "0");
    smith.receive("Jaquez", { verb: "TREE", key });
    assertEquals(smith.isRebuilding, true);
    for (let times = 0; times < 5; times++) {
      write(sides[1], sides[0]);
      while (sides[0].incoming.length > 0) read(...sides);
      assertEquals(hasCaughtUp(...sides), false);
    }
    exchange(...sides);
    assertEquals([hill.clients, hill.treeKey], [5_000, key]);
    assertEquals(hasCaughtUp(...sides), true);
  },
});
