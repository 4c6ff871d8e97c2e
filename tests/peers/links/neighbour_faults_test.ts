import {
  linesPerPiece,
  maxLineIds,
  maxListedInParts,
  minAlternations,
  refusalLingerMs,
  warnEveryMs,
} from "../../../peers/limits.ts";
import { assert, assertEquals, assertStringIncludes } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import {
  type MemoryEvent,
  MemoryHerd,
  type MemoryServer,
} from "../../fakes/memory_herd.ts";
import { reportOf } from "../reports.ts";
import { fakePeerHandshake, helloOf, linkAsFakePeer } from "./fake_peer.ts";

const pair = [["Hill", "Smith"]] as const;

/** The events of a server with a name. */
function eventsOf({ allEvents }: MemoryServer, name: string): MemoryEvent[] {
  return allEvents.filter(({ event }) => event === name);
}

Deno.test({
  name: "optional messages and fields of a later version are ignored",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = herd.dial("Hill");
    const hello = helloOf("Smith", "Hill");
    smith.sendText(`${hello} clock=17 later-1=~!\nPROOF -\n`);
    smith.sendText(`+STATUS any text\n+X\n${reportOf("kiwi", 1).line}\n`);
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    assertEquals(hill.router.clients, 1);
    const [{ counts }] = hill.linkManager.neighbourStatuses();
    assertEquals(counts.ignoredMessages, 2);
    // Anything else is an error.
    smith.sendText("STATUS any text\n");
    await drainMicrotasks();
    assertEquals(hill.events.at(-1), "peer/1/Smith link down nonsense");
    await herd.stop();
  },
});

Deno.test({
  name: "a link with a neighbour that sends more than can be true ends",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    const entry = ` 0007${"0".repeat(29)}`;
    const part = `PART 0007${entry.repeat(maxLineIds)}\n`;
    for (let parts = 0; parts <= maxListedInParts / maxLineIds; parts++) {
      assertEquals(hill.linkManager.linked(), ["Smith"]);
      smith.sendText(part);
      await drainMicrotasks();
    }
    assertEquals(hill.linkManager.linked(), []);
    const [{ fields, level }] = eventsOf(hill, "link down");
    assertEquals(level, "warning");
    assertEquals(fields.reason, "over limit");
    assertEquals(fields.detail, `over ${maxListedInParts} reports in a list`);
    await herd.stop();
  },
});

Deno.test({
  name: "no line is lost where a turn ends within a chunk of a link",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    // Each reading of the clock follows a pause of the process.
    let readings = 0;
    herd.clock.elapsedMs = () => readings++ * 3;
    const lines = Array.from(
      { length: 5 * linesPerPiece },
      (_, client) => reportOf(`client-${client}`, 1).line,
    );
    smith.sendText(`${lines.join("\n")}\n`);
    await drainMicrotasks();
    assertEquals(hill.router.clients, lines.length);
    await herd.stop();
  },
});

Deno.test({
  name: "linked servers adopt the smallest key, and compare then",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([["Hill", "Smith"], ["Smith", "Jaquez"]]);
    const keys = ["3", "2", "1"].map((digit) => digit.padEnd(32, "0"));
    const servers = ["Hill", "Smith", "Jaquez"].map((name, index) => {
      const server = herd.start(name, { treeKey: keys[index] });
      for (let client = 0; client < 5_000; client++) {
        server.router.accept(reportOf(`${name}-${client}`, 1, name));
      }
      return server;
    });
    // The handshakes take no time, but the rebuilds do.
    await herd.clock.advance(1);
    const [hill, smith] = servers;
    assertEquals(smith.router.isRebuilding, true);
    assert(eventsOf(hill, "link up").length > 0);
    assertEquals(eventsOf(hill, "caught up"), []);
    assertStringIncludes(hill.linkManager.notReady!, "has not caught up");
    await herd.clock.advance(5_000);
    for (const { linkManager, name, router } of servers) {
      assertEquals(router.treeKey, keys[2], name);
      assertEquals(router.isRebuilding, false);
      assertEquals(router.clients, 15_000, name);
      assertEquals(linkManager.notReady, undefined);
    }
    await herd.stop();
    assertEquals(herd.clock.timers, 0);
  },
});

Deno.test({
  name: "digests of a neighbour with another key are ignored",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { treeKey: "1".padEnd(32, "0") });
    hill.router.accept(reportOf("kiwi", 1));
    const smith = herd.dial("Hill");
    smith.sendText(`${helloOf("Smith", "Hill")}\nPROOF -\n`);
    const compare = `DIGEST -${" 0".repeat(16)}\nSYNC\n`;
    smith.sendText(compare);
    smith.sendText(`TREE ${"2".padEnd(32, "0")}\n${compare}`);
    await drainMicrotasks();
    const [, , seen, key, ...others] = smith.takeAll().split("\n");
    assertEquals(seen, "SEEN 0 0");
    assertEquals([key, others], [`TREE ${hill.router.treeKey}`, [
      "+CLOCK 1000000000000.000000000",
      "",
    ]]);
    // It has adopted Hill's.
    smith.sendText(`TREE ${"1".padEnd(32, "0")}\n${compare}`);
    await drainMicrotasks();
    const lines = smith.takeAll().split("\n");
    assertEquals(lines.sort(), [
      "",
      reportOf("kiwi", 1).line,
      "SYNC",
      "SYNCED",
    ]);
    await herd.stop();
  },
});

