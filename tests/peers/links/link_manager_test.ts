import {
  backoffCapMs,
  backoffFloorMs,
  dialTimeoutMs,
  drainTimeoutMs,
  firstDialWaitMs,
  handshakeTimeoutMs,
  refusalLingerMs,
  stableAfterMs,
  stallAfterMs,
} from "../../../peers/limits.ts";
import { maxLineBytes, maxPeerLineBytes } from "../../../protocol/limits.ts";
import { Settling } from "../../../replica/settling.ts";
import { assert, assertEquals, assertStringIncludes } from "../../assert.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import type { PipeEnd } from "../../fakes/pipe.ts";
import { reportOf } from "../reports.ts";
import { fakePeerHandshake, helloOf, linkAsFakePeer } from "./fake_peer.ts";

const pair = [["Hill", "Smith"]] as const;

/** How many links to a neighbour are open: the ends that are not closed. */
function openConnections(herd: MemoryHerd): number {
  return herd.connections.filter(({ ends }) =>
    ends.every((end) => !end.isClosed)
  ).length;
}

Deno.test({
  name: "Links keep one link a pair when both dial at once",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = herd.start("Smith");
    await herd.clock.advance(5_000);
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    assertEquals(smith.linkManager.linked(), ["Hill"]);
    assertEquals(openConnections(herd), 1);
    await herd.stop();
  },
});

Deno.test({
  name: "the report of the longest IAMAT crosses a link, and the link stays up",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = herd.start("Smith");
    await herd.clock.advance(5_000);
    const operands = " +34-118 1";
    const idBytes = maxLineBytes - "IAMAT ".length - operands.length;
    const report = reportOf("x".repeat(idBytes), 1);
    assertEquals(`IAMAT ${report.client}${operands}`.length, maxLineBytes);
    hill.replica.accept(report);
    hill.linkManager.flush();
    await herd.clock.advance(1_000);
    assertEquals(smith.replica.newest(report.client), report.line);
    assertEquals(smith.linkManager.linked(), ["Hill"]);
    await herd.stop();
  },
});

Deno.test({
  name: "Links settle on one connection without losing a report",
  permissions: "none",
  async fn() {
    // Many starts, each with the two sides a different number of turns apart.
    for (let turns = 0; turns < 40; turns++) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill", { catchUp: false });
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const smith = herd.start("Smith", { catchUp: false });
      let told = 0;
      for (let turn = 0; turn < 100; turn++) {
        for (const { linkManager, replica } of [hill, smith]) {
          if (linkManager.linked().length === 0) continue;
          replica.accept(reportOf(`client-${told++}`, 1, "Hill"));
          linkManager.flush();
        }
        await Promise.resolve();
      }
      await herd.clock.advance(3_000);
      assertEquals(openConnections(herd), 1);
      const known = [hill, smith].map(({ replica }) =>
        [...replica.lines()].sort()
      );
      assertEquals(known[0], known[1], `started ${turns} turns apart`);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "Links give a connection up without losing what is under way on it",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    let dialled: PipeEnd | undefined;
    herd.onDial = (_, far) => dialled ??= far;
    const hill = herd.start("Hill");
    await drainMicrotasks();
    // Smith's own connection is up first, and has a report on its way out.
    const second = await linkAsFakePeer(herd);
    second.other.freeze();
    hill.replica.accept(reportOf("kiwi", 1));
    hill.linkManager.flush();
    // Then Hill's connection is answered, and takes over.
    dialled!.sendText(fakePeerHandshake());
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    // Smith has a last word on it, and gives it up too.
    second.sendText(reportOf("pear", 1, "Smith").line + "\n");
    await second.closeWrite();
    await drainMicrotasks();
    assertEquals(second.other.isClosed, false);
    second.other.thaw();
    await drainMicrotasks();
    assertEquals(second.takeAll(), reportOf("kiwi", 1).line + "\n");
    assertEquals(
      hill.replica.newest("pear"),
      reportOf("pear", 1, "Smith").line,
    );
    assertEquals(await second.read(new Uint8Array(1)), null);
    second.close();
    await drainMicrotasks();
    assertEquals(hill.events.at(-1), "peer/2/Smith link down replaced");
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    await herd.stop();
  },
});

