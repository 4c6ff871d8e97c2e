import { BatchPool } from "../../protocol/batch.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { FairSemaphore } from "../../runtime/semaphore.ts";
import { ClientListener } from "../../sessions/client_listener.ts";
import {
  type ClientLimits,
  defaultClientLimits,
  heartbeatMs,
} from "../../sessions/limits.ts";
import { createLineCounters } from "../../sessions/session.ts";
import { assertEquals } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { FakeBackend } from "./fake_backend.ts";

const seconds = 1_000;

/** A front door, and clients that come to it. */
function open(chosen: Partial<ClientLimits> = {}) {
  const clock = new ManualClock();
  const limits = { ...defaultClientLimits, ...chosen };
  const backend = new FakeBackend();
  const events: string[] = [];
  const counts = new LimitCounts(clock, () => {});
  const door = new ClientListener({
    backend,
    replica: new MemoryReplica(),
    clock,
    limits,
    counts,
    lines: createLineCounters(),
    permits: new FairSemaphore(limits.maxQueriesInTotal),
    replyPool: new BatchPool(4),
    trafficLogFor: () => new RecordingTrafficLog(),
    emit: (_level, connection, event, fields = {}) =>
      events.push(
        [connection, event, ...Object.values(fields)].join(" "),
      ),
  });
  const come = (address = "192.0.2.1") => {
    const [transport, client] = PipeEnd.pair();
    door.serve({ transport, address, port: 5000 });
    return client;
  };
  const ask = async (client: PipeEnd) => {
    client.sendText("hello\n");
    await drainMicrotasks();
    return client.takeAll();
  };
  return { ask, clock, come, counts, backend: backend, door, events };
}

Deno.test({
  name: "FrontDoor turns away who is too many, until somebody leaves",
  permissions: "none",
  async fn() {
    const { ask, come, counts, door, events } = open({ maxConnections: 2 });
    const [one, other, late] = [come(), come(), come()];
    assertEquals(await ask(one), "? hello\n");
    assertEquals(await ask(other), "? hello\n");
    assertEquals(late.other.isClosed, true);
    assertEquals(door.connections, 2);
    assertEquals(
      events.at(-1),
      "server client refused 192.0.2.1:5000 connections",
    );
    await one.closeWrite();
    await drainMicrotasks();
    assertEquals(await ask(come()), "? hello\n");
    assertEquals([...counts.hits], [["connections", 1]]);
  },
});

Deno.test({
  name: "FrontDoor lets every address have so many connections",
  permissions: "none",
  async fn() {
    const { ask, come, counts, events } = open({
      maxConnectionsPerAddress: 1,
    });
    const first = come("192.0.2.1");
    assertEquals(come("::ffff:192.0.2.1").other.isClosed, true);
    assertEquals(
      events.at(-1),
      "server client refused [::ffff:192.0.2.1]:5000 connections-per-address",
    );
    assertEquals(await ask(come("192.0.2.2")), "? hello\n");
    assertEquals(await ask(come("2001:db8::1")), "? hello\n");
    // The same subscriber, with another of his addresses.
    assertEquals(come("2001:db8::2").other.isClosed, true);
    assertEquals(await ask(come("2001:db8:0:1::1")), "? hello\n");
    await first.closeWrite();
    await drainMicrotasks();
    assertEquals(await ask(come("192.0.2.1")), "? hello\n");
    assertEquals([...counts.hits], [["connections-per-address", 2]]);
  },
});

Deno.test({
  name: "FrontDoor disconnects who takes nothing of its replies, and no other",
  permissions: "none",
  async fn() {
    const { ask, clock, come, counts, door, events } = open();
    const [slow, steady, quiet] = [come(), come(), come()];
    // One write takes a byte, and then nothing more.
    slow.other.freeze();
    slow.sendText("hello\n");
    steady.other.maxWriteBytes = 1;
    for (let second = 0; second < 30; second++) {
      steady.other.freeze();
      steady.sendText("x");
      await clock.advance(seconds);
      steady.other.thaw();
      await drainMicrotasks();
    }
    // It may have taken its last byte just before the first of these seconds.
    await clock.advance(seconds);
    assertEquals(door.connections, 3);
    await clock.advance(seconds);
    assertEquals(slow.other.isClosed, true);
    assertEquals(
      events.at(-1),
      "client/1 closed slow consumer nothing taken for 30000 ms",
    );
    assertEquals([...counts.hits], [["slow-consumer-seconds", 1]]);
    assertEquals(await ask(quiet), "? hello\n");
    assertEquals(steady.other.isClosed, false);
  },
});

