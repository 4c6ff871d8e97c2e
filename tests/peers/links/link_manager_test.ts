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

/** The number of connections that are open at both ends. */
function openConnections(herd: MemoryHerd): number {
  return herd.connections.filter(({ ends }) =>
    ends.every((end) => !end.isClosed)
  ).length;
}

Deno.test({
  name: "LinkManager keeps one link when both servers dial at once",
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
  name: "LinkManager forwards the report of the longest IAMAT",
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
    hill.router.accept(report);
    hill.linkManager.flush();
    await herd.clock.advance(1_000);
    assertEquals(smith.router.newest(report.client), report.line);
    assertEquals(smith.linkManager.linked(), ["Hill"]);
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager loses no report while it keeps one connection of two",
  permissions: "none",
  async fn() {
    // Smith starts a different number of microtasks after Hill each time.
    for (let turns = 0; turns < 40; turns++) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill", { catchUp: false });
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      const smith = herd.start("Smith", { catchUp: false });
      let clients = 0;
      for (let turn = 0; turn < 100; turn++) {
        for (const { linkManager, router } of [hill, smith]) {
          if (linkManager.linked().length === 0) continue;
          router.accept(reportOf(`client-${clients++}`, 1, "Hill"));
          linkManager.flush();
        }
        await Promise.resolve();
      }
      await herd.clock.advance(3_000);
      assertEquals(openConnections(herd), 1);
      const lines = [hill, smith].map(({ router }) =>
        [...router.records()].sort()
      );
      assertEquals(lines[0], lines[1], `started ${turns} turns apart`);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "LinkManager drains a replaced connection without losing lines",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    let dialled: PipeEnd | undefined;
    herd.onDial = (_, far) => dialled ??= far;
    const hill = herd.start("Hill");
    await drainMicrotasks();
    // Smith's connection is up first, and Hill is writing a report to it.
    const second = await linkAsFakePeer(herd);
    second.other.freeze();
    hill.router.accept(reportOf("kiwi", 1));
    hill.linkManager.flush();
    // Then Hill's connection is answered and replaces it.
    dialled!.sendText(fakePeerHandshake());
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    // Smith sends a last report on it, and drains it too.
    second.sendText(reportOf("pear", 1, "Smith").line + "\n");
    await second.closeWrite();
    await drainMicrotasks();
    assertEquals(second.other.isClosed, false);
    second.other.thaw();
    await drainMicrotasks();
    assertEquals(second.takeAll(), reportOf("kiwi", 1).line + "\n");
    assertEquals(
      hill.router.newest("pear"),
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
  name: "LinkManager ends the first connection of a neighbour that dials again",
  permissions: "none",
  async fn() {
    for (const incarnation of ["1", "2"]) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill");
      const connections = ["1", incarnation].map((incarnation) => {
        const connection = herd.dial("Hill");
        connection.sendText(fakePeerHandshake(incarnation));
        return connection;
      });
      await drainMicrotasks();
      connections[0].takeAll();
      assertEquals(await connections[0].read(new Uint8Array(1)), null);
      connections[1].sendText(reportOf("kiwi", 1).line + "\n");
      await drainMicrotasks();
      assertEquals(hill.router.clients, 1);
      assertEquals(hill.linkManager.linked(), ["Smith"]);
      await herd.stop();
    }
  },
});

Deno.test({
  name:
    "LinkManager sends a new incarnation the last reports of the earlier one",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { catchUp: false });
    const earlier = herd.dial("Hill");
    earlier.sendText(fakePeerHandshake("1"));
    await drainMicrotasks();
    const present = herd.dial("Hill");
    present.sendText(fakePeerHandshake("2"));
    await drainMicrotasks();
    present.takeAll();
    // Under way when Smith was killed. The PRUNE is ignored.
    const report = reportOf("kiwi", 1, "Smith");
    earlier.sendText(`PRUNE Smith\n${report.line}\n`);
    await drainMicrotasks();
    assertEquals(present.takeAll(), report.line + "\n");
    // A report of the present incarnation is not sent back.
    present.sendText(reportOf("kiwi", 2).line + "\n");
    await drainMicrotasks();
    assertEquals(present.takeAll(), "");
    assertEquals(hill.router.newest("kiwi"), reportOf("kiwi", 2).line);
    await herd.stop();
  },
});

