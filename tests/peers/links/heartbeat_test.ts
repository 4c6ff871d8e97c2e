import {
  backoffCapMs,
  compareEveryMs,
  defaultLinkTimeoutMs,
  pingAfterMs,
} from "../../../peers/limits.ts";
import { assert, assertEquals, assertStringIncludes } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";
import { reportOf } from "../reports.ts";
import { linkAsFakePeer } from "./fake_peer.ts";

const pair = [["Hill", "Smith"]] as const;

Deno.test({
  name: "Link pings only when nothing else was written",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { catchUp: false });
    const smith = await linkAsFakePeer(herd);
    // The key of the digest tree was written when the link came up.
    await herd.clock.advance(pingAfterMs);
    assertEquals(smith.takeAll(), "");
    await herd.clock.advance(pingAfterMs);
    assertEquals(smith.takeAll(), "PING\n");
    hill.router.accept(reportOf("kiwi", 1));
    hill.linkManager.flush();
    await herd.clock.advance(pingAfterMs);
    assertEquals(smith.takeAll(), reportOf("kiwi", 1).line + "\n");
    await herd.clock.advance(pingAfterMs);
    assertEquals(smith.takeAll(), "PING\n");
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager ends the link with a silent neighbour, and dials again",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    let dials = 0;
    herd.onDial = () => dials += 1;
    for (let pings = 0; pings < 20; pings++) {
      await herd.clock.advance(defaultLinkTimeoutMs - 1);
      smith.sendText("PING\n");
    }
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    await herd.clock.advance(defaultLinkTimeoutMs + pingAfterMs);
    assertEquals(hill.linkManager.linked(), []);
    assertStringIncludes(hill.events.join("\n"), "link down silent");
    assertEquals(smith.other.isClosed, true);
    await herd.clock.advance(backoffCapMs);
    assert(dials > 0);
    await herd.stop();
  },
});

Deno.test({
  name: "Link does not count silence while reading waits for the log",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    hill.traffic.get("peer/1/Smith")!.fill();
    smith.sendText("PING\n");
    await herd.clock.advance(3 * defaultLinkTimeoutMs);
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    hill.traffic.get("peer/1/Smith")!.drain();
    smith.sendText(reportOf("kiwi", 1).line + "\n");
    await drainMicrotasks();
    assertEquals(hill.router.clients, 1);
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager compares when a link comes up, and every 30 seconds",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = herd.start("Smith");
    await herd.clock.advance(1_000);
    const digests = () =>
      [hill, smith].flatMap((server) => [...server.traffic.values()])
        .flatMap(({ lines }) => lines)
        .filter((line) => line.startsWith("> DIGEST")).length;
    assertEquals(digests(), 1);
    await herd.clock.advance(compareEveryMs);
    assertEquals(digests(), 2);
    await herd.clock.advance(10 * compareEveryMs);
    assertEquals(digests(), 12);
    await herd.stop();
  },
});
