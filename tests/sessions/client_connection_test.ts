import fc from "../fast_check.ts";
import { maxLineBytes } from "../../protocol/limits.ts";
import { secondsOf } from "../../runtime/clock.ts";
import { ClientConnection } from "../../sessions/client_connection.ts";
import {
  type ClientLimits,
  defaultClientLimits,
  maxWriteBytes,
  refusalLingerMs,
  stopAnswerMs,
  stopLingerMs,
} from "../../sessions/limits.ts";
import { assert, assertEquals } from "../assert.ts";
import { anySeed, assertProperty } from "../property.ts";
import type { Report } from "../../protocol/report.ts";
import type { Settling } from "../../replica/settling.ts";
import { LateReplica, maxLateMs } from "../fakes/late_replica.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { FakeBackend } from "./fake_backend.ts";
import {
  lateReplica,
  promptReplica,
  testOnReplicas,
  type TestReplica,
} from "./on_replicas.ts";
import { sessionContext } from "./session_context.ts";

const { maxQueriesInFlight } = defaultClientLimits;

const iamat =
  "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997\n";
const at =
  "AT Hill +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997\n";
const whatsat = "WHATSAT kiwi.cs.ucla.edu 10 5\n";

/** A connection on a pipe. The test controls its clock, replica and backend. */
function connect(
  { arrive, create }: TestReplica,
  limits: Partial<ClientLimits> = {},
) {
  const [server, client] = PipeEnd.pair();
  const backend = new FakeBackend();
  const clock = new ManualClock();
  const replica = create(clock);
  const traffic = new RecordingTrafficLog();
  const shared = sessionContext(backend, replica, limits);
  const connection = new ClientConnection(server, traffic, {
    ...shared,
    clock,
  });
  const ended = connection.run();
  let flushes = 0;
  replica.onFlush = () => flushes += 1;
  return {
    client,
    clock,
    connection,
    counts: shared.counts,
    backend,
    ended,
    replica,
    server,
    traffic,
    /** Waits until all pending answers of the replica have arrived. */
    arrive: () => arrive(clock),
    flushCount: () => flushes,
  };
}

testOnReplicas({
  name:
    "ClientConnection replies, and closes when the client has ended its side",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, clock, ended, server, traffic } = connect(kind);
    client.sendText(iamat);
    await arrive();
    assertEquals(client.takeAll(), at);
    await client.closeWrite();
    await arrive();
    assertEquals(await ended, "client closed");
    assertEquals(server.isClosed, true);
    assertEquals(clock.timers, 0);
    assertEquals(traffic.lines, [
      `< ${iamat.trimEnd()}`,
      `> ${at.trimEnd()}`,
    ]);
  },
});

testOnReplicas({
  name: "ClientConnection answers a chunk of many lines with one write",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, ended, server } = connect(kind);
    client.sendText("x\n".repeat(60));
    await client.closeWrite();
    await arrive();
    await ended;
    assertEquals(server.writes, ["? x\n".repeat(60)]);
  },
});

testOnReplicas({
  name: "ClientConnection writes AT and JSON in one write",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, client, ended, server } = connect(kind);
    client.sendText(iamat + whatsat);
    await arrive();
    backend.queries[0].answer("{}");
    await arrive();
    assertEquals(server.writes, [at, `${at}{}\n\n`]);
    await client.closeWrite();
    await arrive();
    await ended;
  },
});

testOnReplicas({
  name: "ClientConnection holds the reply back until the report is flushed",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, ended, flushCount, replica, server } = connect(
      kind,
    );
    const { promise, resolve } = Promise.withResolvers<void>();
    replica.flushed = promise;
    client.sendText(iamat);
    await arrive();
    assertEquals(replica.accepted.length, 1);
    assertEquals(flushCount() > 0, true);
    assertEquals(server.writes, []);
    replica.flushed = undefined;
    resolve();
    await arrive();
    assertEquals(server.writes, [at]);
    await client.closeWrite();
    await arrive();
    await ended;
  },
});