Deno.test({
  name:
    "LinkManager keeps the link in use if the new connection is closed early",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    await linkAsFakePeer(herd);
    const second = herd.dial("Hill");
    second.sendText(`${helloOf("Smith", "Hill")}\n`);
    await drainMicrotasks();
    second.sendText("PROOF -\n");
    second.close();
    await drainMicrotasks();
    assertEquals(hill.events.at(-1), "peer/2 link refused closed early");
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager refuses a second connection before or after its proof",
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
      // Hill's connection is up, and Hill's name sorts before Smith's.
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
  name: "LinkManager drops the outbox of a neighbour lost during a handshake",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    herd.onDial = () => {};
    const hill = herd.start("Hill", { catchUp: false });
    // Hill's connection hangs while the link in use ends.
    const smith = await linkAsFakePeer(herd);
    smith.close();
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), []);
    hill.router.accept(reportOf("kiwi", 1));
    await herd.clock.advance(dialTimeoutMs);
    hill.router.accept(reportOf("pear", 1));
    const again = herd.dial("Hill");
    again.sendText(fakePeerHandshake("2"));
    await drainMicrotasks();
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    assertEquals(again.takeAll().includes("AT "), false);
    await herd.stop();
  },
});

Deno.test({
  name:
    "LinkManager dials a neighbour that hangs again right after the deadline",
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
    // The first attempt is made at the start, without a wait.
    for (const gap of gaps.slice(1)) {
      assertEquals(gap, dialTimeoutMs + backoffFloorMs);
    }
    await herd.stop();
  },
});

Deno.test({
  name:
    "LinkManager dials with the shortest wait again only after a stable link",
  permissions: "none",
  async fn() {
    // With random numbers of 1/2 the waits are 100, 175, ... ms.
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
      // The link is up when the wait after the first attempt ends.
      await herd.clock.advance(100);
      for (let heartbeat = 0; heartbeat < 4; heartbeat++) {
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
  name:
    "LinkManager floods a report to every server, at most once on each link",
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
    hill.router.accept(report);
    hill.linkManager.flush();
    await herd.clock.advance(10);
    for (const server of herd.servers.values()) {
      assertEquals(server.router.newest("kiwi"), report.line, server.name);
      for (const [connection, { lines }] of server.traffic) {
        const crossings = lines.filter((line) => line === `> ${report.line}`);
        assert(crossings.length <= 1, `${server.name} ${connection}`);
      }
    }
    await herd.stop();
  },
});

Deno.test({
  name:
    "LinkManager dials a lost neighbour again, and sends the reports it missed",
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
    // Attempts that fail for the same reason are logged once.
    assertEquals(
      hill.events.filter((event) => event.includes("dial failed")).length,
      2,
    );
    hill.router.accept(reportOf("kiwi", 7));
    hill.linkManager.flush();
    const smith = herd.start("Smith");
    await herd.clock.advance(100);
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    assertEquals(smith.router.newest("kiwi"), reportOf("kiwi", 7).line);
    await herd.stop();
  },
});

Deno.test({
  name:
    "LinkManager restores a link within `backoffCapMs` of a network failure",
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
  name: "LinkManager without catch-up sends no earlier reports",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill", { catchUp: false });
    hill.router.accept(reportOf("kiwi", 7));
    const smith = herd.start("Smith", { catchUp: false });
    await herd.clock.advance(5_000);
    assertEquals(smith.linkManager.linked(), ["Hill"]);
    assertEquals(smith.router.newest("kiwi"), undefined);
    await herd.stop();
  },
});

