import { defaultMaxHalfOpenLinks as maxHalfOpenLinks } from "../../../peers/limits.ts";
import { formatHello } from "../../../peers/links/handshake.ts";
import { assertEquals, assertStringIncludes } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";

const nonce = "0123456789abcdef".repeat(2);

Deno.test({
  name: "strangers who say nothing do not keep a neighbour out",
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
    // The one that came first has to go.
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
    // It does not count any more.
    herd.dial("Hill");
    await drainMicrotasks();
    assertEquals([...hill.counts.hits], [["half-open-links", 1]]);
    await herd.stop();
    assertEquals(others.every(({ other }) => other.isClosed), true);
  },
});

Deno.test({
  name: "those who were refused and linger count as well",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([["Hill", "Smith"]]);
    const hill = herd.start("Hill");
    await drainMicrotasks();
    const strangers = Array.from({ length: maxHalfOpenLinks }, () => {
      const stranger = herd.dial("Hill");
      stranger.sendText("GET / HTTP/1.1\n");
      return stranger;
    });
    await drainMicrotasks();
    assertEquals(strangers.some(({ other }) => other.isClosed), false);
    herd.dial("Hill");
    await drainMicrotasks();
    assertEquals(strangers[0].other.isClosed, true);
    assertEquals([...hill.counts.hits], [["half-open-links", 1]]);
    await herd.stop();
  },
});

Deno.test({
  name: "a server that stops does not wait for strangers, nor lets others in",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([["Hill", "Smith"]]);
    const hill = herd.start("Hill");
    await drainMicrotasks();
    const stranger = herd.dial("Hill");
    await drainMicrotasks();
    let hasStopped = false;
    hill.linkManager.stop().then(() => hasStopped = true);
    const late = herd.dial("Hill");
    // No time passes.
    await drainMicrotasks();
    assertEquals(stranger.other.isClosed, true);
    assertEquals(late.other.isClosed, true);
    assertEquals(hasStopped, true);
  },
});
