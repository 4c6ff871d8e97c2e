import { Turns } from "../../runtime/turns.ts";
import { BatchPool } from "../../protocol/batch.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { RefusalCounts } from "../../runtime/refusal_counts.ts";
import { FairSemaphore } from "../../runtime/semaphore.ts";
import { ClientListener } from "../../sessions/client_listener.ts";
import { type IdleClient, IdleClients } from "../../sessions/idle_clients.ts";
import {
  type ClientLimits,
  defaultClientLimits,
  heartbeatMs,
  minConnections,
  minIdleMs,
} from "../../sessions/limits.ts";
import { createLineCounters } from "../../sessions/session.ts";
import { assertEquals } from "../assert.ts";
import fc from "../fast_check.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { assertProperty } from "../property.ts";
import { FakeBackend } from "./fake_backend.ts";

Deno.test({
  name:
    "IdleClients returns the longest idle client first, each once, none too early",
  permissions: "none",
  async fn() {
    const clients = fc.array(
      fc.record({
        addressKey: fc.constantFrom(undefined, "192.0.2.1", "192.0.2.2"),
        idleMs: fc.nat(20),
      }),
      { maxLength: 300 },
    );
    const key = fc.constantFrom(undefined, "192.0.2.1");
    await assertProperty(fc.property(clients, key, (clients, key) => {
      const idle = new IdleClients<IdleClient>(10);
      // As in a listener, what was taken is no longer there.
      const left = new Set<IdleClient>(clients);
      const taken: number[] = [];
      while (true) {
        const client = idle.take(left, key);
        if (client === undefined) break;
        left.delete(client);
        taken.push(client.idleMs);
      }
      const expected = clients
        .filter(({ addressKey }) => key === undefined || addressKey === key)
        .map(({ idleMs }) => idleMs)
        .filter((idleMs) => idleMs >= 10)
        .sort((one, other) => other - one);
      assertEquals(taken, expected);
    }));
  },
});

Deno.test({
  name: "IdleClients skips a client that is no longer idle",
  permissions: "none",
  fn() {
    const idle = new IdleClients<IdleClient>(10);
    const clients = [30, 20, 15].map((idleMs) => ({
      addressKey: undefined,
      idleMs,
    }));
    assertEquals(idle.take(clients, undefined), clients[0]);
    clients[1].idleMs = 0;
    assertEquals(idle.take(clients, undefined), clients[2]);
    clients[1].idleMs = 20;
    assertEquals(idle.take(clients, undefined), undefined);
    idle.onHeartbeat();
    assertEquals(idle.take(clients.slice(1, 2), undefined), clients[1]);
  },
});

/** A listener, and clients that connect to it. */
function open(chosen: Partial<ClientLimits> = {}) {
  const clock = new ManualClock();
  const limits = { ...defaultClientLimits, ...chosen };
  const events: string[] = [];
  const counts = new LimitCounts(clock, () => {});
  const backend = new FakeBackend();
  const listener = new ClientListener({
    backend,
    replica: new MemoryReplica(),
    clock,
    turns: new Turns(clock),
    limits,
    counts,
    refusals: new RefusalCounts(),
    lines: createLineCounters(),
    permits: new FairSemaphore(limits.maxQueriesInTotal),
    replyPool: new BatchPool(4),
    trafficLogFor: () => new RecordingTrafficLog(),
    emit: (level, connection, event, fields = {}) =>
      events.push(
        [level, connection, event, ...Object.values(fields)].join(" "),
      ),
  });
  const connect = (address = "192.0.2.1") => {
    const [transport, client] = PipeEnd.pair();
    listener.serve({ transport, address, port: 5000 });
    return client;
  };
  const isClosed = (client: PipeEnd) => client.other.isClosed;
  return { backend, clock, connect, counts, events, isClosed, listener };
}

/** Long enough to make room for another; the first heartbeats do not count. */
const longMs = minIdleMs + 2 * heartbeatMs;

