import { Turns } from "../../runtime/turns.ts";
import { BatchPool } from "../../protocol/batch.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { RefusalCounts } from "../../runtime/refusal_counts.ts";
import { FairSemaphore } from "../../runtime/semaphore.ts";
import { ClientListener } from "../../sessions/client_listener.ts";
import {
  type ClientLimits,
  defaultClientLimits,
  heartbeatMs,
} from "../../sessions/limits.ts";
import { createLineCounters } from "../../sessions/session.ts";
import { assert, assertEquals } from "../assert.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { FakeBackend } from "./fake_backend.ts";

const seconds = 1_000;

/** A listener, with functions to connect clients and send requests. */
function open(chosen: Partial<ClientLimits> = {}, maxReceivedBytes?: number) {
  const clock = new ManualClock();
  const limits = { ...defaultClientLimits, ...chosen };
  const backend = new FakeBackend();
  const events: string[] = [];
  const counts = new LimitCounts(clock, () => {});
  const listener = new ClientListener({
    backend,
    replica: new MemoryReplica(),
    clock,
    limits,
    counts,
    refusals: new RefusalCounts(),
    lines: createLineCounters(),
    permits: new FairSemaphore(limits.maxQueriesInTotal),
    turns: new Turns(clock),
    maxReceivedBytes,
    replyPool: new BatchPool(4),
    trafficLogFor: () => new RecordingTrafficLog(),
    emit: (_level, connection, event, fields = {}) =>
      events.push(
        [connection, event, ...Object.values(fields)].join(" "),
      ),
  });
  const connect = (address = "192.0.2.1") => {
    const [transport, client] = PipeEnd.pair();
    listener.serve({ transport, address, port: 5000 });
    return client;
  };
  const ask = async (client: PipeEnd) => {
    client.sendText("hello\n");
    await drainMicrotasks();
    return client.takeAll();
  };
  return { ask, clock, connect, counts, backend, listener, events };
}

Deno.test({
  name:
    "ClientListener refuses connections above the limit until one has ended",
  permissions: "none",
  async fn() {
    const { ask, connect, counts, listener, events } = open({
      maxConnections: 2,
    });
    const [one, other, late] = [connect(), connect(), connect()];
    assertEquals(await ask(one), "? hello\n");
    assertEquals(await ask(other), "? hello\n");
    assertEquals(late.other.isClosed, true);
    assertEquals(listener.connections, 2);
    assertEquals(
      events.at(-1),
      "server client refused 192.0.2.1:5000 connections",
    );
    await one.closeWrite();
    await drainMicrotasks();
    assertEquals(await ask(connect()), "? hello\n");
    assertEquals([...counts.hits], [["connections", 1]]);
  },
});

Deno.test({
  name: "ClientListener limits the connections of each address",
  permissions: "none",
  async fn() {
    const { ask, connect, counts, events } = open({
      maxConnectionsPerAddress: 1,
    });
    const first = connect("192.0.2.1");
    assertEquals(connect("::ffff:192.0.2.1").other.isClosed, true);
    assertEquals(
      events.at(-1),
      "server client refused [::ffff:192.0.2.1]:5000 connections-per-address",
    );
    assertEquals(await ask(connect("192.0.2.2")), "? hello\n");
    assertEquals(await ask(connect("2001:db8::1")), "? hello\n");
    // Another address of the same subscriber.
    assertEquals(connect("2001:db8::2").other.isClosed, true);
    assertEquals(await ask(connect("2001:db8:0:1::1")), "? hello\n");
    await first.closeWrite();
    await drainMicrotasks();
    assertEquals(await ask(connect("192.0.2.1")), "? hello\n");
    assertEquals([...counts.hits], [["connections-per-address", 2]]);
  },
});

Deno.test({
  name: "ClientListener warns once that one address may be many clients",
  permissions: "none",
  fn() {
    const { connect, events } = open({ maxConnectionsPerAddress: 1 });
    const warnings = () =>
      events.filter((event) => event.startsWith("server one address"));
    connect("192.0.2.1");
    assertEquals(warnings(), []);
    for (const address of ["192.0.2.1", "192.0.2.1", "192.0.2.2"]) {
      connect(address);
      connect(address);
    }
    assertEquals(warnings(), [
      "server one address is full 192.0.2.1 1 all clients behind a NAT or a " +
      "load balancer have its address: raise --max-connections-per-address",
    ]);
  },
});

Deno.test({
  name:
    "ClientListener disconnects a client that reads no replies, and no other",
  permissions: "none",
  async fn() {
    const { ask, clock, connect, counts, listener, events } = open();
    const [slow, steady, quiet] = [connect(), connect(), connect()];
    // The write of the reply never completes.
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
    // It may have read its last byte just before the first of these seconds.
    await clock.advance(seconds);
    assertEquals(listener.connections, 3);
    await clock.advance(seconds);
    assertEquals(slow.other.isClosed, true);
    assertEquals(
      events.at(-1),
      "client/1 closed slow consumer no reply read for 30000 ms",
    );
    assertEquals([...counts.hits], [["slow-consumer-seconds", 1]]);
    assertEquals(await ask(quiet), "? hello\n");
    assertEquals(steady.other.isClosed, false);
  },
});

