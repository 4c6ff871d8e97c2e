import fc from "../../fast_check.ts";
import type { FloodRouter } from "../../../peers/replication/flood_router.ts";
import { parseMessage } from "../../../peers/replication/messages.ts";
import type { Outbox } from "../../../peers/replication/outbox.ts";
import type { ByteString } from "../../../protocol/bytes.ts";
import { clientOf, isNewer, parseReport } from "../../../protocol/report.ts";
import { assert, assertEquals } from "../../assert.ts";
import { assertProperty } from "../../property.ts";
import { openHerd } from "../../fakes/memory_herd.ts";
import { linkUp } from "../links/link_up.ts";
import { reportOf } from "../reports.ts";
import { takeLines } from "./take_lines.ts";

/** One of two linked servers, and what is on its way to it. */
interface Side {
  readonly name: string;
  readonly replica: FloodRouter;
  readonly outbox: Outbox;
  readonly incoming: ByteString[];
  /** What it knew when they were linked. */
  readonly knew: readonly ByteString[];
}

/** Links two servers; the first one has dialled. */
function link(hill: FloodRouter, smith: FloodRouter): [Side, Side] {
  const known = [hill, smith].map((replica) => [...replica.lines()]);
  const [toSmith, toHill] = [hill.link("Smith"), smith.link("Hill")];
  hill.compare("Smith");
  return [
    {
      name: "Hill",
      replica: hill,
      outbox: toSmith,
      incoming: [],
      knew: known[0],
    },
    {
      name: "Smith",
      replica: smith,
      outbox: toHill,
      incoming: [],
      knew: known[1],
    },
  ];
}

/** Puts the next write of one side on its way to the other. */
function write(from: Side, to: Side): void {
  to.incoming.push(...takeLines(from.outbox));
}

/** The next line arrives at one side. */
function read(side: Side, from: Side): void {
  const line = side.incoming.shift();
  if (line === undefined) return;
  const report = parseReport(line, () => true);
  if (report !== undefined) side.replica.accept(report, from.name);
  else side.replica.receive(from.name, parseMessage(line, () => true)!);
}

/** Lets two sides talk until neither has anything more to say. */
function talk(one: Side, other: Side): void {
  for (let isOver = false; !isOver;) {
    write(one, other);
    write(other, one);
    isOver = one.incoming.length + other.incoming.length === 0;
    while (one.incoming.length > 0) read(one, other);
    while (other.incoming.length > 0) read(other, one);
  }
}

/** Whether one side knows a report as new for each that it should know. */
function knows({ replica }: Side, lines: readonly ByteString[]): boolean {
  return lines.every((line) => {
    const known = replica.newest(clientOf(line));
    return known !== undefined && !isNewer(line, known);
  });
}

function hasCaughtUp(side: Side, other: Side): boolean {
  return side.replica.hasCaughtUpWith(other.name);
}

Deno.test({
  name:
    "who has caught up knows what the other knew, in whatever order they talk",
  permissions: "none",
  fn() {
    const client = fc.nat(300).map((index) => `client-${index}`);
    const report = fc.record({
      client,
      time: fc.constantFrom(1, 2, 3, 3.25, 3.5, 4),
      server: fc.constantFrom("Hill", "Smith", "Singleton"),
    });
    const knowledge = fc.array(report, { maxLength: 500, size: "max" });
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom("write" as const, "read") },
      { weight: 1, arbitrary: fc.constantFrom("compare" as const, "chore") },
      // Another neighbour tells it to one of them, or to both.
      { weight: 2, arbitrary: fc.record({ report, isForBoth: fc.boolean() }) },
    );
    const steps = fc.array(
      fc.record({ isHill: fc.boolean(), count: fc.nat(30), step }),
      { maxLength: 100, size: "max" },
    );
    assertProperty(
      fc.property(knowledge, knowledge, steps, (ours, theirs, steps) => {
        const [hill, smith] = [openHerd(), openHerd()];
        for (const { client, server, time } of ours) {
          hill.accept(reportOf(client, time, server));
        }
        for (const { client, server, time } of theirs) {
          smith.accept(reportOf(client, time, server));
        }
        for (const replica of [hill, smith]) linkUp(replica, "Jaquez");
        const sides = link(hill, smith);
        const judge = () => {
          for (const [side, other] of [sides, sides.toReversed()]) {
            if (!hasCaughtUp(side, other)) continue;
            assert(knows(side, other.knew), `${side.name} does not`);
          }
        };
        for (const { count, isHill, step } of steps) {
          const [side, other] = isHill ? sides : sides.toReversed();
          for (let times = 0; times <= count; times++) {
            if (step === "write") write(side, other);
            else if (step === "read") read(side, other);
            else if (step === "chore") side.replica.runMaintenance();
            else if (step === "compare") sides[0].replica.compare("Smith");
            else {
              const { client, server, time } = step.report;
              const news = reportOf(client, time + times, server);
              for (const { replica } of step.isForBoth ? sides : [side]) {
                replica.accept(news, "Jaquez");
              }
            }
            judge();
          }
        }
        talk(...sides);
        judge();
        assert(hasCaughtUp(sides[0], sides[1]));
        assert(hasCaughtUp(sides[1], sides[0]));
        assertEquals(sides.map(({ outbox }) => takeLines(outbox)), [[], []]);
      }),
      { numRuns: 200 },
    );
  },
});