testOnReplicas({
  name: "ClientConnection logs delayed replies at the time when they are sent",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, client, clock, ended, replica, traffic } = connect(
      kind,
    );
    const flushed = Promise.withResolvers<void>();
    replica.flushed = flushed.promise;
    client.sendText(iamat);
    await clock.advance(1_000);
    replica.flushed = undefined;
    flushed.resolve();
    await arrive();
    client.sendText(whatsat);
    await clock.advance(2_000);
    const answeredAt = secondsOf(clock);
    backend.queries[0].answer("{}");
    await arrive();
    assertEquals(traffic.lines.map((line) => line[0]).join(""), "<><>");
    const [, reply, , answer] = traffic.seconds;
    assertEquals(answer, answeredAt);
    assertEquals(Math.round(answer - reply), 2);
    await client.closeWrite();
    await arrive();
    await ended;
  },
});

testOnReplicas({
  name: "ClientConnection flushes a report whose reply has to wait",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, client, ended, flushCount, replica, server } =
      connect(kind);
    client.sendText(iamat + whatsat);
    await arrive();
    const before = flushCount();
    client.sendText(iamat.replace("kiwi", "pear"));
    await arrive();
    assertEquals(replica.accepted.length, 2);
    assertEquals(flushCount() > before, true);
    assertEquals(server.writes.length, 1);
    backend.queries[0].answer("{}");
    await client.closeWrite();
    await arrive();
    await ended;
  },
});

testOnReplicas({
  name:
    "ClientConnection holds a reply back also while an earlier write completes",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, client, ended, replica, server, traffic } =
      connect(kind);
    client.sendText(iamat + whatsat + whatsat);
    await arrive();
    // One answer is being written, and another waits.
    server.freeze();
    for (const { answer } of backend.queries) {
      answer("{}");
      await arrive();
    }
    // A report is accepted, and the full log stops the reader before the flush.
    let isFlushed = true;
    replica.onPut = () => isFlushed = false;
    replica.onFlush = () => isFlushed = true;
    server.onWrite = (text) => assert(isFlushed || !text.includes("pear"));
    traffic.nearlyFill();
    client.sendText(iamat.replace("kiwi", "pear") + "bogus\n");
    await arrive();
    assertEquals(isFlushed, false);
    server.thaw();
    await arrive();
    traffic.drain();
    await client.closeWrite();
    await arrive();
    assertEquals(await ended, "client closed");
    assertEquals(client.takeAll().split("\n").length, 10);
  },
});

/** An event on either side of a connection. */
type Step =
  | { readonly send: string }
  | { readonly answer: number }
  | "freeze"
  | "thaw"
  | "log full"
  | "log nearly full"
  | "log drained"
  | "links busy"
  | "links idle"
  | "time passes";

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom("IAMAT", "IAMAT", "WHATSAT", "bogus")
    .map((send) => ({ send })),
  fc.nat(5).map((answer) => ({ answer })),
  fc.constantFrom(
    "freeze" as const,
    "thaw" as const,
    "log full" as const,
    "log nearly full" as const,
    "log drained" as const,
    "links busy" as const,
    "links idle" as const,
  ),
);