Deno.test({
  name:
    "LinkManager refuses unknown peers with a reason, and ignores their lines",
  permissions: "none",
  async fn() {
    const cases = [
      ["IAMAT kiwi +34-118 1", "not a handshake"],
      [helloOf("Mallory", "Hill"), "stranger"],
      [helloOf("Smith", "Jaquez"), "wrong name"],
      [helloOf("Hill", "Smith"), "own name"],
      ["HERD 1 Smith Hill 1", "other version"],
      [helloOf("Smith", "Hill").replace("=heard", "=time"), "other order"],
      ["x".repeat(maxPeerLineBytes + 1), "line too long"],
      ["x".repeat(513), "line too long"],
      [helloOf("Smith", "Hill", "x".repeat(500)), "line too long"],
      [`${helloOf("Smith", "Hill")}\nPROOF abc`, "no secret"],
      [`${helloOf("Smith", "Hill")}\nAT`, "not a handshake"],
    ];
    for (const [line, reason] of cases) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill");
      const unknown = herd.dial("Hill");
      unknown.sendText(`${line}\n${reportOf("kiwi", 1).line}\n`);
      await drainMicrotasks();
      assertStringIncludes(unknown.takeAll(), `NO ${reason}: `);
      assertEquals(hill.events.at(-1), `peer/1 link refused ${reason}`);
      assertEquals(hill.router.clients, 0);
      await herd.clock.advance(refusalLingerMs);
      assertEquals(hill.linkManager.linked(), []);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "LinkManager refuses an unfinished line as soon as it is too long",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    herd.start("Hill");
    const unknown = herd.dial("Hill");
    unknown.sendText("x".repeat(512));
    await drainMicrotasks();
    assertEquals(unknown.takeAll(), "");
    unknown.sendText("x");
    await drainMicrotasks();
    assertStringIncludes(unknown.takeAll(), "NO line too long: ");
    await herd.stop();
  },
});

