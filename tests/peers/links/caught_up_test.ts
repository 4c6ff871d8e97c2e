import { compareEveryMs } from "../../../peers/limits.ts";
import { assertEquals } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";
import type { PipeEnd } from "../../fakes/pipe.ts";
import { reportOf } from "../reports.ts";
import { fakePeerHandshake, linkAsFakePeer } from "./fake_peer.ts";

const pair = [["Hill", "Smith"]] as const;

Deno.test({
  name: "Links tell once that they have caught up with a neighbour",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    for (let index = 0; index < 5_000; index++) {
      hill.replica.accept(reportOf(`client-${index}`, 1));
    }
    const smith = herd.start("Smith");
    await herd.clock.advance(2_000);
    assertEquals(smith.replica.clients, 5_000);
    for (const { events, name, replica } of [hill, smith]) {
      assertEquals(
        replica.hasCaughtUpWith(name === "Hill" ? "Smith" : "Hill"),
        true,
      );
      const [up, caughtUp] = ["link up", "caught up"].map((event) =>
        events.findIndex((text) => text.endsWith(event))
      );
      assertEquals(up >= 0 && up < caughtUp, true, `${name}: ${events}`);
    }
    await herd.clock.advance(3 * compareEveryMs);
    for (const { events } of [hill, smith]) {
      const count = events.filter((text) => text.endsWith("caught up")).length;
      assertEquals(count, 1);
    }
    // Of the next life of Smith's nobody knows yet how far it is.
    herd.kill("Smith");
    await drainMicrotasks();
    assertEquals(hill.replica.hasCaughtUpWith("Smith"), false);
    herd.start("Smith");
    await herd.clock.advance(3_000);
    assertEquals(hill.replica.hasCaughtUpWith("Smith"), true);
    assertEquals(hill.events.at(-1)?.endsWith("/Smith caught up"), true);
    await herd.stop();
  },
});

Deno.test({
  name: "Links without catch-up do not tell that they have caught up",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { catchUp: false });
    const smith = herd.start("Smith");
    await herd.clock.advance(2_000);
    const told = [hill, smith].map(({ events }) =>
      events.some((text) => text.endsWith("caught up"))
    );
    assertEquals(told, [false, true]);
    assertEquals(hill.replica.hasCaughtUpWith("Smith"), true);
    await herd.stop();
  },
});

Deno.test({
  name: "Links heed what is agreed on a connection only while it is in use",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    let dialled: PipeEnd | undefined;
    herd.onDial = (_, far) => dialled ??= far;
    const hill = herd.start("Hill");
    await drainMicrotasks();
    // Smith's own connection is up first; then Hill's takes over.
    const retired = await linkAsFakePeer(herd);
    dialled!.sendText(fakePeerHandshake());
    await drainMicrotasks();
    dialled!.takeAll();
    retired.sendText("SYNCED\nSYNC\nPRUNE Hill\n");
    await drainMicrotasks();
    assertEquals(hill.replica.hasCaughtUpWith("Smith"), false);
    const report = reportOf("kiwi", 1);
    hill.replica.accept(report);
    hill.linkManager.flush();
    await drainMicrotasks();
    assertEquals(dialled!.takeAll(), `${report.line}\n`);
    dialled!.sendText("SYNC\nPRUNE Hill\nSYNCED\n");
    await drainMicrotasks();
    assertEquals(hill.replica.hasCaughtUpWith("Smith"), true);
    hill.replica.accept(reportOf("kiwi", 2));
    hill.linkManager.flush();
    await drainMicrotasks();
    assertEquals(dialled!.takeAll(), "SYNCED\n");
    await herd.stop();
  },
});