Deno.test({
  name: "a client that vanished makes room when few connections are left",
  permissions: "none",
  async fn() {
    const { clock, connect, counts, events, isClosed, listener } = open({
      maxConnections: 10,
    });
    const vanished = connect();
    await clock.advance(30 * heartbeatMs);
    const silent = connect();
    const reporting = connect();
    await clock.advance(longMs - heartbeatMs);
    reporting.sendText("hello\n");
    await clock.advance(heartbeatMs);
    // Nine of ten are taken soon, and no more clients connect.
    const others = Array.from({ length: 5 }, () => connect());
    await clock.advance(5 * heartbeatMs);
    assertEquals(isClosed(vanished), false);
    connect();
    await drainMicrotasks();
    assertEquals(
      [vanished, silent, reporting, ...others].map(isClosed),
      [false, false, false, ...others.map(() => false)],
    );
    connect();
    await drainMicrotasks();
    assertEquals([isClosed(vanished), isClosed(silent)], [true, false]);
    assertEquals(
      events.filter((event) => event.includes("idle longest")),
      [
        "debug client/1 closed idle longest idle for 636 s when another " +
        "needed room",
      ],
    );
    connect();
    assertEquals(isClosed(silent), true);
    assertEquals([...counts.hits], [["idle-longest", 2]]);
    assertEquals(listener.connections, 9);
    // The others are not idle for long enough.
    connect();
    const last = connect();
    assertEquals(isClosed(last), true);
    assertEquals(isClosed(reporting), false);
  },
});

Deno.test({
  name: "a client of a full address makes room for another of that address",
  permissions: "none",
  async fn() {
    const { clock, connect, counts, isClosed } = open({
      maxConnectionsPerAddress: 2,
    });
    const elsewhere = connect("192.0.2.2");
    await clock.advance(heartbeatMs);
    const clients = [connect(), connect()];
    await clock.advance(longMs);
    const late = connect();
    assertEquals(
      [elsewhere, ...clients, late].map(isClosed),
      [false, true, false, false],
    );
    assertEquals([...counts.hits], [["idle-longest", 1]]);
    await drainMicrotasks();
    // It was counted off once.
    assertEquals(isClosed(connect()), false);
    assertEquals(isClosed(connect()), true);
  },
});

Deno.test({
  name: "a client that waits for an answer does not make room",
  permissions: "none",
  async fn() {
    const { backend, clock, connect, isClosed } = open({ maxConnections: 2 });
    const waiting = connect();
    waiting.sendText("IAMAT kiwi +1+2 3\nWHATSAT kiwi 1 1\n");
    await clock.advance(longMs);
    assertEquals(backend.queries.length, 1);
    connect();
    connect();
    assertEquals(isClosed(waiting), false);
  },
});

Deno.test({
  name:
    "without descriptors a listener accepts no more connections than are open",
  permissions: "none",
  async fn() {
    const { clock, connect, counts, events, isClosed, listener } = open();
    const clients = Array.from({ length: 20 }, () => connect());
    assertEquals(listener.onShortage(), 0);
    const counted = { open: 20, limit: 20, accepted: 20 };
    assertEquals(listener.connectionCounts, counted);
    assertEquals(isClosed(connect()), true);
    // It is said once.
    listener.onShortage();
    const warnings = () =>
      events.filter((event) => /connection limit/.test(event));
    assertEquals(warnings(), [
      "warning server connection limit lowered 20 no descriptors are left",
    ]);
    clients[0].closeWrite();
    await drainMicrotasks();
    assertEquals(isClosed(connect()), false);
    assertEquals(isClosed(connect()), true);
    // The longest idle makes room at once.
    await clock.advance(longMs);
    listener.onShortage();
    assertEquals(isClosed(clients[1]), true);
    assertEquals(listener.connectionCounts.limit, 20);
    listener.onRecovery();
    listener.onRecovery();
    assertEquals(warnings().slice(1), [
      "info server connection limit restored 10000",
    ]);
    assertEquals(isClosed(connect()), false);
    assertEquals(counts.hits.get("connections"), 2);
  },
});

Deno.test({
  name: "without descriptors a few clients are accepted in any case",
  permissions: "none",
  fn() {
    const { connect, isClosed, listener } = open();
    listener.onShortage();
    const clients = Array.from({ length: minConnections }, () => connect());
    assertEquals(clients.some(isClosed), false);
    assertEquals(isClosed(connect()), true);
    listener.onShortage();
    assertEquals(listener.connectionCounts.limit, minConnections);
  },
});
