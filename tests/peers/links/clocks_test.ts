import { assert, assertEquals } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd, type MemoryServer } from "../../fakes/memory_herd.ts";
import { makeReport, type Report } from "../../../protocol/report.ts";
import { addSeconds } from "../../../protocol/time.ts";

const triangle = [
  ["Hill", "Jaquez"],
  ["Hill", "Smith"],
  ["Jaquez", "Smith"],
] as const;

/** A herd whose servers' clocks a test sets. */
function openHerd(links: readonly (readonly [string, string])[]) {
  const herd = new MemoryHerd(links);
  const ahead = new Map<string, number>();
  const names = [...new Set(links.flat())];
  const [hill, jaquez, smith] = names.map((name) =>
    herd.start(name, { aheadSeconds: () => ahead.get(name) ?? 0 })
  );
  /** A report that a server hears now. */
  const hear = (server: MemoryServer, time = "7"): Report => {
    const now = addSeconds(herd.clock.now(), ahead.get(server.name) ?? 0);
    const report = makeReport(server.name, now, {
      verb: "IAMAT",
      client: "kiwi",
      position: "+1+1",
      time,
    });
    server.router.acceptOwn(report);
    server.router.onChunk();
    server.linkManager.scheduleFlush();
    return report;
  };
  return { herd, ahead, hear, hill, jaquez, smith };
}

/** The events about the clock of a server. */
function clockEventsOf({ allEvents }: MemoryServer) {
  return allEvents.filter(({ event }) => event.startsWith("clock "))
    .map(({ event, fields, level }) => ({ level, event, fields }));
}

Deno.test({
  name: "servers tell each other their clocks in the hello and every 5 s",
  permissions: "none",
  async fn() {
    const { ahead, herd, hill, jaquez: smith } = openHerd([["Hill", "Smith"]]);
    const clockOf = ({ linkManager }: MemoryServer) =>
      linkManager.neighbourStatuses()[0].clockAheadSeconds;
    await herd.clock.advance(100);
    assertEquals([clockOf(hill), clockOf(smith)], [0, 0]);
    ahead.set("Smith", 3);
    await herd.clock.advance(7_000);
    assertEquals([clockOf(hill), clockOf(smith)], [3, -3]);
    herd.kill("Smith");
    await drainMicrotasks();
    assertEquals(clockOf(hill), undefined);
    await herd.stop();
  },
});

Deno.test({
  name:
    "a server whose clock differs from the median says so once, and once that it agrees",
  permissions: "none",
  async fn() {
    const { ahead, herd, hill, jaquez, smith } = openHerd(triangle);
    await herd.clock.advance(3_000);
    ahead.set("Hill", -90.25);
    await herd.clock.advance(60_000);
    assertEquals(clockEventsOf(hill), [{
      level: "warning",
      event: "clock differs",
      fields: { aheadSeconds: -90.25, clocks: 3 },
    }]);
    assertEquals(hill.router.clock.differs, true);
    ahead.delete("Hill");
    await herd.clock.advance(60_000);
    assertEquals(clockEventsOf(hill).slice(1), [{
      level: "info",
      event: "clock agrees",
      fields: { aheadSeconds: 0, clocks: 3 },
    }]);
    // The others are right.
    for (const server of [jaquez, smith]) {
      assertEquals(clockEventsOf(server), []);
    }
    await herd.stop();
  },
});

Deno.test({
  name: "two servers whose clocks differ both say so",
  permissions: "none",
  async fn() {
    const { ahead, herd, hill, jaquez: smith } = openHerd([["Hill", "Smith"]]);
    ahead.set("Hill", 20);
    await herd.clock.advance(10_000);
    const fieldsOf = (server: MemoryServer) =>
      clockEventsOf(server).map(({ fields }) => fields);
    assertEquals(fieldsOf(hill), [{ aheadSeconds: 10, clocks: 2 }]);
    assertEquals(fieldsOf(smith), [{ aheadSeconds: -10, clocks: 2 }]);
    await herd.stop();
  },
});

Deno.test({
  name: "a report that was heard too far ahead comes when it is true",
  permissions: "none",
  async fn() {
    const { ahead, hear, herd, hill, jaquez, smith } = openHerd(triangle);
    await herd.clock.advance(3_000);
    ahead.set("Hill", 100);
    const { line } = hear(hill);
    await drainMicrotasks();
    for (const { router } of [jaquez, smith]) {
      assertEquals(router.newest("kiwi"), undefined);
      assertEquals([router.counts.ahead, router.counts.newer], [1, 0]);
    }
    // Its own clients see it.
    assertEquals(hill.router.newest("kiwi"), line);
    // Comparisons do not count it as missed, and cost one line each.
    await herd.clock.advance(30_000);
    assert(smith.router.hasCaughtUpWith("Hill"));
    assertEquals(smith.router.newest("kiwi"), undefined);
    assert(smith.router.counts.ahead <= 3);
    await herd.clock.advance(35_000);
    for (const { router } of [jaquez, smith]) {
      assertEquals(router.newest("kiwi"), line);
    }
    await herd.stop();
  },
});

Deno.test({
  name: "a server whose clock steps back drops the reports of a wrong time",
  permissions: "none",
  async fn() {
    const { ahead, hear, herd, hill, jaquez } = openHerd(triangle);
    await herd.clock.advance(3_000);
    ahead.set("Hill", 3_600);
    hear(hill, "9999999999");
    await herd.clock.advance(10_000);
    ahead.delete("Hill");
    // The next report would not replace that one for an hour.
    await herd.clock.advance(1_000);
    assertEquals(hill.router.newest("kiwi"), undefined);
    assertEquals(hill.router.clients, 1);
    await herd.clock.advance(100);
    assertEquals(hill.router.clients, 0);
    const { line } = hear(hill, "9999999998");
    await drainMicrotasks();
    for (const { router } of [hill, jaquez]) {
      assertEquals(router.newest("kiwi"), line);
    }
    await herd.stop();
  },
});

Deno.test({
  name:
    "a report replaces one that is to be removed, before the sweep has come there",
  permissions: "none",
  async fn() {
    const { ahead, hear, herd, hill } = openHerd(triangle);
    await herd.clock.advance(3_000);
    ahead.set("Hill", 3_600);
    hear(hill, "9999999999");
    ahead.delete("Hill");
    hill.router.compareClocks();
    const { line } = hear(hill, "9999999998");
    assertEquals(hill.router.newest("kiwi"), line);
    await herd.clock.advance(1_000);
    assertEquals(hill.router.newest("kiwi"), line);
    await herd.stop();
  },
});
