import fc from "fast-check";
import { maxLineBytes } from "../../protocol/limits.ts";
import type { Report } from "../../protocol/report.ts";
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
import { assertProperty } from "../property.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { FakeBackend } from "./fake_backend.ts";
import { sessionContext } from "./session_context.ts";

const { maxQueriesInFlight, maxRepliesWaiting } = defaultClientLimits;

const iamat =
  "IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997\n";
const at =
  "AT Hill +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997\n";
const whatsat = "WHATSAT kiwi.cs.ucla.edu 10 5\n";

/** A connection on a pipe, with everything behind it in the test's hands. */
function connect(limits: Partial<ClientLimits> = {}) {
  const [server, client] = PipeEnd.pair();
  const backend = new FakeBackend();
  const clock = new ManualClock();
  const traffic = new RecordingTrafficLog();
  const links: { handed?: Promise<void> } = {};
  const context: {
    onAccept?: (report: Report) => void;
    onFlush?: () => void;
  } = {};
  let flushes = 0;
  const shared = sessionContext({
    ...backend,
    accept(report) {
      backend.accept(report);
      context.onAccept?.(report);
    },
  }, limits);
  const connection = new ClientConnection(server, traffic, {
    ...shared,
    clock,
    scheduleFlush() {
      flushes += 1;
      context.onFlush?.();
    },
    flushed: () => links.handed,
  });
  const ended = connection.run();
  return {
    client,
    clock,
    connection,
    context,
    counts: shared.counts,
    backend,
    ended,
    links,
    server,
    traffic,
    flushCount: () => flushes,
  };
}

Deno.test({
  name: "ClientConnection answers, and closes when the client has ended",
  permissions: "none",
  async fn() {
    const { client, clock, ended, server, traffic } = connect();
    client.sendText(iamat);
    await drainMicrotasks();
    assertEquals(client.takeAll(), at);
    await client.closeWrite();
    assertEquals(await ended, "client closed");
    assertEquals(server.isClosed, true);
    assertEquals(clock.timers, 0);
    assertEquals(traffic.lines, [
      `< ${iamat.trimEnd()}`,
      `> ${at.trimEnd()}`,
    ]);
  },
});

Deno.test({
  name: "ClientConnection answers a chunk of many lines with one write",
  permissions: "none",
  async fn() {
    const { client, ended, server } = connect();
    client.sendText("x\n".repeat(60));
    await client.closeWrite();
    await ended;
    assertEquals(server.writes, ["? x\n".repeat(60)]);
  },
});

Deno.test({
  name: "ClientConnection writes AT and JSON in one write",
  permissions: "none",
  async fn() {
    const { backend, client, ended, server } = connect();
    client.sendText(iamat + whatsat);
    await drainMicrotasks();
    backend.questions[0].answer("{}");
    await drainMicrotasks();
    assertEquals(server.writes, [at, `${at}{}\n\n`]);
    await client.closeWrite();
    await ended;
  },
});

Deno.test({
  name: "ClientConnection holds the reply back until the neighbours have it",
  permissions: "none",
  async fn() {
    const { backend, client, ended, flushCount, links, server } = connect();
    const { promise, resolve } = Promise.withResolvers<void>();
    links.handed = promise;
    client.sendText(iamat);
    await drainMicrotasks();
    assertEquals(backend.accepted.length, 1);
    assertEquals(flushCount() > 0, true);
    assertEquals(server.writes, []);
    links.handed = undefined;
    resolve();
    await drainMicrotasks();
    assertEquals(server.writes, [at]);
    await client.closeWrite();
    await ended;
  },
});