testOnReplicas({
  name:
    "ClientConnection keeps the order and flood before reply in any schedule",
  permissions: "none",
  async fn(kind) {
    const step = kind.isLate
      ? fc.oneof(anyStep, fc.constant("time passes" as const))
      : anyStep;
    const schedule = fc.array(fc.tuple(step, fc.nat(12)), {
      maxLength: 60,
    });
    await assertProperty(
      fc.asyncProperty(schedule, async (schedule) => {
        const {
          arrive,
          backend,
          client,
          clock,
          ended,
          replica,
          server,
          traffic,
        } = connect(kind);
        /** Clients whose reports were accepted but not flushed yet. */
        const unflushed = new Set<string>();
        replica.onPut = ({ client }) => unflushed.add(client);
        replica.onFlush = () => unflushed.clear();
        let busy: PromiseWithResolvers<void> | undefined;
        server.onWrite = (text) => {
          for (const id of unflushed) {
            assert(!text.includes(` ${id} `), `${id} was not flushed`);
          }
          if (!(replica instanceof LateReplica)) return;
          for (const id of replica.unsettled) {
            assert(!text.includes(` ${id} `), `${id} was not settled`);
          }
        };
        const expected: string[] = [];
        for (const [step, turns] of schedule) {
          if (step === "freeze") server.freeze();
          else if (step === "thaw") server.thaw();
          else if (step === "log full") traffic.fill();
          else if (step === "log nearly full") traffic.nearlyFill();
          else if (step === "log drained") traffic.drain();
          else if (step === "links busy") {
            busy ??= Promise.withResolvers<void>();
            replica.flushed = busy.promise;
          } else if (step === "links idle") {
            replica.flushed = undefined;
            busy?.resolve();
            busy = undefined;
          } else if (step === "time passes") {
            await clock.advance(maxLateMs / 4);
          } else if ("answer" in step) {
            backend.queries[step.answer]?.answer("{}");
          } else {
            const id = `c${expected.length}`;
            const line = step.send === "IAMAT"
              ? `IAMAT ${id} +1+1 1`
              : step.send === "WHATSAT"
              ? "WHATSAT c0 1 1"
              : `bogus ${id}`;
            expected.push(line);
            client.sendText(line + "\n");
          }
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        }
        // At the end everything works again.
        server.thaw();
        replica.flushed = undefined;
        busy?.resolve();
        await client.closeWrite();
        await arrive();
        for (let round = 0; round <= expected.length; round++) {
          traffic.drain();
          await arrive();
          for (const { answer } of backend.queries) answer("{}");
        }
        assertEquals(await ended, "client closed");
        const answers = client.takeAll().split("\n")
          .filter((line) => /^(AT|\?)/.test(line));
        let isKnown = false;
        assertEquals(
          answers.map((line) => line.replace(/^AT Hill \S+ /, "AT ")),
          expected.map((line, index) => {
            if (index === 0 && line.startsWith("IAMAT")) isKnown = true;
            if (line.startsWith("IAMAT")) return `AT c${index} +1+1 1`;
            return line.startsWith("WHATSAT") && isKnown
              ? "AT c0 +1+1 1"
              : `? ${line}`;
          }),
        );
      }),
      { numRuns: kind.isLate ? 60 : 1_000 },
    );
  },
});

testOnReplicas({
  name: "ClientConnection answers the requests before a half-close",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, client, ended, server } = connect(kind);
    client.sendText(iamat + whatsat + "no newline");
    await client.closeWrite();
    await arrive();
    assertEquals(client.takeAll(), at);
    assertEquals(server.isClosed, false);
    backend.queries[0].answer("{}");
    assertEquals(await ended, "client closed");
    assertEquals(client.takeAll(), `${at}{}\n\n? no newline\n`);
  },
});

testOnReplicas({
  name: "ClientConnection continues after a partial write",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, ended, server } = connect(kind);
    server.maxWriteBytes = 7;
    client.sendText(iamat);
    await client.closeWrite();
    await arrive();
    await ended;
    assertEquals(client.takeAll(), at);
    assertEquals(server.writes.length, Math.ceil(at.length / 7));
  },
});

testOnReplicas({
  name: "ClientConnection stops reading while the client does not read",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, connection, ended, server } = connect(kind);
    server.freeze();
    client.sendText(iamat);
    await arrive();
    client.sendText("more\n");
    await arrive();
    assertEquals(server.unread, "more\n");
    assertEquals(connection.replyBytes, at.length);
    server.thaw();
    await arrive();
    assertEquals(connection.replyBytes, 0);
    await client.closeWrite();
    await arrive();
    await ended;
    assertEquals(client.takeAll(), `${at}? more\n`);
  },
});

testOnReplicas({
  name: "ClientConnection stops reading while the log is full",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, ended, replica, traffic } = connect(kind);
    traffic.fill();
    client.sendText(iamat);
    await arrive();
    assertEquals(replica.accepted.length, 0);
    traffic.drain();
    await arrive();
    assertEquals(client.takeAll(), at);
    await client.closeWrite();
    await arrive();
    await ended;
  },
});

