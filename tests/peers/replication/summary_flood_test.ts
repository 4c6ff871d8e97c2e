import {
  formatSummaryLine,
  loggedEnd,
  readSummaryLine,
  SummaryFlood,
} from "../../../peers/replication/summary_flood.ts";
import { Outbox } from "../../../peers/replication/outbox.ts";
import { encodeBytes } from "../../../protocol/bytes.ts";
import { maxSummaryBytes } from "../../../replica/summaries.ts";
import { assert, assertEquals } from "../../assert.ts";
import { drainMicrotasks } from "../../fakes/manual_clock.ts";
import { MemoryHerd } from "../../fakes/memory_herd.ts";
import { linkAsFakePeer } from "../links/fake_peer.ts";

const isServer = (name: string) => name === "Hill" || name === "Smith";

Deno.test({
  name: "readSummaryLine() is the inverse of formatSummaryLine()",
  permissions: "none",
  fn() {
    for (const text of ["{}", ' " {"a": 1} ', "x".repeat(maxSummaryBytes)]) {
      const line = formatSummaryLine("Hill", text);
      assertEquals(readSummaryLine(line, isServer), { server: "Hill", text });
    }
    for (
      const line of [
        "+SUMMARY",
        "+SUMMARY ",
        "+SUMMARY Hill",
        "+SUMMARY Hill ",
        "+SUMMARY Pear {}",
        "+SUMMARY  Hill {}",
        "+SUMMARYS Hill {}",
        "+CLOCK Hill {}",
        "+SUMMARY Hill {\t}",
        "+SUMMARY Hill \xe9",
        `+SUMMARY Hill ${"x".repeat(maxSummaryBytes + 1)}`,
      ]
    ) assertEquals(readSummaryLine(line, isServer), undefined, line);
  },
});

Deno.test({
  name: "loggedEnd() leaves out the text of a summary, and nothing else",
  permissions: "none",
  fn() {
    const logged = (text: string) => {
      const bytes = encodeBytes(`before${text}after`);
      const end = loggedEnd(bytes, 6, 6 + text.length);
      return `before${text}after`.slice(6, end);
    };
    assertEquals(logged('+SUMMARY Hill {"a": 1}'), "+SUMMARY Hill");
    for (const line of ["+SUMMARY Hill", "+SUMMARY", "+CLOCK 1 2", "PING"]) {
      assertEquals(logged(line), line);
    }
  },
});

/** Starts servers, each with its summaries. */
async function startAll(herd: MemoryHerd): Promise<Map<string, SummaryFlood>> {
  const servers = herd.topology.servers.map(({ name }) => name);
  const floods = new Map(servers.map((self) => {
    const { linkManager, router } = herd.start(self);
    const elapsedMs = () => herd.clock.elapsedMs();
    const flush = () => linkManager.scheduleFlush();
    const options = { self, servers, router, elapsedMs, flush };
    return [self, new SummaryFlood(options)];
  }));
  await herd.clock.advance(5_000);
  return floods;
}

Deno.test({
  name: "a summary reaches the neighbours and their neighbours, and no others",
  permissions: "none",
  async fn() {
    // Campbell gets it by two ways.
    const herd = new MemoryHerd([
      ["Hill", "Smith"],
      ["Hill", "Jaquez"],
      ["Smith", "Campbell"],
      ["Jaquez", "Campbell"],
      ["Campbell", "Singleton"],
    ]);
    const floods = await startAll(herd);
    floods.get("Hill")!.publish("one");
    await drainMicrotasks();
    const receivedBy = (name: string) => floods.get(name)!.received();
    for (const name of ["Smith", "Jaquez", "Campbell"]) {
      assertEquals(receivedBy(name), [
        { server: "Hill", text: "one", receivedAtMs: 5_000 },
      ]);
    }
    assertEquals(receivedBy("Singleton"), []);
    assertEquals(receivedBy("Hill"), []);
    await herd.clock.advance(1_000);
    floods.get("Hill")!.publish("two");
    await drainMicrotasks();
    assertEquals(receivedBy("Campbell"), [
      { server: "Hill", text: "two", receivedAtMs: 6_000 },
    ]);
    // It does not go back to its server.
    const smith = herd.servers.get("Smith")!;
    const [, toHill] = [...smith.traffic].find(([name]) =>
      name.endsWith("/Hill")
    )!;
    assert(!toHill.lines.includes("> +SUMMARY Hill"));
    // Nothing was unknown, and no text is in a log.
    for (const { linkManager, traffic } of herd.servers.values()) {
      for (const { counts } of linkManager.neighbourStatuses()) {
        assertEquals(counts.ignoredMessages, 0);
      }
      const lines = [...traffic.values()].flatMap(({ lines }) => lines)
        .filter((line) => line.includes("SUMMARY"));
      assert(lines.every((line) => /^[<>] \+SUMMARY Hill$/.test(line)));
    }
    await herd.stop();
  },
});