Deno.test({
  name: "LinkManager refuses a handshake that takes too long",
  permissions: "none",
  async fn() {
    // The deadline is for the whole handshake, not for each line.
    for (const text of ["", "HERD", helloOf("Smith", "Hill") + "\n"]) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill");
      const unknown = herd.dial("Hill");
      await herd.clock.advance(1_000);
      unknown.sendText(text);
      await herd.clock.advance(handshakeTimeoutMs - 1_001);
      assertEquals(hill.events.some((text) => text.includes("silent")), false);
      unknown.takeAll();
      await herd.clock.advance(1);
      assertEquals(hill.events.at(-1), "peer/1 link refused silent");
      assertEquals(
        unknown.takeAll(),
        `NO silent: no handshake in ${handshakeTimeoutMs} ms\n`,
      );
      assertEquals(await unknown.read(new Uint8Array(1)), null);
      assertEquals(unknown.other.isClosed, false);
      await herd.clock.advance(refusalLingerMs);
      assertEquals(unknown.other.isClosed, true);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "LinkManager sends attributes only to a neighbour that takes them",
  permissions: "none",
  async fn() {
    for (const field of [" attributes=1", " attributes=2", ""]) {
      const herd = new MemoryHerd(pair);
      const hill = herd.start("Hill");
      const smith = herd.dial("Hill");
      const handshake = fakePeerHandshake();
      assertStringIncludes(handshake, " attributes=1\n");
      smith.sendText(handshake.replace(" attributes=1", field));
      await drainMicrotasks();
      assertStringIncludes(smith.takeAll(), " attributes=1 ");
      const { line, record } = reportOf("kiwi", 1, "Hill", "tid=mx");
      hill.router.accept(reportOf("kiwi", 1, "Hill", "tid=mx"));
      hill.linkManager.flush();
      await drainMicrotasks();
      const sent = field === " attributes=1" ? record : line;
      assertStringIncludes(smith.takeAll(), `${sent}\n`);
      // Attributes are taken from any neighbour.
      const other = reportOf("pear", 1, "Hill", "tid=mx").record;
      smith.sendText(`${other}\n`);
      await drainMicrotasks();
      assertEquals(hill.router.newestRecord("pear"), other);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "LinkManager ends the link with a neighbour that sends an invalid line",
  permissions: "none",
  async fn() {
    for (
      const [line, reason] of [
        ["IAMAT kiwi +34-118 1", "nonsense"],
        ["AT Mallory +0.000000000 kiwi +34-118 1", "nonsense"],
        ["AT Hill +0.000000000 kiwi +94-118 1", "nonsense"],
        ["AT Hill -1.000000001 kiwi +34-118 1", "nonsense"],
        ["AT Hill +0.000000000 kiwi +34-118 1 speed=-1", "nonsense"],
        ["AT Hill +0.000000000 kiwi +34-118 1 ", "nonsense"],
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
      assertEquals(hill.router.clients, 0);
      await herd.stop();
    }
  },
});

Deno.test({
  name: "scheduleFlush() writes reports that are accepted together at once",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const { linkManager, router } = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    const { writes } = smith.other;
    writes.length = 0;
    const settlings: Settling[] = [];
    const receive = async (client: string) => {
      // Like a connection whose chunk arrived together with others.
      await null;
      router.accept(reportOf(client, 1));
      const settling = new Settling();
      linkManager.scheduleFlush(settling);
      settlings.push(settling);
      assert(settling.settled() !== undefined);
      assertEquals(writes, []);
    };
    await Promise.all(["kiwi", "pear", "plum"].map(receive));
    for (const settling of settlings) await settling.settled();
    assertEquals(writes, [
      ["kiwi", "pear", "plum"].map((client) => `${reportOf(client, 1).line}\n`)
        .join(""),
    ]);
    await herd.stop();
  },
});

Deno.test({
  name: "scheduleFlush() settles when the socket has taken the report",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const { linkManager, router } = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    smith.other.freeze();
    router.accept(reportOf("kiwi", 1));
    const settling = new Settling();
    linkManager.scheduleFlush(settling);
    let isSettled = false;
    settling.settled()!.then(() => isSettled = true);
    await drainMicrotasks();
    assertEquals(isSettled, false);
    smith.other.thaw();
    await drainMicrotasks();
    assertEquals(isSettled, true);
    assertEquals(smith.takeAll(), reportOf("kiwi", 1).line + "\n");
    await herd.stop();
  },
});

Deno.test({
  name: "scheduleFlush() waits for a slow neighbour, but not for a stalled one",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    assertEquals(hill.linkManager.linked(), ["Smith"]);
    const hillEnd = smith.other;
    const report = async (time: number) => {
      hill.router.accept(reportOf("kiwi", time));
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
    // Later reports do not wait for the stalled link.
    assertEquals((await report(3))(), true);
    assertEquals((await report(4))(), true);
    hillEnd.thaw();
    await drainMicrotasks();
    assertEquals(
      smith.takeAll(),
      [2, 3, 4].map((time) => `${reportOf("kiwi", time).line}\n`).join(""),
    );
    // The link is no longer stalled, so reports wait for it again.
    hillEnd.freeze();
    const last = await report(5);
    await drainMicrotasks();
    assertEquals(last(), false);
    hillEnd.thaw();
    await herd.stop();
  },
});

Deno.test({
  name: "stop() writes waiting reports even to a slow socket",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    smith.other.freeze();
    for (let time = 0; time < 3; time++) {
      hill.router.accept(reportOf(`client-${time}`, time));
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
  name: "stop() closes the connection to a frozen neighbour after a timeout",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = await linkAsFakePeer(herd);
    smith.other.freeze();
    hill.router.accept(reportOf("kiwi", 1));
    hill.linkManager.flush();
    const stopped = hill.linkManager.stop();
    await herd.clock.advance(drainTimeoutMs);
    await stopped;
    assertEquals(smith.other.isClosed, true);
    assertEquals(herd.clock.timers, 0);
  },
});

Deno.test({
  name: "stop() writes waiting reports before it ends the links",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd(pair);
    const hill = herd.start("Hill");
    const smith = herd.start("Smith");
    await herd.clock.advance(1_000);
    hill.router.accept(reportOf("kiwi", 1));
    hill.linkManager.flush();
    const stopped = hill.linkManager.stop();
    await herd.clock.advance(1_000);
    await stopped;
    assertEquals(smith.router.newest("kiwi"), reportOf("kiwi", 1).line);
    assertStringIncludes(hill.events.join("\n"), "link down stopping");
    await herd.stop();
    assertEquals(herd.clock.timers, 0);
  },
});