Deno.test({
  name: "Links end the first connection of a neighbour that dials again",
  permissions: "none",
  async fn() {
    for (const incarnation of ["1", "2"]) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill");
      const connections = ["1", incarnation].map((life) => {
        const connection = herd.dial("Hill");
        connection.sendText(fakePeerHandshake(life));
        return connection;
      });
      await drainMicrotasks();
      connections[0].takeAll();
      assertEquals(await connections[0].read(new Uint8Array(1)), null);
      connections[1].sendText(reportOf("kiwi", 1).line + "\n");
      await drainMicrotasks();
      assertEquals(hill.replica.clients, 1);
      assertEquals(hill.linkManager.linked(), ["Smith"]);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "Links tell a neighbour's new life what its former one said last",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { catchUp: false });
    const former = herd.dial("Hill");
    former.sendText(fakePeerHandshake("1"));
    await drainMicrotasks();
    const present = herd.dial("Hill");
    present.sendText(fakePeerHandshake("2"));
    await drainMicrotasks();
    present.takeAll();
    // On its way when Smith was killed; and what it had agreed to is void.
    const report = reportOf("kiwi", 1, "Smith");
    former.sendText(`PRUNE Smith\n${report.line}\n`);
    await drainMicrotasks();
    assertEquals(present.takeAll(), report.line + "\n");
    // Of two connections of the same life, either will do.
    present.sendText(reportOf("kiwi", 2).line + "\n");
    await drainMicrotasks();
    assertEquals(present.takeAll(), "");
    assertEquals(hill.replica.newest("kiwi"), reportOf("kiwi", 2).line);
    await herd.stop();
  },
});

Deno.test({
  name: "Links keep the one in use when another is gone before it is up",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    await linkAsFakePeer(herd);
    const hasty = herd.dial("Hill");
    hasty.sendText(`${helloOf("Smith", "Hill")}\n`);
    await drainMicrotasks();
    hasty.sendText("PROOF -\n");
    hasty.close();
    await drainMicrotasks();
    assertEquals(hill.events.at(-1), "peer/2 link refused closed early");
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    await herd.stop();
  },
});

Deno.test({
  name: "Links refuse a second connection early, and late if they must",
  permissions: "none",
  async fn() {
    for (const isLate of [false, true]) {
      const herd = new MemoryHerd(pair);
      let dialled: PipeEnd | undefined;
      herd.onDial = (_, far) => dialled ??= far;
      const hill = herd.start("Hill");
      await drainMicrotasks();
      const second = herd.dial("Hill");
      if (isLate) second.sendText(helloOf("Smith", "Hill") + "\n");
      await drainMicrotasks();
      // Hill's own connection is up, and Hill's name sorts before Smith's.
      dialled!.sendText(fakePeerHandshake());
      await drainMicrotasks();
      assertEquals(hill.linkManager.linked(), ["Smith"]);
      second.sendText(isLate ? "PROOF -\n" : helloOf("Smith", "Hill") + "\n");
      await drainMicrotasks();
      const answer = second.takeAll();
      assertEquals(answer.includes("HERD"), isLate);
      assertStringIncludes(answer, "NO linked already: ");
      assertEquals(answer.includes("PROOF"), false);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "Links keep nothing for a neighbour that was lost during a handshake",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    herd.onDial = () => {};
    const hill = herd.start("Hill", { catchUp: false });
    // Hill's own connection hangs, while the link that was in use ends.
    const smith = await linkAsFakePeer(herd);
    smith.close();
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), []);
    hill.replica.accept(reportOf("kiwi", 1));
    await herd.clock.advance(dialTimeoutMs);
    hill.replica.accept(reportOf("pear", 1));
    const again = herd.dial("Hill");
    again.sendText(fakePeerHandshake("2"));
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    assertEquals(again.takeAll().includes("AT "), false);
    await herd.stop();
  },
});

Deno.test({
  name: "Links dial a neighbour that hangs again as soon as they give it up",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const dialledMs: number[] = [];
    herd.onDial = () => dialledMs.push(herd.clock.elapsedMs());
    herd.start("Hill");
    await herd.clock.advance(60_000);
    const gaps = dialledMs.slice(1).map((time, index) =>
      time - dialledMs[index]
    );
    assert(gaps.length > 20);
    // The very first attempt is made at the start, and not by this rule.
    for (const gap of gaps.slice(1)) {
      assertEquals(gap, dialTimeoutMs + backoffFloorMs);
    }
    await herd.stop();
  },
});