Deno.test({
  name: "a neighbour cannot give summaries of linked or unknown servers",
  permissions: "none",
  async fn() {
    const herd = new MemoryHerd([
      ["Hill", "Smith"],
      ["Hill", "Jaquez"],
      ["Jaquez", "Campbell"],
    ]);
    const hill = herd.start("Hill");
    herd.start("Jaquez");
    await drainMicrotasks();
    const smith = await linkAsFakePeer(herd);
    const flood = new SummaryFlood({
      self: "Hill",
      servers: herd.topology.servers.map(({ name }) => name),
      router: hill.router,
      elapsedMs: () => 7,
      flush: () => hill.linkManager.scheduleFlush(),
    });
    const jaquez = herd.servers.get("Jaquez")!;
    const receivedByJaquez = () =>
      jaquez.linkManager.neighbourStatuses()
        .reduce((sum, { counts }) => sum + counts.ignoredMessages, 0);
    smith.sendText("+SUMMARY Jaquez a\n+SUMMARY Hill b\n+SUMMARY Campbell c\n");
    await drainMicrotasks();
    assertEquals(flood.received(), [
      { server: "Campbell", text: "c", receivedAtMs: 7 },
    ]);
    // Jaquez has no `SummaryFlood` here, and counts what it does not know.
    assertEquals(receivedByJaquez(), 0);
    smith.sendText("+SUMMARY Smith d\n");
    await drainMicrotasks();
    assertEquals(receivedByJaquez(), 1);
    smith.sendText("+SUMMARY Pear e\n+SUMMARY Smith \xe9\n");
    await drainMicrotasks();
    assertEquals(flood.received().map(({ text }) => text), ["c", "d"]);
    const [{ counts, isUp }] = hill.linkManager.neighbourStatuses();
    assertEquals([isUp, counts.ignoredMessages], [true, 2]);
    await herd.stop();
  },
});

Deno.test({
  name: "of summaries that wait, an outbox keeps the newest of each server",
  permissions: "none",
  fn() {
    let dropped = 0;
    const outbox = new Outbox({
      writeBytes: 50,
      maxBytes: 10_000,
      onDropped: () => dropped += 1,
    });
    const empty = outbox.bytes;
    const line = (server: string, text: string) =>
      formatSummaryLine(server, text.repeat(30));
    for (const text of ["a", "b", "c"]) {
      outbox.sendSummary("Hill", line("Hill", text));
      outbox.sendSummary("Smith", line("Smith", text));
      outbox.sendSummary("Pear", line("Pear", text));
    }
    const waiting = outbox.bytes - empty;
    assert(waiting > 100 && waiting < 9_000, `${waiting} bytes`);
    // A write ends when it is long enough. The rest follows.
    const text = `${line("Hill", "c")}\n${line("Smith", "c")}\n`;
    assertEquals([outbox.takeBatch()?.text, outbox.hasMore], [text, true]);
    assertEquals(outbox.takeBatch()?.text, `${line("Pear", "c")}\n`);
    assertEquals([outbox.bytes, outbox.hasMore], [empty, false]);
    outbox.sendSummary("Hill", "x".repeat(10_001));
    assertEquals([dropped, outbox.bytes], [1, empty]);
    assertEquals(outbox.takeBatch(), undefined);
    // Those of the last connection are not sent on the next one.
    outbox.sendSummary("Hill", line("Hill", "d"));
    outbox.dropControlMessages();
    assertEquals([outbox.bytes, outbox.takeBatch()], [empty, undefined]);
  },
});