testOnReplicas({
  name: "ClientConnection refuses a line that is too long, then closes",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, clock, ended, server } = connect(kind);
    client.sendText(iamat + "z".repeat(maxLineBytes + 1));
    await arrive();
    assertEquals(client.takeAll(), `${at}? ${"z".repeat(1024)}\n`);
    // The server continues to read, so that no reset destroys the reply.
    client.sendText("more");
    await arrive();
    assertEquals(server.unread, "");
    assertEquals(server.isClosed, false);
    await clock.advance(refusalLingerMs);
    assertEquals(await ended, "line too long");
    assertEquals(server.isClosed, true);
  },
});

testOnReplicas({
  name:
    "ClientConnection accepts lines up to its limit, and counts longer ones",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, clock, counts, ended } = connect(kind, {
      maxLineBytes: 2000,
    });
    client.sendText("x".repeat(2000) + "\n");
    await arrive();
    assertEquals(client.takeAll(), `? ${"x".repeat(2000)}\n`);
    assertEquals([...counts.hits], []);
    client.sendText("x".repeat(2001) + "\nmore\n");
    await arrive();
    assertEquals(client.takeAll(), `? ${"x".repeat(1024)}\n`);
    await clock.advance(refusalLingerMs);
    assertEquals(await ended, "line too long");
    assertEquals([...counts.hits], [["line-bytes", 1]]);
  },
});

testOnReplicas({
  name: "ClientConnection ends as lost when the client has closed",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, ended } = connect(kind);
    client.sendText(iamat);
    client.close();
    await arrive();
    assertEquals(await ended, "connection lost");
  },
});

testOnReplicas({
  name:
    "ClientConnection writes large replies in several writes of whole replies",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, client, server } = connect(kind);
    const radii = ["1", "2", "3", "4"];
    const queries = radii.map((radius) => whatsat.replace("10", radius));
    client.sendText(iamat);
    await arrive();
    client.sendText(queries.join(""));
    await arrive();
    await arrive();
    const large = "x".repeat(maxWriteBytes / 2);
    // All become ready together with the first, which is answered last.
    for (const radius of radii.toReversed()) {
      backend.queryWithin(radius).answer(large);
    }
    await arrive();
    const reply = `${at}${large}\n\n`;
    assertEquals(server.writes.slice(1).map(({ length }) => length), [
      2 * reply.length,
      2 * reply.length,
    ]);
    assertEquals(client.takeAll(), at + reply.repeat(4));
  },
});

testOnReplicas({
  name:
    "ClientConnection starts no queries for a client that is gone, and ends",
  permissions: "none",
  async fn(kind) {
    const maxRepliesWaiting = 64;
    const { arrive, backend, client, ended } = connect(kind, {
      maxRepliesWaiting,
    });
    client.sendText(iamat + whatsat);
    await arrive();
    client.sendText(whatsat.repeat(2 * maxRepliesWaiting));
    await arrive();
    assertEquals(backend.queries.length, maxQueriesInFlight);
    client.close();
    // The server notices that the client is gone when it writes the reply.
    backend.queries[0].answer("{}");
    assertEquals(await ended, "connection lost");
    for (const { answer } of backend.queries) answer("{}");
    await arrive();
    assertEquals(backend.queries.length, maxQueriesInFlight + 1);
  },
});

testOnReplicas({
  name: "stop() answers the requests, then ends the connection",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, client, clock, connection, ended } = connect(kind);
    client.sendText(iamat + whatsat);
    await arrive();
    const stopped = connection.stop();
    client.sendText("too late\n");
    await arrive();
    backend.queries[0].answer("{}");
    await stopped;
    assertEquals(client.takeAll(), `${at}${at}{}\n\n`);
    await client.closeWrite();
    await arrive();
    assertEquals(await ended, "stopping");
    assertEquals(clock.timers, 0);
  },
});