Deno.test({
  name: "Links begin again at the shortest wait only after a good link",
  permissions: "none",
  async fn() {
    // With chances of one half the waits are 100, 175, ... ms.
    for (
      const [lastedMs, waitMs] of [
        [stableAfterMs - 1, 175],
        [stableAfterMs, 100],
      ]
    ) {
      const herd = new MemoryHerd(pair);
      let dials = 0;
      herd.onDial = (_, far) => {
        dials += 1;
        far.close();
      };
      const hill = herd.start("Hill");
      const smith = await linkAsFakePeer(herd);
      // The wait after the first attempt ends, and finds the link.
      await herd.clock.advance(100);
      for (let beat = 0; beat < 4; beat++) {
        await herd.clock.advance(1_000);
        smith.sendText("PING\n");
      }
      await herd.clock.advance(lastedMs - 4_000);
      assertEquals(hill.linkManager.linked(), ["Smith"]);
      dials = 0;
      smith.close();
      await herd.clock.advance(waitMs - 1);
      assertEquals([hill.linkManager.linked(), dials], [[], 0]);
      await herd.clock.advance(1);
      assertEquals(dials, 1);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "start() does not wait for a neighbour that hangs",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    herd.onDial = () => {};
    const hill = herd.start("Hill");
    let isReady = false;
    hill.started.then(() => isReady = true);
    await herd.clock.advance(firstDialWaitMs - 1);
    assertEquals(isReady, false);
    await herd.clock.advance(1);
    assertEquals(isReady, true);
    await herd.clock.advance(dialTimeoutMs);
    assertStringIncludes(hill.events.join("\n"), "dial failed silent");
    await herd.stop();
  },
});

Deno.test({
  name: "Links flood a report to every server, once a link at most",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([
      ["Hill", "Jaquez"],
      ["Hill", "Smith"],
      ["Singleton", "Jaquez"],
      ["Singleton", "Smith"],
      ["Singleton", "Campbell"],
      ["Smith", "Campbell"],
    ]);
    for (const { name } of herd.topology.servers) herd.start(name);
    await herd.clock.advance(1_000);
    const hill = herd.servers.get("Hill")!;
    const report = reportOf("kiwi", 7);
    hill.replica.accept(report);
    hill.linkManager.flush();
    await herd.clock.advance(10);
    for (const server of herd.servers.values()) {
      assertEquals(server.replica.newest("kiwi"), report.line, server.name);
      for (const [connection, { lines }] of server.traffic) {
        const crossings = lines.filter((line) => line === `> ${report.line}`);
        assert(crossings.length <= 1, `${server.name} ${connection}`);
      }
    }
    await herd.stop();
  },
});

Deno.test({
  name: "Links dial a lost neighbour again, and send what it missed",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    herd.start("Smith");
    await herd.clock.advance(100);
    herd.kill("Smith");
    await herd.clock.advance(60_000);
    assertEquals(hill.linkManager.linked(), []);
    assertStringIncludes(hill.events.join("\n"), "link down neighbour closed");
    // One line for many attempts with the same outcome.
    assertEquals(
      hill.events.filter((event) => event.includes("dial failed")).length,
      2,
    );
    hill.replica.accept(reportOf("kiwi", 7));
    hill.linkManager.flush();
    const smith = herd.start("Smith");
    await herd.clock.advance(100);
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    assertEquals(smith.replica.newest("kiwi"), reportOf("kiwi", 7).line);
    await herd.stop();
  },
});

Deno.test({
  name: "Links are up again within the cap when the network heals",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    herd.start("Smith");
    await herd.clock.advance(100);
    for (const { ends } of herd.connections) {
      for (const end of ends) if (!end.isClosed) end.close();
    }
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), []);
    await herd.clock.advance(backoffCapMs);
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    await herd.stop();
  },
});

Deno.test({
  name: "Links without catch-up tell a neighbour nothing of the past",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { catchUp: false });
    hill.replica.accept(reportOf("kiwi", 7));
    const smith = herd.start("Smith", { catchUp: false });
    await herd.clock.advance(5_000);
    assertEquals(smith.linkManager.linked(), ["Hill"]);
    assertEquals(smith.replica.newest("kiwi"), undefined);
    await herd.stop();
  },
});

