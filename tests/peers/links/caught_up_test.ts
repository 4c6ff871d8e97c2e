import { compareEveryMs } from "../../../peers/limits.ts";
import { assertEquals } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";
import type { PipeEnd } from "../../fakes/pipe.ts";
import { reportOf } from "../reports.ts";
import { fakePeerHandshake, linkAsFakePeer } from "./fake_peer.ts";

const pair = [["Hill", "Smith"]] as const;

Deno.test({
  name: "LinkManager logs once that it has caught up with a neighbour",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    for (let index = 0; index < 5_000; index++) {
      hill.router.accept(reportOf(`client-${index}`, 1));
    }
    const smith = herd.start("Smith");
    await herd.clock.advance(2_000);
    assertEquals(smith.router.clients, 5_000);
    for (const { events, name, router } of [hill, smith]) {
      assertEquals(
        router.hasCaughtUpWith(name === "Hill" ? "Smith" : "Hill"),
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
    // Hill has not caught up with the next incarnation of Smith.
    herd.kill("Smith");
    await drainMicrotasks();
    assertEquals(hill.router.hasCaughtUpWith("Smith"), false);
    herd.start("Smith");
    await herd.clock.advance(3_000);
    assertEquals(hill.router.hasCaughtUpWith("Smith"), true);
    assertEquals(hill.events.at(-1)?.endsWith("/Smith caught up"), true);
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager without catch-up does not log that it has caught up",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { catchUp: false });
    const smith = herd.start("Smith");
    await herd.clock.advance(2_000);
    const hasLogged = [hill, smith].map(({ events }) =>
      events.some((text) => text.endsWith("caught up"))
    );
    assertEquals(hasLogged, [false, true]);
    assertEquals(hill.router.hasCaughtUpWith("Smith"), true);
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager ignores SYNC and PRUNE on a connection that is not in use",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    let dialled: PipeEnd | undefined;
    herd.onDial = (_, far) => dialled ??= far;
    const hill = herd.start("Hill");
    await drainMicrotasks();
    // Smith's connection is up first; then Hill's replaces it.
    const replaced = await linkAsFakePeer(herd);
    dialled!.sendText(fakePeerHandshake());
    await drainMicrotasks();
    dialled!.takeAll();
    replaced.sendText("SYNCED\nSYNC\nPRUNE Hill\n");
    await drainMicrotasks();
    assertEquals(hill.router.hasCaughtUpWith("Smith"), false);
    const report = reportOf("kiwi", 1);
    hill.router.accept(report);
    hill.linkManager.flush();
    await drainMicrotasks();
    assertEquals(dialled!.takeAll(), `${report.line}\n`);
    dialled!.sendText("SYNC\nPRUNE Hill\nSYNCED\n");
    await drainMicrotasks();
    assertEquals(hill.router.hasCaughtUpWith("Smith"), true);
    hill.router.accept(reportOf("kiwi", 2));
    hill.linkManager.flush();
    await drainMicrotasks();
    assertEquals(dialled!.takeAll(), "SYNCED\n");
    await herd.stop();
  },
});