Deno.test({
  name: "a neighbour's horizon ahead of the clock is a warning, once a minute",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    // The clock of its store is at 10^12.
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    const ahead = (seconds: number) =>
      smith.sendText(`HORIZON ${10 ** 12 + seconds}\n`);
    ahead(0);
    await drainMicrotasks();
    assertEquals(eventsOf(hill, "horizon ahead"), []);
    for (let seconds = 100; seconds < 200; seconds++) ahead(seconds);
    await drainMicrotasks();
    assertEquals(eventsOf(hill, "horizon ahead"), [{
      level: "warning",
      connection: "server",
      event: "horizon ahead",
      fields: { neighbour: "Smith", seconds: 100 },
    }]);
    for (let waited = 0; waited < warnEveryMs; waited += 1_000) {
      await herd.clock.advance(1_000);
      smith.sendText("PING\n");
    }
    ahead(300);
    await drainMicrotasks();
    assertEquals(eventsOf(hill, "horizon ahead").length, 2);
    await herd.stop();
  },
});

Deno.test({
  name: "two servers with one name are a warning with both addresses",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    // Two runs of one server, one after the other, are none.
    const connect = async (incarnation: string, remote: string) => {
      herd.dial("Hill", remote).sendText(fakePeerHandshake(incarnation));
      await herd.clock.advance(500);
    };
    for (let run = 0; run < 20; run++) await connect(`run-${run}`, "a:1");
    const [{ counts }] = hill.linkManager.neighbourStatuses();
    assertEquals(counts.duplicates, 0);
    assertEquals(eventsOf(hill, "two servers of one name"), []);
    await connect("one", "a:1");
    await connect("two", "b:2");
    for (let turns = 1; turns <= 20; turns++) {
      if (turns % 2 === 0) await connect("two", "b:2");
      else await connect("one", "a:1");
      assertEquals(counts.duplicates, turns);
      const warnings = eventsOf(hill, "two servers of one name");
      assertEquals(warnings.length, turns < minAlternations ? 0 : 1);
    }
    const [{ fields, level }] = eventsOf(hill, "two servers of one name");
    assertEquals(level, "warning");
    assertEquals(fields, { neighbour: "Smith", remotes: ["b:2", "a:1"] });
    await herd.stop();
  },
});

Deno.test({
  name: "a lost neighbour is a warning, a replaced or stopped link is none",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const first = await linkAsFakePeer(herd);
    await linkAsFakePeer(herd);
    first.close();
    await herd.clock.advance(10);
    const levels = () =>
      eventsOf(hill, "link down")
        .map(({ fields, level }) => `${level} ${fields.reason}`);
    assertEquals(levels(), ["debug replaced"]);
    const third = await linkAsFakePeer(herd);
    third.close();
    await herd.clock.advance(3_000);
    assert(levels().includes("warning neighbour closed"), `${levels()}`);
    await linkAsFakePeer(herd);
    await herd.stop();
    assertEquals(levels().at(-1), "info stopping");
  },
});

Deno.test({
  name: "a double dial and a probe of the port are no warnings",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    // Hill dials it at once.
    herd.start("Smith");
    const hill = herd.start("Hill");
    await herd.clock.advance(1_000);
    const levels = () =>
      eventsOf(hill, "link refused")
        .map(({ fields, level }) => `${level} ${fields.reason}`);
    // A health check connects and closes.
    herd.dial("Hill").close();
    await herd.clock.advance(refusalLingerMs);
    assertEquals(levels(), ["debug closed early"]);
    const cut = herd.dial("Hill");
    cut.sendText("HERD");
    await drainMicrotasks();
    cut.close();
    await herd.clock.advance(refusalLingerMs);
    assertEquals(levels().at(-1), "warning closed early");
    herd.dial("Hill").sendText(`${helloOf("Smith", "Hill", "run-1")}\n`);
    await drainMicrotasks();
    assertEquals(levels().at(-1), "debug linked already");
    herd.dial("Hill").sendText(`${helloOf("Mallory", "Hill")}\n`);
    await drainMicrotasks();
    assertEquals(levels().at(-1), "warning stranger");
    await herd.stop();
  },
});

Deno.test({
  name: "a connection to its own end is told apart from a wrong herd file",
  permissions: "none",
  async fn() {
    const reasons: string[] = [];
    for (const isEcho of [true, false]) {
      const herd = new MemoryHerd(pair);
      herd.onDial = async (_, far) => {
        const buffer = new Uint8Array(1_000);
        const count = await far.read(buffer);
        const line = new TextDecoder().decode(buffer.subarray(0, count!));
        // A server that has dialled itself refuses with another text.
        far.sendText(isEcho ? line : "NO own name: Hill has dialled itself\n");
      };
      const hill = herd.start("Hill");
      await herd.clock.advance(100);
      const [{ fields }] = eventsOf(hill, "dial failed");
      reasons.push(`${fields.reason}`);
      await herd.stop();
    }
    assertStringIncludes(reasons[0], "own name: the connection leads to its");
    assertStringIncludes(reasons[0], "nothing listens on Smith's port yet");
    assertStringIncludes(reasons[1], "refused: own name: Hill has dialled");
  },
});