Deno.test({
  name: "Links refuse strangers, tell them why, and believe nothing they say",
  permissions: "none",
  async fn() {
    const cases = [
      ["IAMAT kiwi +34-118 1", "not a handshake"],
      [helloOf("Mallory", "Hill"), "stranger"],
      [helloOf("Smith", "Jaquez"), "wrong name"],
      [helloOf("Hill", "Smith"), "own name"],
      ["HERD 1 Smith Hill 1", "other version"],
      ["x".repeat(maxPeerLineBytes + 1), "line too long"],
      ["x".repeat(513), "line too long"],
      [helloOf("Smith", "Hill", "x".repeat(500)), "line too long"],
      [`${helloOf("Smith", "Hill")}\nPROOF abc`, "no secret"],
      [`${helloOf("Smith", "Hill")}\nAT`, "not a handshake"],
    ];
    for (const [line, reason] of cases) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill");
      const stranger = herd.dial("Hill");
      stranger.sendText(`${line}\n${reportOf("kiwi", 1).line}\n`);
      await drainMicrotasks();
      assertStringIncludes(stranger.takeAll(), `NO ${reason}: `);
      assertEquals(hill.events.at(-1), `peer/1 link refused ${reason}`);
      assertEquals(hill.replica.clients, 0);
      await herd.clock.advance(refusalLingerMs);
      assertEquals(hill.linkManager.linked(), []);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "Links do not wait for the end of a line that is too long already",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    herd.start("Hill");
    const stranger = herd.dial("Hill");
    stranger.sendText("x".repeat(512));
    await drainMicrotasks();
    assertEquals(stranger.takeAll(), "");
    stranger.sendText("x");
    await drainMicrotasks();
    assertStringIncludes(stranger.takeAll(), "NO line too long: ");
    await herd.stop();
  },
});

Deno.test({
  name: "Links close a connection that stays silent",
  permissions: "none",
  async fn() {
    // All the time for the handshake, not for each of its lines.
    for (const words of ["", "HERD", helloOf("Smith", "Hill") + "\n"]) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill");
      const stranger = herd.dial("Hill");
      await herd.clock.advance(1_000);
      stranger.sendText(words);
      await herd.clock.advance(handshakeTimeoutMs - 1_001);
      assertEquals(hill.events.some((text) => text.includes("silent")), false);
      stranger.takeAll();
      await herd.clock.advance(1);
      assertEquals(hill.events.at(-1), "peer/1 link refused silent");
      assertEquals(
        stranger.takeAll(),
        `NO silent: no handshake in ${handshakeTimeoutMs} ms\n`,
      );
      assertEquals(await stranger.read(new Uint8Array(1)), null);
      assertEquals(stranger.other.isClosed, false);
      await herd.clock.advance(refusalLingerMs);
      assertEquals(stranger.other.isClosed, true);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "Links cut a neighbour that sends what is not a report",
  permissions: "none",
  async fn() {
    for (
      const [line, reason] of [
        ["IAMAT kiwi +34-118 1", "nonsense"],
        ["AT Mallory +0.000000000 kiwi +34-118 1", "nonsense"],
        ["AT Hill +0.000000000 kiwi +94-118 1", "nonsense"],
        ["x".repeat(maxPeerLineBytes + 1), "line too long"],
      ]
    ) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill");
      const smith = herd.dial("Hill");
      smith.sendText(
        `${fakePeerHandshake()}${line}\n${reportOf("kiwi", 1).line}\n`,
      );
      await drainMicrotasks();
      assertEquals(hill.events.at(-1), `peer/1/Smith link down ${reason}`);
      assertEquals(hill.replica.clients, 0);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "what is accepted in one turn goes to a neighbour in one write",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const { linkManager, replica: memory } = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    const { writes } = smith.other;
    writes.length = 0;
    const settlings: Settling[] = [];
    const take = async (client: string) => {
      // As a connection does whose chunk came in together with others.
      await null;
      memory.accept(reportOf(client, 1));
      const settling = new Settling();
      linkManager.scheduleFlush(settling);
      settlings.push(settling);
      assert(settling.settled() !== undefined);
      assertEquals(writes, []);
    };
    await Promise.all(["kiwi", "pear", "plum"].map(take));
    // Who waits for it has not waited in vain.
    for (const settling of settlings) await settling.settled();
    assertEquals(writes, [
      ["kiwi", "pear", "plum"].map((client) => `${reportOf(client, 1).line}\n`)
        .join(""),
    ]);
    await herd.stop();
  },
});

Deno.test({
  name: "scheduleFlush() settles what is still to be flushed in this turn",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const { linkManager, replica: memory } = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    smith.other.freeze();
    memory.accept(reportOf("kiwi", 1));
    const settling = new Settling();
    linkManager.scheduleFlush(settling);
    let isHanded = false;
    settling.settled()!.then(() => isHanded = true);
    await drainMicrotasks();
    assertEquals(isHanded, false);
    smith.other.thaw();
    await drainMicrotasks();
    assertEquals(isHanded, true);
    assertEquals(smith.takeAll(), reportOf("kiwi", 1).line + "\n");
    await herd.stop();
  },
});

