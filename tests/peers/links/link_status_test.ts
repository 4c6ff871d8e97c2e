import { assert, assertEquals } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";
import { reportOf } from "../reports.ts";
import { linkAsFakePeer } from "./fake_peer.ts";

const pair = [["Hill", "Smith"]] as const;

/** The first time of `MemoryHerd`'s clock, in POSIX seconds. */
const start = 1_520_024_734;

Deno.test({
  name:
    "neighbourStatuses() has each neighbour's state, its start and failures",
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
    herd.clock.setBy(86_400);
    assertEquals(lost.counts.since, start + 30 + 86_400);
    assertEquals(lost.counts.stateSeconds, 5);
    await herd.stop();
  },
});

Deno.test({
  name: "neighbourStatuses() does not count a replaced connection as a loss",
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
  name: "neighbourStatuses() counts received reports and sent bytes",
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
    hill.router.accept(reportOf("plum", 1));
    hill.linkManager.flush();
    await drainMicrotasks();
    assertEquals(smith.takeAll(), `${reportOf("plum", 1).line}\n`);
    const written = reportOf("plum", 1).line.length + 1;
    assertEquals(counts.bytesSent - bytesSent, written);
    await herd.stop();
  },
});

Deno.test({
  name: "neighbourStatuses() counts the reports that wait",
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
      hill.router.accept(reportOf(`client-${index}`, 1));
      hill.linkManager.flush();
    }
    // The first report is being written.
    assertEquals(waiting(), 4);
    smith.other.thaw();
    await drainMicrotasks();
    assertEquals(waiting(), 0);
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager measures the propagation of one report in each chunk",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const { durations } = herd.start("Hill", { catchUp: false });
    await drainMicrotasks();
    const smith = await linkAsFakePeer(herd);
    // Smith received the report 1 second after the client's time.
    const lineOf = (client: string, time: number) =>
      `AT Smith +1.000000000 ${client} +1+2 ${time}\n`;
    smith.sendText(lineOf("kiwi", start - 3) + lineOf("plum", start - 9));
    await drainMicrotasks();
    assertEquals(durations, [2]);
    smith.sendText(lineOf("kiwi", start - 3));
    await drainMicrotasks();
    assertEquals(durations, [2], "a known report was measured");
    smith.sendText(lineOf("pear", start - 6));
    await drainMicrotasks();
    assertEquals(durations, [2, 5]);
    assert(herd.servers.has("Hill"));
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager does not measure reports from before the link",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    hill.router.accept(reportOf("kiwi", 1));
    const smith = herd.start("Smith");
    smith.router.accept(reportOf("plum", 1));
    await drainMicrotasks();
    await herd.clock.advance(5_000);
    assertEquals(hill.router.newest("plum"), reportOf("plum", 1).line);
    assertEquals([hill.durations, smith.durations], [[], []]);
    smith.router.accept(reportOf("pear", start));
    smith.linkManager.flush();
    await drainMicrotasks();
    assertEquals(hill.durations.length, 1);
    await herd.stop();
  },
});

Deno.test({
  name: "FloodRouter counts reports by result, and notifies of new ones",
  permissions: "none",
  fn() {
    const herd = new MemoryHerd(pair);
    const { router: hill } = herd.start("Hill");
    const notified: string[] = [];
    hill.accept(reportOf("kiwi", 1));
    hill.onNews = ({ client }) => notified.push(client);
    hill.accept(reportOf("plum", 2));
    hill.accept(reportOf("plum", 2));
    hill.accept(reportOf("plum", 1));
    assertEquals(hill.counts, {
      newer: 2,
      known: 2,
      repeated: 0,
      ahead: 0,
      forgotten: 0,
      deleted: 0,
      apart: 0,
      share: 0,
    });
    assertEquals(notified, ["plum"]);
    return herd.stop();
  },
});

Deno.test({
  name: "LinkManager is ready from catching up until no neighbour is linked",
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
    hill.router.accept(reportOf("kiwi", 1));
    await herd.clock.advance(5_000);
    const smith = herd.start("Smith");
    assertEquals(smith.linkManager.notReady !== undefined, true);
    await drainMicrotasks();
    for (const { linkManager } of [hill, smith]) {
      const [{ isCaughtUp }] = linkManager.neighbourStatuses();
      assertEquals([isCaughtUp, linkManager.notReady], [true, undefined]);
    }
    assertEquals(smith.router.newest("kiwi"), reportOf("kiwi", 1).line);
    herd.kill("Smith");
    await drainMicrotasks();
    assertEquals(hill.linkManager.notReady, "no neighbour is linked");
    assertEquals(hill.linkManager.neighbourStatuses()[0].isCaughtUp, false);
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager is not ready while it has not caught up with a neighbour",
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