Deno.test({
  name: "ClientConnection logs what waited at the time when it goes out",
  permissions: "none",
  async fn() {
    const { backend, client, clock, ended, links, traffic } = connect();
    const handed = Promise.withResolvers<void>();
    links.handed = handed.promise;
    client.sendText(iamat);
    await clock.advance(1_000);
    links.handed = undefined;
    handed.resolve();
    await drainMicrotasks();
    client.sendText(whatsat);
    await clock.advance(2_000);
    backend.questions[0].answer("{}");
    await drainMicrotasks();
    assertEquals(traffic.lines.map((line) => line[0]).join(""), "<><>");
    const [, reply, , answer] = traffic.seconds;
    assertEquals(answer, secondsOf(clock));
    assertEquals(Math.round(answer - reply), 2);
    await client.closeWrite();
    await ended;
  },
});

Deno.test({
  name: "ClientConnection passes a report on whose reply has to wait",
  permissions: "none",
  async fn() {
    const { backend, client, ended, flushCount, server } = connect();
    client.sendText(iamat + whatsat);
    await drainMicrotasks();
    const before = flushCount();
    client.sendText(iamat.replace("kiwi", "pear"));
    await drainMicrotasks();
    assertEquals(backend.accepted.length, 2);
    assertEquals(flushCount() > before, true);
    assertEquals(server.writes.length, 1);
    backend.questions[0].answer("{}");
    await client.closeWrite();
    await ended;
  },
});

Deno.test({
  name:
    "ClientConnection writes no reply ahead of its flood for another's sake",
  permissions: "none",
  async fn() {
    const { backend, client, context, ended, server, traffic } = connect();
    client.sendText(iamat + whatsat + whatsat);
    await drainMicrotasks();
    // One answer is being written, another waits behind it.
    server.freeze();
    for (const { answer } of backend.questions) {
      answer("{}");
      await drainMicrotasks();
    }
    // A report is accepted, and the log stops the reader before it can flush.
    let isFlushed = true;
    context.onAccept = () => isFlushed = false;
    context.onFlush = () => isFlushed = true;
    server.onWrite = (text) => assert(isFlushed || !text.includes("pear"));
    traffic.nearlyFill();
    client.sendText(iamat.replace("kiwi", "pear") + "bogus\n");
    await drainMicrotasks();
    assertEquals(isFlushed, false);
    server.thaw();
    await drainMicrotasks();
    traffic.drain();
    await client.closeWrite();
    assertEquals(await ended, "client closed");
    assertEquals(client.takeAll().split("\n").length, 10);
  },
});

/** One thing that may happen to a connection, on either side of it. */
type Happening =
  | { readonly say: string }
  | { readonly answer: number }
  | "freeze"
  | "thaw"
  | "log full"
  | "log nearly full"
  | "log drained"
  | "links busy"
  | "links idle";