Deno.test({
  name: "a server that has lost everything has caught up with the last report",
  permissions: "none",
  fn() {
    for (const isDialler of [true, false]) {
      const [hill, smith] = [openHerd(), openHerd()];
      const [full, empty] = isDialler ? [smith, hill] : [hill, smith];
      for (let index = 0; index < 3_000; index++) {
        full.accept(reportOf(`client-${index}`, 1));
      }
      const sides = link(hill, smith);
      const [giver, taker] = isDialler ? sides.toReversed() : sides;
      let isGiverDone = false;
      while (!hasCaughtUp(taker, giver)) {
        write(giver, taker);
        read(taker, giver);
        write(taker, giver);
        while (giver.incoming.length > 0) read(giver, taker);
        // Who gives everything need not wait until all of it has arrived.
        isGiverDone ||= hasCaughtUp(giver, taker) && empty.clients < 2_000;
      }
      assertEquals(empty.clients, 3_000);
      assert(isGiverDone);
    }
  },
});

Deno.test({
  name: "who has caught up stays so for the rest of the link, and says no more",
  permissions: "none",
  fn() {
    const [hill, smith] = [openHerd(), openHerd()];
    hill.accept(reportOf("kiwi", 1));
    const sides = link(hill, smith);
    assertEquals(hill.hasCaughtUpWith("Smith"), false);
    talk(...sides);
    assertEquals(hill.hasCaughtUpWith("Smith"), true);
    hill.compare("Smith");
    write(...sides);
    assertEquals(sides[1].incoming.map((line) => line.split(" ")[0]), [
      "DIGEST",
    ]);
    assertEquals(hill.hasCaughtUpWith("Smith"), true);
    talk(...sides);
    assertEquals(smith.hasCaughtUpWith("Hill"), true);
    hill.link("Smith");
    assertEquals(hill.hasCaughtUpWith("Smith"), false);
    smith.unlink("Hill");
    assertEquals(smith.hasCaughtUpWith("Hill"), false);
    assertEquals(smith.hasCaughtUpWith("Jaquez"), false);
  },
});

Deno.test({
  name: "an answer counts once, and only where something was asked",
  permissions: "none",
  fn() {
    const hill = openHerd();
    const outbox = hill.link("Smith");
    const hear = (line: string) =>
      hill.receive("Smith", parseMessage(line, () => true)!);
    hear("SYNCED");
    assertEquals(takeLines(outbox), ["SYNC"]);
    for (const line of ["DIGEST -" + " 0".repeat(16), "PART -", "LIST -"]) {
      hear(line);
      hear("SYNCED");
      hear("SYNCED");
      assertEquals(hill.hasCaughtUpWith("Smith"), false, line);
      assertEquals(takeLines(outbox), ["SYNC"]);
    }
    // What was asked on the last connection, nobody answers on this one.
    hill.link("Smith");
    hear("SYNCED");
    assertEquals(takeLines(outbox), ["SYNC"]);
    hear("SYNCED");
    assertEquals(hill.hasCaughtUpWith("Smith"), true);
    assertEquals(takeLines(outbox), []);
  },
});

Deno.test({
  name: "a server without catch-up waits for nothing, and nobody for it",
  permissions: "none",
  fn() {
    const [hill, smith] = [openHerd(), openHerd({ catchUp: false })];
    for (const [one, other] of [[hill, smith], [smith, hill]]) {
      const sides = link(one, other);
      const [side] = sides.filter(({ replica }) => replica === hill);
      const [without] = sides.filter(({ replica }) => replica === smith);
      assertEquals(hasCaughtUp(side, without), false);
      assertEquals(hasCaughtUp(without, side), true);
      write(without, side);
      assertEquals(side.incoming, []);
      talk(...sides);
      assertEquals(hasCaughtUp(side, without), true);
    }
  },
});

Deno.test({
  name: "what replaces a report that was asked for has come by the end, too",
  permissions: "none",
  fn() {
    const [hill, smith] = [openHerd(), openHerd()];
    smith.accept(reportOf("kiwi", 1, "Singleton"));
    for (const replica of [hill, smith]) linkUp(replica, "Jaquez");
    const sides = link(hill, smith);
    // Hill hears something twice, which may be a reason to have it held back.
    for (const replica of [hill, smith]) {
      replica.accept(reportOf("pear", 1, "Singleton"), "Jaquez");
    }
    const replacement = reportOf("kiwi", 2, "Singleton");
    while (!hasCaughtUp(...sides)) {
      write(sides[1], sides[0]);
      while (sides[0].incoming.length > 0) read(...sides);
      write(...sides);
      const isAsked = sides[1].incoming.some((line) => line.startsWith("WANT"));
      if (isAsked) smith.accept(replacement, "Jaquez");
      while (sides[1].incoming.length > 0) read(sides[1], sides[0]);
    }
    assertEquals(smith.newest("kiwi"), replacement.line);
    assertEquals(hill.newest("kiwi"), replacement.line);
  },
});

Deno.test({
  name: "nothing is to be held back for who has not caught up",
  permissions: "none",
  fn() {
    const hill = openHerd();
    linkUp(hill, "Jaquez");
    const smith = hill.link("Smith");
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
