import {
  defaultMaxHalfOpenLinks as maxHalfOpenLinks,
  minHalfOpenLinks,
} from "../../../peers/limits.ts";
import { formatHello } from "../../../peers/links/handshake.ts";
import { assertEquals, assertStringIncludes } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";

const nonce = "0123456789abcdef".repeat(2);

Deno.test({
  name: "PendingHandshakes evicts the oldest silent connection for a neighbour",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([["Hill", "Smith"]]);
    const hill = herd.start("Hill");
    await drainMicrotasks();
    const first = herd.dial("Hill");
    const others = Array.from(
      { length: maxHalfOpenLinks - 1 },
      () => herd.dial("Hill"),
    );
    await drainMicrotasks();
    assertEquals(first.other.isClosed, false);
    assertEquals([...hill.counts.hits], []);
    const neighbour = herd.dial("Hill");
    await drainMicrotasks();
    // The oldest connection is closed.
    assertEquals(first.other.isClosed, true);
    assertEquals(others.some(({ other }) => other.isClosed), false);
    assertEquals([...hill.counts.hits], [["half-open-links", 1]]);
    assertStringIncludes(hill.events.join("\n"), "link refused crowded out");
    const hello = { from: "Smith", to: "Hill", incarnation: "abc", nonce };
    neighbour.sendText(`${formatHello(hello)}\n`);
    await drainMicrotasks();
    neighbour.sendText("PROOF -\n");
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    // A link is no longer a pending handshake.
    herd.dial("Hill");
    await drainMicrotasks();
    assertEquals([...hill.counts.hits], [["half-open-links", 1]]);
    await herd.stop();
    assertEquals(others.every(({ other }) => other.isClosed), true);
  },
});

Deno.test({
  name: "PendingHandshakes counts refused connections until they are closed",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([["Hill", "Smith"]]);
    const hill = herd.start("Hill");
    await drainMicrotasks();
    const refused = Array.from({ length: maxHalfOpenLinks }, () => {
      const connection = herd.dial("Hill");
      connection.sendText("GET / HTTP/1.1\n");
      return connection;
    });
    await drainMicrotasks();
    assertEquals(refused.some(({ other }) => other.isClosed), false);
    herd.dial("Hill");
    await drainMicrotasks();
    assertEquals(refused[0].other.isClosed, true);
    assertEquals([...hill.counts.hits], [["half-open-links", 1]]);
    await herd.stop();
  },
});

Deno.test({
  name: "PendingHandshakes closes pending and later connections at a stop",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([["Hill", "Smith"]]);
    const hill = herd.start("Hill");
    await drainMicrotasks();
    const pending = herd.dial("Hill");
    await drainMicrotasks();
    let hasStopped = false;
    hill.linkManager.stop().then(() => hasStopped = true);
    const late = herd.dial("Hill");
    // No time passes.
    await drainMicrotasks();
    assertEquals(pending.other.isClosed, true);
    assertEquals(late.other.isClosed, true);
    assertEquals(hasStopped, true);
  },
});

Deno.test({
  name: "without descriptors most connections without a link are closed",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([["Hill", "Smith"]]);
    const hill = herd.start("Hill");
    await drainMicrotasks();
    const unknown = Array.from({ length: 50 }, () => herd.dial("Hill"));
    await drainMicrotasks();
    assertEquals(hill.linkManager.onShortage(), 50 - minHalfOpenLinks);
    await drainMicrotasks();
    const left = () => unknown.filter(({ other }) => !other.isClosed);
    assertEquals(left(), unknown.slice(-minHalfOpenLinks));
    assertEquals(hill.linkManager.onShortage(), 0);
    unknown.push(herd.dial("Hill"));
    await drainMicrotasks();
    assertEquals(left(), unknown.slice(-minHalfOpenLinks));
    assertEquals(
      [...hill.counts.hits],
      [["half-open-links", 51 - minHalfOpenLinks]],
    );
    hill.linkManager.onRecovery();
    unknown.push(herd.dial("Hill"));
    await drainMicrotasks();
    assertEquals(left(), unknown.slice(-minHalfOpenLinks - 1));
    await herd.stop();
  },
});