const anyHappening: fc.Arbitrary<Happening> = fc.oneof(
  fc.constantFrom("IAMAT", "IAMAT", "WHATSAT", "bogus")
    .map((say) => ({ say })),
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

Deno.test({
  name: "ClientConnection keeps order and flood before reply, whatever happens",
  permissions: "none",
  async fn() {
    const schedule = fc.array(fc.tuple(anyHappening, fc.nat(12)), {
      maxLength: 60,
    });
    await assertProperty(
      fc.asyncProperty(schedule, async (schedule) => {
        const { client, backend, ended, links, server, traffic, context } =
          connect();
        /** Reports that were accepted and not flushed yet. */
        const unflushed = new Set<string>();
        context.onAccept = ({ client }) => unflushed.add(client);
        context.onFlush = () => unflushed.clear();
        let busy: PromiseWithResolvers<void> | undefined;
        server.onWrite = (text) => {
          for (const id of unflushed) {
            assert(!text.includes(` ${id} `), `${id} was not flushed`);
          }
        };
        const expected: string[] = [];
        for (const [happening, turns] of schedule) {
          if (happening === "freeze") server.freeze();
          else if (happening === "thaw") server.thaw();
          else if (happening === "log full") traffic.fill();
          else if (happening === "log nearly full") traffic.nearlyFill();
          else if (happening === "log drained") traffic.drain();
          else if (happening === "links busy") {
            busy ??= Promise.withResolvers<void>();
            links.handed = busy.promise;
          } else if (happening === "links idle") {
            links.handed = undefined;
            busy?.resolve();
            busy = undefined;
          } else if ("answer" in happening) {
            backend.questions[happening.answer]?.answer("{}");
          } else {
            const id = `c${expected.length}`;
            const line = happening.say === "IAMAT"
              ? `IAMAT ${id} +1+1 1`
              : happening.say === "WHATSAT"
              ? "WHATSAT c0 1 1"
              : `bogus ${id}`;
            expected.push(line);
            client.sendText(line + "\n");
          }
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        }
        // In the end everything works again.
        server.thaw();
        links.handed = undefined;
        busy?.resolve();
        await client.closeWrite();
        for (let round = 0; round <= expected.length; round++) {
          traffic.drain();
          await drainMicrotasks();
          for (const { answer } of backend.questions) answer("{}");
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
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "ClientConnection answers what was asked before a half-close",
  permissions: "none",
  async fn() {
    const { backend, client, ended, server } = connect();
    client.sendText(iamat + whatsat + "no newline");
    await client.closeWrite();
    await drainMicrotasks();
    assertEquals(client.takeAll(), at);
    assertEquals(server.isClosed, false);
    backend.questions[0].answer("{}");
    assertEquals(await ended, "client closed");
    assertEquals(client.takeAll(), `${at}{}\n\n? no newline\n`);
  },
});

Deno.test({
  name: "ClientConnection writes on where a write took only a part",
  permissions: "none",
  async fn() {
    const { client, ended, server } = connect();
    server.maxWriteBytes = 7;
    client.sendText(iamat);
    await client.closeWrite();
    await ended;
    assertEquals(client.takeAll(), at);
    assertEquals(server.writes.length, Math.ceil(at.length / 7));
  },
});

Deno.test({
  name: "ClientConnection reads no further while the client does not read",
  permissions: "none",
  async fn() {
    const { client, connection, ended, server } = connect();
    server.freeze();
    client.sendText(iamat);
    await drainMicrotasks();
    client.sendText("more\n");
    await drainMicrotasks();
    assertEquals(server.unread, "more\n");
    assertEquals(connection.replyBytes, at.length);
    server.thaw();
    await drainMicrotasks();
    assertEquals(connection.replyBytes, 0);
    await client.closeWrite();
    await ended;
    assertEquals(client.takeAll(), `${at}? more\n`);
  },
});

Deno.test({
  name: "ClientConnection reads no further while the log has no room",
  permissions: "none",
  async fn() {
    const { backend, client, ended, traffic } = connect();
    traffic.fill();
    client.sendText(iamat);
    await drainMicrotasks();
    assertEquals(backend.accepted.length, 0);
    traffic.drain();
    await drainMicrotasks();
    assertEquals(client.takeAll(), at);
    await client.closeWrite();
    await ended;
  },
});

Deno.test({
  name: "ClientConnection refuses a line that is too long, then closes",
  permissions: "none",
  async fn() {
    const { client, clock, ended, server } = connect();
    client.sendText(iamat + "z".repeat(maxLineBytes + 1));
    await drainMicrotasks();
    assertEquals(client.takeAll(), `${at}? ${"z".repeat(1024)}\n`);
    // It reads on for a while, so that the refusal is not lost in a reset.
    client.sendText("more");
    await drainMicrotasks();
    assertEquals(server.unread, "");
    assertEquals(server.isClosed, false);
    await clock.advance(refusalLingerMs);
    assertEquals(await ended, "line too long");
    assertEquals(server.isClosed, true);
  },
});

Deno.test({
  name: "ClientConnection takes lines as long as its limit says, and counts",
  permissions: "none",
  async fn() {
    const { client, clock, counts, ended } = connect({ maxLineBytes: 2000 });
    client.sendText("x".repeat(2000) + "\n");
    await drainMicrotasks();
    assertEquals(client.takeAll(), `? ${"x".repeat(2000)}\n`);
    assertEquals([...counts.hits], []);
    client.sendText("x".repeat(2001) + "\nmore\n");
    await drainMicrotasks();
    assertEquals(client.takeAll(), `? ${"x".repeat(1024)}\n`);
    await clock.advance(refusalLingerMs);
    assertEquals(await ended, "line too long");
    assertEquals([...counts.hits], [["line-bytes", 1]]);
  },
});

Deno.test({
  name: "ClientConnection ends as lost when the client is gone",
  permissions: "none",
  async fn() {
    const { client, ended } = connect();
    client.sendText(iamat);
    client.close();
    assertEquals(await ended, "connection lost");
  },
});

Deno.test({
  name:
    "ClientConnection writes many large replies in portions, each reply whole",
  permissions: "none",
  async fn() {
    const { backend, client, server } = connect();
    client.sendText(iamat + whatsat.repeat(4));
    await drainMicrotasks();
    const large = "x".repeat(maxWriteBytes / 2);
    // They become ready together, with the first.
    for (const { answer } of backend.questions.toReversed()) answer(large);
    await drainMicrotasks();
    const reply = `${at}${large}\n\n`;
    assertEquals(server.writes.slice(1).map(({ length }) => length), [
      2 * reply.length,
      2 * reply.length,
    ]);
    assertEquals(client.takeAll(), at + reply.repeat(4));
  },
});

Deno.test({
  name: "ClientConnection asks no more for a client that is gone, and ends",
  permissions: "none",
  async fn() {
    const { backend, client, ended } = connect();
    client.sendText(iamat);
    await drainMicrotasks();
    client.sendText(whatsat.repeat(2 * maxRepliesWaiting));
    await drainMicrotasks();
    assertEquals(backend.questions.length, maxQueriesInFlight);
    client.close();
    // That it is gone shows when it is answered.
    backend.questions[0].answer("{}");
    assertEquals(await ended, "connection lost");
    for (const { answer } of backend.questions) answer("{}");
    await drainMicrotasks();
    assertEquals(backend.questions.length, maxQueriesInFlight + 1);
  },
});

Deno.test({
  name: "stop() answers what was asked, then ends the connection",
  permissions: "none",
  async fn() {
    const { backend, client, clock, connection, ended } = connect();
    client.sendText(iamat + whatsat);
    await drainMicrotasks();
    const stopped = connection.stop();
    client.sendText("too late\n");
    await drainMicrotasks();
    backend.questions[0].answer("{}");
    await stopped;
    assertEquals(client.takeAll(), `${at}${at}{}\n\n`);
    await client.closeWrite();
    assertEquals(await ended, "stopping");
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "stop() answers what was read while the log had no room",
  permissions: "none",
  async fn() {
    const { client, connection, ended, traffic } = connect();
    traffic.fill();
    client.sendText("x\ny\n");
    await drainMicrotasks();
    const stopped = connection.stop();
    await drainMicrotasks();
    traffic.drain();
    await stopped;
    assertEquals(client.takeAll(), "? x\n? y\n");
    await client.closeWrite();
    assertEquals(await ended, "stopping");
  },
});

Deno.test({
  name: "stop() does not wait for ever for a client that stays",
  permissions: "none",
  async fn() {
    const { clock, connection, ended } = connect();
    await connection.stop();
    await clock.advance(stopLingerMs);
    assertEquals(await ended, "stopping");
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "stop() leaves a connection alone that is over",
  permissions: "none",
  async fn() {
    const { client, clock, connection, ended } = connect();
    client.close();
    assertEquals(await ended, "client closed");
    await connection.stop();
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "stop() does not wait for ever for an answer, or for a client to read",
  permissions: "none",
  async fn() {
    for (const isFrozen of [true, false]) {
      const { client, clock, connection, ended, server } = connect();
      client.sendText(iamat + whatsat);
      await drainMicrotasks();
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
