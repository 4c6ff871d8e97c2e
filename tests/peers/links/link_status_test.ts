import { assert, assertEquals } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";
import { reportOf } from "../reports.ts";
import { linkAsFakePeer } from "./fake_peer.ts";

const pair = [["Hill", "Smith"]] as const;

/** When `MemoryHerd`'s clock begins. */
const start = 1_520_024_734;

Deno.test({
  name: "Links report each neighbour, what went wrong with it, and since when",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([...pair, ["Hill", "Jaquez"]]);
    const hill = herd.start("Hill");
    await drainMicrotasks();
    const [smith, jaquez] = hill.linkManager.neighbourStatuses();
    assertEquals([smith.neighbour, jaquez.neighbour], ["Smith", "Jaquez"]);
    assertEquals(smith.isUp, false);
    assertEquals(smith.counts.since, start);
    assertEquals(smith.counts.losses, 0);
    assertEquals(smith.counts.lastFailure, "Connection refused");
    await herd.clock.advance(10_000);
    herd.start("Smith");
    await drainMicrotasks();
    const [linked] = hill.linkManager.neighbourStatuses();
    assertEquals([linked.isUp, linked.counts.since], [true, start + 10]);
    await herd.clock.advance(20_000);
    herd.kill("Smith");
    await drainMicrotasks();
    const [lost] = hill.linkManager.neighbourStatuses();
    assertEquals([lost.isUp, lost.counts.losses], [false, 1]);
    assertEquals(lost.counts.since, start + 30);
    assertEquals(lost.counts.lastFailure, "neighbour closed");
    await herd.clock.advance(5_000);
    assertEquals(lost.counts.since, start + 30);
    assertEquals(lost.counts.lastFailure, "Connection refused");
    await herd.stop();
  },
});

Deno.test({
  name: "Links report a connection that takes over as the same link",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = herd.start("Smith");
    await herd.clock.advance(5_000);
    for (const { linkManager } of [hill, smith]) {
      const [{ counts, isUp }] = linkManager.neighbourStatuses();
      assertEquals([isUp, counts.losses], [true, 0]);
      assertEquals(counts.since, start);
    }
    await herd.stop();
  },
});

Deno.test({
  name: "Links count what came from a neighbour and what went to it",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { catchUp: false });
    await drainMicrotasks();
    const smith = await linkAsFakePeer(herd);
    const [{ counts }] = hill.linkManager.neighbourStatuses();
    const { bytesSent } = counts;
    smith.sendText(`${reportOf("kiwi", 1, "Smith").line}\n`);
    smith.sendText(`${reportOf("kiwi", 1, "Smith").line}\n`);
    await drainMicrotasks();
    assertEquals(counts.reportsReceived, 2);
    hill.replica.accept(reportOf("plum", 1));
    hill.linkManager.flush();
    await drainMicrotasks();
    assertEquals(smith.takeAll(), `${reportOf("plum", 1).line}\n`);
    const written = reportOf("plum", 1).line.length + 1;
    assertEquals(counts.bytesSent - bytesSent, written);
    await herd.stop();
  },
});

Deno.test({
  name: "Links report how far a neighbour is behind",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { catchUp: false });
    await drainMicrotasks();
    const smith = await linkAsFakePeer(herd);
    smith.other.freeze();
    const waiting = () =>
      hill.linkManager.neighbourStatuses()[0].waitingReports;
    assertEquals(waiting(), 0);
    for (let index = 0; index < 5; index++) {
      hill.replica.accept(reportOf(`client-${index}`, 1));
      hill.linkManager.flush();
    }
    // The first is being written.
    assertEquals(waiting(), 4);
    smith.other.thaw();
    await drainMicrotasks();
    assertEquals(waiting(), 0);
    await herd.stop();
  },
});

Deno.test({
  name: "Links measure one report of those that come in together",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const { durations } = herd.start("Hill", { catchUp: false });
    await drainMicrotasks();
    const smith = await linkAsFakePeer(herd);
    // The report says when Smith has heard it: the client's time and a second.
    const heardAt = (client: string, time: number) =>
      `AT Smith +1.000000000 ${client} +1+2 ${time}\n`;
    smith.sendText(heardAt("kiwi", start - 3) + heardAt("plum", start - 9));
    await drainMicrotasks();
    assertEquals(durations, [2]);
    smith.sendText(heardAt("kiwi", start - 3));
    await drainMicrotasks();
    assertEquals(durations, [2], "that was no news");
    smith.sendText(heardAt("pear", start - 6));
    await drainMicrotasks();
    assertEquals(durations, [2, 5]);
    assert(herd.servers.has("Hill"));
    await herd.stop();
  },
});

Deno.test({
  name: "Links measure no report that is of before the link",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    hill.replica.accept(reportOf("kiwi", 1));
    const smith = herd.start("Smith");
    smith.replica.accept(reportOf("plum", 1));
    await drainMicrotasks();
    await herd.clock.advance(5_000);
    assertEquals(hill.replica.newest("plum"), reportOf("plum", 1).line);
    assertEquals([hill.durations, smith.durations], [[], []]);
    smith.replica.accept(reportOf("pear", start));
    smith.linkManager.flush();
    await drainMicrotasks();
    assertEquals(hill.durations.length, 1);
    await herd.stop();
  },
});

Deno.test({
  name: "Herd counts what came of reports, and shows those that are news",
  permissions: "none",
  fn() {
    const herd = new MemoryHerd(pair);
    const { replica: hill } = herd.start("Hill");
    const shown: string[] = [];
    hill.accept(reportOf("kiwi", 1));
    hill.onNews = ({ client }) => shown.push(client);
    hill.accept(reportOf("plum", 2));
    hill.accept(reportOf("plum", 2));
    hill.accept(reportOf("plum", 1));
    assertEquals(hill.counts, {
      newer: 2,
      known: 2,
      forgotten: 0,
      share: 0,
    });
    assertEquals(shown, ["plum"]);
    return herd.stop();
  },
});

Deno.test({
  name: "Links are ready when they have caught up, until nobody is linked",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    assertEquals(
      hill.linkManager.notReady,
      "it has not dialled its neighbours yet",
    );
    await drainMicrotasks();
    assertEquals(hill.linkManager.notReady, "no neighbour is linked");
    hill.replica.accept(reportOf("kiwi", 1));
    await herd.clock.advance(5_000);
    const smith = herd.start("Smith");
    assertEquals(smith.linkManager.notReady !== undefined, true);
    await drainMicrotasks();
    for (const { linkManager } of [hill, smith]) {
      const [{ isCaughtUp }] = linkManager.neighbourStatuses();
      assertEquals([isCaughtUp, linkManager.notReady], [true, undefined]);
    }
    assertEquals(smith.replica.newest("kiwi"), reportOf("kiwi", 1).line);
    herd.kill("Smith");
    await drainMicrotasks();
    assertEquals(hill.linkManager.notReady, "no neighbour is linked");
    assertEquals(hill.linkManager.neighbourStatuses()[0].isCaughtUp, false);
    await herd.stop();
  },
});

Deno.test({
  name: "Links are not ready while a neighbour has not told all that it knows",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    await drainMicrotasks();
    await linkAsFakePeer(herd);
    await herd.clock.advance(3_000);
    const [{ isCaughtUp, isUp }] = hill.linkManager.neighbourStatuses();
    assertEquals([isUp, isCaughtUp], [true, false]);
    assertEquals(
      hill.linkManager.notReady,
      "it has not caught up with Smith yet",
    );
    await herd.stop();
  },
});