Deno.test({
  name: "FrontDoor does not call slow who takes a little all the time",
  permissions: "none",
  async fn() {
    const { clock, come, door } = open();
    const client = come();
    client.other.maxWriteBytes = 1;
    client.other.freeze();
    client.sendText(`${"x".repeat(120)}\n`);
    for (let second = 0; second < 100; second++) {
      await clock.advance(seconds);
      // One write comes through.
      client.other.thaw();
      client.other.freeze();
    }
    assertEquals(door.connections, 1);
    assertEquals(client.unread.length > 90, true);
    client.other.thaw();
    await drainMicrotasks();
    assertEquals(client.takeAll(), `? ${"x".repeat(120)}\n`);
  },
});

Deno.test({
  name: "FrontDoor does not call slow who has waited for its answer",
  permissions: "none",
  async fn() {
    const { backend, clock, come, door } = open();
    const client = come();
    client.sendText("IAMAT kiwi +1+2 3\nWHATSAT kiwi 1 1\n");
    await clock.advance(60 * seconds);
    client.other.freeze();
    backend.questions[0].answer("{}");
    await clock.advance(29 * seconds);
    assertEquals(door.connections, 1);
    await clock.advance(3 * seconds);
    assertEquals(door.connections, 0);
  },
});

Deno.test({
  name: "FrontDoor waits no longer for the end of an encrypted stream, either",
  permissions: "none",
  async fn() {
    const { clock, come, door, events } = open();
    const client = come();
    const closed = Promise.withResolvers<void>();
    const close = client.other.close.bind(client.other);
    Object.assign(client.other, {
      channelBinding: () => Promise.resolve(""),
      closeWrite: () => closed.promise,
      close() {
        close();
        closed.reject(new Deno.errors.BadResource("closed"));
      },
    });
    await client.closeWrite();
    await clock.advance(29 * seconds);
    assertEquals(door.connections, 1);
    await clock.advance(4 * seconds);
    assertEquals(door.connections, 0);
    assertEquals(
      events.at(-1),
      "client/1 closed slow consumer nothing taken for 30000 ms",
    );
  },
});