testOnReplicas({
  name: "stop() answers the requests that were read while the log was full",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, connection, ended, traffic } = connect(kind);
    traffic.fill();
    client.sendText("x\ny\n");
    await arrive();
    const stopped = connection.stop();
    await arrive();
    traffic.drain();
    await stopped;
    assertEquals(client.takeAll(), "? x\n? y\n");
    await client.closeWrite();
    await arrive();
    assertEquals(await ended, "stopping");
  },
});

testOnReplicas({
  name: "stop() closes a connection that the client does not end",
  permissions: "none",
  async fn(kind) {
    const { clock, connection, ended } = connect(kind);
    await connection.stop();
    await clock.advance(stopLingerMs);
    assertEquals(await ended, "stopping");
    assertEquals(clock.timers, 0);
  },
});

testOnReplicas({
  name: "stop() does nothing on a connection that has ended",
  permissions: "none",
  async fn(kind) {
    const { client, clock, connection, ended } = connect(kind);
    client.close();
    assertEquals(await ended, "client closed");
    await connection.stop();
    assertEquals(clock.timers, 0);
  },
});

testOnReplicas({
  name:
    "stop() waits only for a limited time for answers, or for a client to read",
  permissions: "none",
  async fn(kind) {
    for (const isFrozen of [true, false]) {
      const { arrive, client, clock, connection, ended, server } = connect(
        kind,
      );
      client.sendText(iamat + whatsat);
      await arrive();
      if (isFrozen) {
        server.freeze();
        client.sendText("more\n");
      }
      const stopped = connection.stop();
      await clock.advance(stopAnswerMs);
      if (isFrozen) server.thaw();
      assertEquals(await ended, "stopping");
      assertEquals(server.isClosed, true);
      await clock.advance(10_000);
      assertEquals(clock.timers, 0);
      void stopped;
    }
  },
});