Deno.test({
  name: "ClientListener keeps a client that reads slowly but steadily",
  permissions: "none",
  async fn() {
    const { clock, connect, listener } = open();
    const client = connect();
    client.other.maxWriteBytes = 1;
    client.other.freeze();
    client.sendText(`${"x".repeat(120)}\n`);
    for (let second = 0; second < 100; second++) {
      await clock.advance(seconds);
      // One write completes.
      client.other.thaw();
      client.other.freeze();
    }
    assertEquals(listener.connections, 1);
    assertEquals(client.unread.length > 90, true);
    client.other.thaw();
    await drainMicrotasks();
    assertEquals(client.takeAll(), `? ${"x".repeat(120)}\n`);
  },
});

Deno.test({
  name: "ClientListener does not count the wait for an answer against a client",
  permissions: "none",
  async fn() {
    const { backend, clock, connect, listener } = open();
    const client = connect();
    client.sendText("IAMAT kiwi +1+2 3\nWHATSAT kiwi 1 1\n");
    await clock.advance(60 * seconds);
    client.other.freeze();
    backend.queries[0].answer("{}");
    await clock.advance(29 * seconds);
    assertEquals(listener.connections, 1);
    await clock.advance(3 * seconds);
    assertEquals(listener.connections, 0);
  },
});

Deno.test({
  name: "ClientListener limits the wait for the end of an encrypted stream too",
  permissions: "none",
  async fn() {
    const { clock, connect, listener, events } = open();
    const client = connect();
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
    assertEquals(listener.connections, 1);
    await clock.advance(4 * seconds);
    assertEquals(listener.connections, 0);
    assertEquals(
      events.at(-1),
      "client/1 closed slow consumer no reply read for 30000 ms",
    );
  },
});