Deno.test({
  name: "FrontDoor disconnects who says nothing, if that is limited",
  permissions: "none",
  async fn() {
    const { backend, clock, come, counts, door, events } = open({
      idleMs: 10 * seconds,
    });
    const [quiet, talking, waiting] = [come(), come(), come()];
    waiting.sendText("IAMAT kiwi +1+2 3\nWHATSAT kiwi 1 1\n");
    for (let second = 0; second < 12; second++) {
      await clock.advance(seconds);
      talking.sendText("x");
      await drainMicrotasks();
    }
    assertEquals(quiet.other.isClosed, true);
    assertEquals(
      events.at(-1),
      "client/1 closed idle nothing said for 10000 ms",
    );
    // It waits for us, not we for it.
    assertEquals(waiting.other.isClosed, false);
    backend.questions[0].answer("{}");
    await clock.advance(13 * seconds);
    assertEquals(door.connections, 0);
    assertEquals([...counts.hits], [["idle-seconds", 3]]);
    // Nobody is there to be looked after.
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "FrontDoor lets clients be idle as long as they like otherwise",
  permissions: "none",
  async fn() {
    const { ask, clock, come } = open();
    const client = come();
    await clock.advance(100 * 3600 * seconds / 10);
    assertEquals(await ask(client), "? hello\n");
  },
});

Deno.test({
  name: "FrontDoor disconnects those who leave most unread of too much in all",
  permissions: "none",
  async fn() {
    const { ask, clock, come, counts, door, events } = open({
      maxReplyBytesInTotal: 100_000,
    });
    const clients = [20_000, 60_000, 50_000].map((bytes) => {
      const client = come();
      client.other.freeze();
      client.sendText(`${"x".repeat(bytes)}\n`);
      return client;
    });
    await clock.advance(2 * heartbeatMs);
    assertEquals(clients.map(({ other }) => other.isClosed), [
      false,
      true,
      false,
    ]);
    assertEquals(
      events.at(-1),
      "client/2 closed slow consumer replies fill the server's memory",
    );
    assertEquals([...counts.hits], [["reply-bytes-in-all", 1]]);
    assertEquals(door.connections, 2);
    assertEquals(await ask(come()), "? hello\n");
  },
});

Deno.test({
  name: "FrontDoor counts questions without an answer as part of the replies",
  permissions: "none",
  async fn() {
    const { ask, backend, clock, come, door } = open({
      maxReplyBytesInTotal: 100_000,
    });
    const [greedy, modest] = [come(), come()];
    greedy.sendText("IAMAT kiwi +1+2 3\n");
    greedy.sendText("WHATSAT kiwi 1 1\n".repeat(200));
    modest.sendText("WHATSAT kiwi 1 1\n".repeat(2));
    await clock.advance(2 * heartbeatMs);
    assertEquals(
      [greedy, modest].map(({ other }) => other.isClosed),
      [true, false],
    );
    for (const { answer } of backend.questions) answer("{}");
    await clock.advance(2 * heartbeatMs);
    assertEquals(modest.takeAll().match(/\{\}/g)?.length, 2);
    // What was answered does not count any more.
    assertEquals(await ask(modest), "? hello\n");
    for (let turn = 0; turn < 200; turn++) {
      modest.sendText("WHATSAT kiwi 1 1\n");
      await drainMicrotasks();
      backend.questions.at(-1)!.answer("{}");
      await drainMicrotasks();
    }
    await clock.advance(2 * heartbeatMs);
    assertEquals(door.connections, 1);
  },
});

Deno.test({
  name: "FrontDoor asks no more questions in all than may be, in turns",
  permissions: "none",
  async fn() {
    const { backend, come, counts } = open({
      maxQueriesInTotal: 2,
      maxQueriesInFlight: 2,
    });
    const [greedy, modest] = [come(), come()];
    greedy.sendText("IAMAT kiwi +1+2 3\n");
    await drainMicrotasks();
    for (const radius of [1, 2, 3, 4]) {
      greedy.sendText(`WHATSAT kiwi ${radius} 1\n`);
    }
    await drainMicrotasks();
    modest.sendText("WHATSAT kiwi 50 1\n");
    await drainMicrotasks();
    const asked = () =>
      backend.questions.map(({ question }) => question.radiusKm);
    assertEquals(asked(), ["1", "2"]);
    for (let index = 0; index < 5; index++) {
      backend.questions[index].answer(`{"is":${index}}`);
      await drainMicrotasks();
    }
    // The modest one did not have to wait for all of the greedy one's.
    assertEquals(asked(), ["1", "2", "50", "3", "4"]);
    assertEquals(greedy.takeAll().match(/\{.*\}/g), [
      '{"is":0}',
      '{"is":1}',
      '{"is":3}',
      '{"is":4}',
    ]);
    assertEquals(modest.takeAll().match(/\{.*\}/g), ['{"is":2}']);
    assertEquals([...counts.hits], [
      ["whatsats-per-connection", 2],
      ["whatsats", 1],
    ]);
  },
});

Deno.test({
  name: "FrontDoor gives the turns of clients that are gone to others",
  permissions: "none",
  async fn() {
    const { backend, come } = open({ maxQueriesInTotal: 1 });
    const [first, gone, last] = [come(), come(), come()];
    first.sendText("IAMAT kiwi +1+2 3\nWHATSAT kiwi 1 1\n");
    await drainMicrotasks();
    gone.sendText("WHATSAT kiwi 2 1\n");
    await drainMicrotasks();
    last.sendText("WHATSAT kiwi 3 1\n");
    await drainMicrotasks();
    gone.other.freeze();
    gone.close();
    gone.other.close();
    await drainMicrotasks();
    backend.questions[0].answer("{}");
    await drainMicrotasks();
    const asked = backend.questions.map(({ question }) => question.radiusKm);
    assertEquals(asked, ["1", "3"]);
  },
});

Deno.test({
  name: "FrontDoor leaves nothing behind when it has stopped",
  permissions: "none",
  async fn() {
    const { ask, clock, come, door } = open();
    const client = come();
    await ask(client);
    const stopped = door.stop();
    await client.closeWrite();
    await stopped;
    assertEquals([door.connections, clock.timers], [0, 0]);
  },
});