Deno.test({
  name: "ClientConnection sends no reply to a report that was not stored",
  permissions: "none",
  async fn() {
    const { arrive, client, clock, connection, ended, replica, server } =
      connect(lateReplica(1, 1));
    client.sendText("x\n" + iamat);
    await arrive();
    assertEquals(await ended, "replica failed");
    assertEquals(connection.detail, "the report was not stored");
    assertEquals(replica.accepted.length, 1);
    assertEquals([client.takeAll(), server.isClosed], ["", true]);
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "ClientConnection ends when the replica cannot answer a query",
  permissions: "none",
  async fn() {
    const { arrive, client, connection, ended, server } = connect(
      lateReplica(1, 1),
    );
    client.sendText("x\n");
    await arrive();
    client.sendText(whatsat + "y\n");
    await arrive();
    assertEquals(await ended, "replica failed");
    assertEquals(connection.detail, "the replica does not answer");
    assertEquals([client.takeAll(), server.isClosed], ["? x\n", true]);
  },
});

Deno.test({
  name:
    "ClientConnection writes a prefix of the correct replies when a replica fails",
  permissions: "none",
  async fn() {
    const line = fc.constantFrom(
      iamat,
      iamat.replace("kiwi", "pear"),
      whatsat,
      whatsat.replace("kiwi", "plum"),
      "bogus\n",
    );
    const chunks = fc.array(fc.array(line, { maxLength: 4 }), {
      maxLength: 8,
    });
    /** Sends the chunks; returns the replies. */
    const play = async (kind: TestReplica, chunks: string[][]) => {
      const { backend, client, clock, ended, replica } = connect(kind);
      for (const chunk of chunks) {
        client.sendText(chunk.join(""));
        await clock.advance(maxLateMs / 2);
        for (const { answer } of backend.queries) answer("{}");
      }
      await client.closeWrite();
      for (let round = 0; round <= chunks.length; round++) {
        await clock.advance(maxLateMs);
        for (const { answer } of backend.queries) answer("{}");
      }
      await drainMicrotasks();
      const failed = replica instanceof LateReplica ? replica.failed : 0;
      return { end: await ended, failed, text: client.takeAll() };
    };
    let failedCount = 0;
    await assertProperty(
      fc.asyncProperty(chunks, anySeed, async (chunks, seed) => {
        const correct = await play(promptReplica, chunks);
        const { end, failed, text } = await play(
          lateReplica(seed, 0.1),
          chunks,
        );
        assertEquals(correct.end, "client closed");
        assertEquals(text, correct.text.slice(0, text.length));
        if (failed === 0) assertEquals(text, correct.text);
        assertEquals(end, failed === 0 ? "client closed" : "replica failed");
        if (failed > 0) failedCount += 1;
      }),
      { numRuns: 150 },
    );
    assert(failedCount > 0);
  },
});

/** Confirms the report of a client when the test calls `settle`. */
class HeldReplica extends MemoryReplica {
  readonly held = new Map<string, Settling>();

  override put(report: Report, settling: Settling): undefined {
    super.put(report, settling);
    settling.begin();
    this.held.set(report.client, settling);
  }

  settle(client: string): void {
    this.held.get(client)!.settle();
  }
}

const heldReplica: TestReplica = {
  ...promptReplica,
  create: () => new HeldReplica(),
};

Deno.test({
  name: "ClientConnection waits only for the reports of its own chunk",
  permissions: "none",
  async fn() {
    const replica = new HeldReplica();
    const shared = { ...heldReplica, create: () => replica };
    const [slow, fast] = [connect(shared), connect(shared)];
    const report = (client: string) => `IAMAT ${client} +1+1 1\n`;
    const clients = (text: string) =>
      [...text.matchAll(/AT Hill \S+ (\S+)/g)].map(([, client]) => client);
    slow.client.sendText(report("kiwi") + report("pear"));
    fast.client.sendText(report("plum"));
    await drainMicrotasks();
    replica.settle("plum");
    replica.settle("pear");
    await drainMicrotasks();
    assertEquals(clients(fast.client.takeAll()), ["plum"]);
    assertEquals(slow.client.takeAll(), "");
    replica.settle("kiwi");
    await drainMicrotasks();
    assertEquals(clients(slow.client.takeAll()), ["kiwi", "pear"]);
    for (const { client, ended } of [slow, fast]) {
      await client.closeWrite();
      assertEquals(await ended, "client closed");
    }
  },
});

Deno.test({
  name: "ClientConnection ends although a report is never confirmed",
  permissions: "none",
  async fn() {
    const stopped = connect(heldReplica);
    stopped.client.sendText(iamat);
    await drainMicrotasks();
    stopped.connection.stop();
    await stopped.clock.advance(stopAnswerMs);
    assertEquals(await stopped.ended, "stopping");
    assertEquals(stopped.client.takeAll(), "");
    const aborted = connect(heldReplica);
    aborted.client.sendText(iamat);
    await drainMicrotasks();
    aborted.connection.abort("slow consumer", "too slow");
    assertEquals(await aborted.ended, "slow consumer");
    assertEquals(aborted.connection.detail, "too slow");
  },
});

/** A connection that answers lines without their LF after a second. */
const connectPartial = (kind: TestReplica) =>
  connect(kind, { partialLineMs: 1_000 });

testOnReplicas({
  name:
    "ClientConnection answers a command without its LF after partialLineMs, if that is set",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, clock, counts, ended, traffic } = connectPartial(
      kind,
    );
    client.sendText("x\n" + iamat.slice(0, -1));
    await clock.advance(999);
    assertEquals(client.takeAll(), "? x\n");
    await clock.advance(1);
    await arrive();
    assertEquals(client.takeAll(), at);
    // The next one is another line.
    client.sendText("WHATSAT nobody 1 1");
    await clock.advance(1_000);
    await arrive();
    assertEquals(client.takeAll(), "? WHATSAT nobody 1 1\n");
    await client.closeWrite();
    await arrive();
    assertEquals(await ended, "client closed");
    assertEquals(client.takeAll(), "");
    assertEquals(traffic.lines.filter((line) => line.startsWith("<")), [
      "< x",
      `< ${iamat.trimEnd()}`,
      "< WHATSAT nobody 1 1",
    ]);
    assertEquals(counts.hits.get("partial-line-ms"), 2);
    assertEquals(clock.timers, 0);
  },
});