Deno.test({
  name: "ClientListener disconnects idle clients if idleMs is set",
  permissions: "none",
  async fn() {
    const { backend, clock, connect, counts, listener, events } = open({
      idleMs: 10 * seconds,
    });
    const [quiet, talking, waiting] = [connect(), connect(), connect()];
    waiting.sendText("IAMAT kiwi +1+2 3\nWHATSAT kiwi 1 1\n");
    for (let second = 0; second < 12; second++) {
      await clock.advance(seconds);
      talking.sendText("x");
      await drainMicrotasks();
    }
    assertEquals(quiet.other.isClosed, true);
    assertEquals(
      events.at(-1),
      "client/1 closed idle nothing received for 10000 ms",
    );
    // It waits for the server, so it is not idle.
    assertEquals(waiting.other.isClosed, false);
    backend.queries[0].answer("{}");
    await clock.advance(13 * seconds);
    assertEquals(listener.connections, 0);
    assertEquals([...counts.hits], [["idle-seconds", 3]]);
    // Without connections there are no heartbeats.
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "ClientListener keeps idle clients by default",
  permissions: "none",
  async fn() {
    const { ask, clock, connect } = open();
    const client = connect();
    await clock.advance(100 * 3600 * seconds / 10);
    assertEquals(await ask(client), "? hello\n");
  },
});

Deno.test({
  name:
    "ClientListener disconnects the clients with most unread replies above the total limit",
  permissions: "none",
  async fn() {
    const { ask, clock, connect, counts, listener, events } = open({
      maxReplyBytesInTotal: 100_000,
    });
    const clients = [20_000, 60_000, 50_000].map((bytes) => {
      const client = connect();
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
      "client/2 closed slow consumer unread replies of all clients exceed the limit",
    );
    assertEquals([...counts.hits], [["reply-bytes-in-all", 1]]);
    assertEquals(listener.connections, 2);
    assertEquals(await ask(connect()), "? hello\n");
  },
});

Deno.test({
  name:
    "ClientListener counts unanswered queries as part of the unread replies",
  permissions: "none",
  async fn() {
    const { ask, backend, clock, connect, listener } = open({
      maxReplyBytesInTotal: 100_000,
    });
    const [greedy, modest] = [connect(), connect()];
    greedy.sendText("IAMAT kiwi +1+2 3\n");
    greedy.sendText("WHATSAT kiwi 1 1\n".repeat(200));
    modest.sendText("WHATSAT kiwi 1 1\n".repeat(2));
    await clock.advance(2 * heartbeatMs);
    assertEquals(
      [greedy, modest].map(({ other }) => other.isClosed),
      [true, false],
    );
    for (const { answer } of backend.queries) answer("{}");
    await clock.advance(2 * heartbeatMs);
    assertEquals(modest.takeAll().match(/\{\}/g)?.length, 2);
    // Answered queries no longer count.
    assertEquals(await ask(modest), "? hello\n");
    for (let turn = 0; turn < 200; turn++) {
      modest.sendText("WHATSAT kiwi 1 1\n");
      await drainMicrotasks();
      backend.queries.at(-1)!.answer("{}");
      await drainMicrotasks();
    }
    await clock.advance(2 * heartbeatMs);
    assertEquals(listener.connections, 1);
  },
});

Deno.test({
  name:
    "ClientListener limits the queries of all clients, and shares them fairly",
  permissions: "none",
  async fn() {
    const { backend, connect, counts } = open({
      maxQueriesInTotal: 2,
      maxQueriesInFlight: 2,
    });
    const [greedy, modest] = [connect(), connect()];
    greedy.sendText("IAMAT kiwi +1+2 3\n");
    await drainMicrotasks();
    for (const radius of [1, 2, 3, 4]) {
      greedy.sendText(`WHATSAT kiwi ${radius} 1\n`);
    }
    await drainMicrotasks();
    modest.sendText("WHATSAT kiwi 50 1\n");
    await drainMicrotasks();
    const radii = () => backend.queries.map(({ query }) => query.radiusKm);
    assertEquals(radii(), ["1", "2"]);
    for (let index = 0; index < 5; index++) {
      backend.queries[index].answer(`{"is":${index}}`);
      await drainMicrotasks();
    }
    // The modest client did not wait for all queries of the greedy one.
    assertEquals(radii(), ["1", "2", "50", "3", "4"]);
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
  name:
    "ClientListener passes the permits of disconnected clients on to others",
  permissions: "none",
  async fn() {
    const { backend, connect } = open({ maxQueriesInTotal: 1 });
    const [first, gone, last] = [connect(), connect(), connect()];
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
    backend.queries[0].answer("{}");
    await drainMicrotasks();
    const radii = backend.queries.map(({ query }) => query.radiusKm);
    assertEquals(radii, ["1", "3"]);
  },
});

Deno.test({
  name: "ClientListener leaves no connection or timer when it has stopped",
  permissions: "none",
  async fn() {
    const { ask, clock, connect, listener } = open();
    const client = connect();
    await ask(client);
    const stopped = listener.stop();
    await client.closeWrite();
    await stopped;
    assertEquals([listener.connections, clock.timers], [0, 0]);
  },
});

Deno.test({
  name:
    "ClientListener disconnects the clients with the longest unfinished lines above the total limit",
  permissions: "none",
  async fn() {
    const { connect, counts, listener, events } = open({}, 2 ** 20);
    const send = async (client: PipeEnd, text: string) => {
      client.sendText(text);
      for (let wait = 0; wait < 10; wait++) await drainMicrotasks();
    };
    const connectAndSend = async (bytes: number) => {
      const client = connect();
      await send(client, "x".repeat(bytes));
      return client;
    };
    const honest = await connectAndSend(0);
    await send(honest, "IAMAT kiwi +1");
    const modest = await connectAndSend(10_000);
    const fill = async () => {
      const hostile: PipeEnd[] = [];
      const { size } = counts.hits;
      const hits = () => counts.hits.get("unfinished-bytes-in-all") ?? 0;
      for (const before = hits(); hits() === before;) {
        hostile.push(await connectAndSend(60_000));
      }
      assertEquals(counts.hits.size, Math.max(1, size));
      return hostile;
    };
    const hostile = await fill();
    // Each one has 60 to 64 KiB, and some of them as much again for reading.
    assert(hostile.length >= 8 && hostile.length <= 17, `${hostile.length}`);
    const closed = hostile.filter(({ other }) => other.isClosed);
    assert(closed.length >= 2 && closed.length <= 6, `${closed.length}`);
    assertEquals(counts.hits.get("unfinished-bytes-in-all"), closed.length);
    assertEquals(
      events.filter((event) => event.includes("closed")).map((event) =>
        event.replace(/\d+/, "N")
      ),
      closed.map(() =>
        "client/N closed unfinished line unfinished lines of all clients " +
        "exceed the limit"
      ),
    );
    assertEquals(listener.connections, 2 + hostile.length - closed.length);
    assertEquals(modest.other.isClosed, false);
    await send(honest, "+2 3\n");
    assertEquals(
      honest.takeAll(),
      "AT Hill +1520023932.182837383 kiwi +1+2 3\n",
    );
    // Those that have ended count no longer.
    for (const client of hostile) {
      if (!client.other.isClosed) await client.closeWrite();
    }
    await drainMicrotasks();
    assertEquals(listener.connections, 2);
    assertEquals((await fill()).length, hostile.length);
  },
});