Deno.test({
  name:
    "scheduleFlush() settles behind a slow neighbour, but not a stalled one",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    const hillEnd = smith.other;
    const report = async (time: number) => {
      hill.replica.accept(reportOf("kiwi", time));
      const settling = new Settling();
      hill.linkManager.scheduleFlush(settling);
      await drainMicrotasks();
      return () => settling.settled() === undefined;
    };
    hillEnd.freeze();
    const first = await report(1);
    await herd.clock.advance(stallAfterMs - 1);
    assertEquals(first(), false);
    hillEnd.thaw();
    await drainMicrotasks();
    assertEquals(first(), true);
    assertEquals(smith.takeAll(), reportOf("kiwi", 1).line + "\n");

    hillEnd.freeze();
    const second = await report(2);
    await herd.clock.advance(2 * stallAfterMs);
    assertEquals(second(), true);
    // Nobody waits any more.
    assertEquals((await report(3))(), true);
    assertEquals((await report(4))(), true);
    hillEnd.thaw();
    await drainMicrotasks();
    assertEquals(
      smith.takeAll(),
      [2, 3, 4].map((time) => `${reportOf("kiwi", time).line}\n`).join(""),
    );
    // It keeps up again, and is waited for again.
    hillEnd.freeze();
    const last = await report(5);
    await drainMicrotasks();
    assertEquals(last(), false);
    hillEnd.thaw();
    await herd.stop();
  },
});

Deno.test({
  name: "stop() sends what waits even when the socket is slow to take it",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    smith.other.freeze();
    for (let time = 0; time < 3; time++) {
      hill.replica.accept(reportOf(`client-${time}`, time));
      hill.linkManager.flush();
    }
    const stopped = hill.linkManager.stop();
    await herd.clock.advance(100);
    smith.other.thaw();
    await drainMicrotasks();
    assertEquals(
      smith.takeAll(),
      [0, 1, 2].map((time) => reportOf(`client-${time}`, time).line + "\n")
        .join(""),
    );
    smith.close();
    await drainMicrotasks();
    await stopped;
    assertEquals(herd.clock.timers, 0);
  },
});

Deno.test({
  name: "stop() gives a frozen neighbour up after a while",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    smith.other.freeze();
    hill.replica.accept(reportOf("kiwi", 1));
    hill.linkManager.flush();
    const stopped = hill.linkManager.stop();
    await herd.clock.advance(drainTimeoutMs);
    await stopped;
    assertEquals(smith.other.isClosed, true);
    assertEquals(herd.clock.timers, 0);
  },
});

Deno.test({
  name: "stop() sends what waits before it ends the links",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = herd.start("Smith");
    await herd.clock.advance(1_000);
    hill.replica.accept(reportOf("kiwi", 1));
    hill.linkManager.flush();
    const stopped = hill.linkManager.stop();
    await herd.clock.advance(1_000);
    await stopped;
    assertEquals(smith.replica.newest("kiwi"), reportOf("kiwi", 1).line);
    assertStringIncludes(hill.events.join("\n"), "link down stopping");
    await herd.stop();
    assertEquals(herd.clock.timers, 0);
  },
});