testOnReplicas({
  name:
    "ClientConnection does not treat a part of a command as a line by default",
  permissions: "none",
  async fn(kind) {
    for (const limits of [{}, { partialLineMs: Infinity }]) {
      const { arrive, client, clock, ended } = connect(kind, limits);
      client.sendText(iamat.slice(0, -1));
      await clock.advance(1e6);
      await arrive();
      assertEquals(client.takeAll(), "");
      client.sendText("\n");
      await client.closeWrite();
      await arrive();
      await ended;
      assertEquals(client.takeAll().split(" ").length, 6);
    }
  },
});

testOnReplicas({
  name: "ClientConnection waits partialLineMs from the last byte",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, clock, ended } = connectPartial(kind);
    const line = iamat.trimEnd();
    for (const byte of line) {
      client.sendText(byte);
      await clock.advance(999);
    }
    assertEquals(client.takeAll(), "");
    await client.closeWrite();
    await arrive();
    await ended;
    assertEquals(client.takeAll().split(" ").length, 6);
    assertEquals(clock.timers, 0);
  },
});

testOnReplicas({
  name: "ClientConnection waits for the LF of an incomplete command",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, clock, ended } = connectPartial(kind);
    for (const part of ["IAMAT kiwi +1+1 ", "x", "\n", "\n", "hello\n"]) {
      client.sendText(part);
      await clock.advance(5_000);
    }
    await arrive();
    assertEquals(client.takeAll(), "? IAMAT kiwi +1+1 x\n? \n? hello\n");
    await client.closeWrite();
    await arrive();
    await ended;
  },
});

testOnReplicas({
  name: "ClientConnection treats a late LF as the end of the answered command",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, clock, ended } = connectPartial(kind);
    const late = async (text: string) => {
      client.sendText(text);
      await clock.advance(1_000);
      await arrive();
      return client.takeAll().replaceAll(/^AT .*/gm, "AT");
    };
    const line = iamat.trimEnd();
    assertEquals(await late(line), "AT\n");
    assertEquals(await late("\r\n"), "");
    assertEquals(await late("\n"), "? \n");
    assertEquals(await late(line), "AT\n");
    assertEquals(await late(" "), "");
    assertEquals(await late("\nx\n\n"), "? x\n? \n");
    // The danger: a part can be a command too, and its rest is another line.
    assertEquals(await late(line.slice(0, -5)), "AT\n");
    assertEquals(await late(`${line.slice(-5)}\n`), "? 63997\n");
    assertEquals(await late(line), "AT\n");
    await client.closeWrite();
    await arrive();
    await ended;
    assertEquals(client.takeAll(), "");
    assertEquals(clock.timers, 0);
  },
});

testOnReplicas({
  name:
    "ClientConnection answers a command without its LF after the answers before it",
  permissions: "none",
  async fn(kind) {
    const { arrive, backend, client, clock, ended } = connectPartial(kind);
    client.sendText(iamat);
    await arrive();
    client.takeAll();
    client.sendText(whatsat + "IAMAT kiwi +1+1 1");
    await clock.advance(3_500);
    await arrive();
    assertEquals(client.takeAll(), "");
    backend.queries[0].answer("{}");
    await clock.advance(2_000);
    await arrive();
    const [first, body, empty, second] = client.takeAll().split("\n");
    assertEquals([first + "\n", body, empty], [at, "{}", ""]);
    assert(second.endsWith(" kiwi +1+1 1"));
    await client.closeWrite();
    await arrive();
    await ended;
    assertEquals(clock.timers, 0);
  },
});

testOnReplicas({
  name: "ClientConnection answers no command without its LF while it stops",
  permissions: "none",
  async fn(kind) {
    const { arrive, client, clock, connection, ended } = connectPartial(kind);
    client.sendText(iamat.slice(0, -1));
    await arrive();
    connection.stop();
    await clock.advance(stopAnswerMs + stopLingerMs);
    await arrive();
    assertEquals(await ended, "stopping");
    assertEquals(client.takeAll(), "");
    assertEquals(clock.timers, 0);
  },
});
