import { Turns } from "../../runtime/turns.ts";
import { LogWriter } from "../../log/log_writer.ts";
import { FloodReplica } from "../../peers/flood_replica.ts";
import type { ConnectToNeighbour } from "../../peers/links/dialer.ts";
import type { StoreLimits } from "../../peers/store/report_store.ts";
import { parseTopology, type Topology } from "../../peers/topology.ts";
import type { PlacesProvider } from "../../places/provider.ts";
import type { Replica } from "../../replica/replica.ts";
import type { DescriptorUser } from "../../runtime/descriptors.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { Random } from "../../runtime/random.ts";
import {
  HerdServer,
  type HerdServerOptions,
} from "../../server/herd_server.ts";
import { ServerEvents } from "../../server/server_events.ts";
import { DurationCounter } from "../../server/status/distribution.ts";
import { serverFacts } from "../../server/status/fields.ts";
import { defaultClientLimits, minConnections } from "../../sessions/limits.ts";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { FakeListener } from "../fakes/listener.ts";
import { LateReplica, maxLateMs } from "../fakes/late_replica.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { MemoryLog } from "../fakes/memory_log.ts";
import { MemoryReplica } from "../fakes/memory_replica.ts";
import { createFakeProver } from "../fakes/prover.ts";

/** Options of a test's server. */
interface TestServerOptions extends
  Partial<
    & Pick<HerdServerOptions, "onLogFailure" | "descriptors">
    & Pick<StoreLimits, "maxClients">
  > {
  readonly clientTtlSeconds?: number;
  readonly topology?: Topology;
  readonly connect?: ConnectToNeighbour;
  /** Creates the replica. By default it floods. */
  readonly createReplica?: (clock: ManualClock) => Replica;
}

/** A server with a fake clock, fake listeners and a log in memory. */
function createServer({
  clientTtlSeconds,
  connect = () => Promise.reject(new Error("no neighbour")),
  createReplica,
  descriptors,
  maxClients = 1_000,
  onLogFailure = "keep-serving",
  topology = parseTopology({ servers: [{ name: "Hill" }] }),
}: TestServerOptions = {}) {
  const disk = new MemoryLog();
  const places: PlacesProvider = {
    name: "none",
    isRemote: false,
    nearby: () => "{}",
  };
  const clock = new ManualClock();
  const clients = new FakeListener();
  const log = new LogWriter({
    clock,
    onFailure: (failure) => server.emitLogFailure(failure),
  }, disk);
  const events = new ServerEvents("Hill", log, clock);
  const counts = new LimitCounts(clock, events.emit);
  const propagation = new DurationCounter();
  const peers = new FakeListener();
  const turns = new Turns(clock);
  const replica = createReplica?.(clock) ?? new FloodReplica({
    self: topology.servers[0],
    topology,
    catchUp: true,
    limits: {
      maxClients,
      maxTableBytes: Infinity,
      sourceShare: 1,
      clientTtlSeconds,
      now: () => clock.now(),
    },
    clock,
    turns,
    counts,
    propagation,
    maxHalfOpenLinks: 256,
    incarnation: "incarnation",
    nonce: () => "nonce",
    prove: createFakeProver([]),
    timeoutMs: 5_000,
    connect,
    trafficLogFor: (connection) => log.trafficLogFor(connection),
    emit: events.emit,
    peers,
  });
  const server: HerdServer = new HerdServer({
    name: "Hill",
    replica,
    events,
    counts,
    propagation,
    clientLimits: defaultClientLimits,
    clients: [clients],
    clock,
    turns,
    log,
    onLogFailure,
    places,
    placesTtlSeconds: 0,
    descriptors,
  });
  server.open();
  return {
    clients,
    clock,
    disk,
    log: () => disk.text,
    peers,
    replica,
    server,
  };
}

Deno.test({
  name: "HerdServer serves clients, and answers queries about their reports",
  permissions: "none",
  async fn() {
    const { clients, clock, server } = createServer();
    await server.link();
    const client = clients.connect();
    client.sendText("IAMAT kiwi +1+2 1520024734\nWHATSAT kiwi 1 1\n");
    await drainMicrotasks();
    const at = "AT Hill +0.000000000 kiwi +1+2 1520024734";
    assertEquals(client.takeAll(), `${at}\n${at}\n{}\n\n`);
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "HerdServer expires reports as its limits say",
  permissions: "none",
  async fn() {
    const limits = { maxClients: 2, clientTtlSeconds: 60 };
    const { clients, clock, server } = createServer(limits);
    const client = clients.connect();
    const request = async (line: string) => {
      client.sendText(`${line}\n`);
      await drainMicrotasks();
      return client.takeAll().split("\n")[0];
    };
    for (const id of ["kiwi", "pear", "plum"]) {
      const at = await request(`IAMAT ${id} +1+2 1520024734`);
      assertStringIncludes(at, ` ${id} +1+2 1520024734`);
      await clock.advance(1_000);
    }
    assertEquals(await request("WHATSAT kiwi 1 0"), "? WHATSAT kiwi 1 0");
    assertStringIncludes(await request("WHATSAT pear 1 0"), "AT Hill ");
    await clock.advance(58_500);
    assertEquals(await request("WHATSAT pear 1 0"), "? WHATSAT pear 1 0");
    assertStringIncludes(await request("WHATSAT plum 1 0"), "AT Hill ");
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "HerdServer skips clients that disconnected before it accepted them",
  permissions: "none",
  async fn() {
    const { clients, clock, log, server } = createServer();
    for (let count = 0; count < 30; count++) {
      clients.bring(new Deno.errors.NotConnected("gone"));
    }
    const client = clients.connect();
    client.sendText("hello\n");
    // No time passes.
    await drainMicrotasks();
    assertEquals(client.takeAll(), "? hello\n");
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
    assertEquals(log().includes("accept-failed"), false);
  },
});

Deno.test({
  name: "HerdServer waits when it has no file descriptors, and then continues",
  permissions: "none",
  async fn() {
    const { clients, clock, log, server } = createServer();
    for (let count = 0; count < 3; count++) {
      clients.bring(new Error("Too many open files (os error 24)"));
    }
    const client = clients.connect();
    client.sendText("hello\n");
    await drainMicrotasks();
    assertEquals(client.takeAll(), "");
    await clock.advance(1_000);
    assertEquals(client.takeAll(), "? hello\n");
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
    // Logged once, not three times.
    assertEquals(log().split("accept-failed").length, 2);
    assertEquals([...server.limitHits], [["descriptors", 3]]);
    assertStringIncludes(log(), "Too many open files");
  },
});

Deno.test({
  name: "HerdServer frees descriptors when it has none, without a delay",
  permissions: "none",
  async fn() {
    let reserved = 2;
    const users: DescriptorUser[] = [];
    const { clients, clock, log, server } = createServer({
      descriptors: {
        add: (user) => users.push(user),
        relieve() {
          for (const user of users) user.onShortage();
          reserved -= 1;
          return reserved >= 0;
        },
        close() {
          users.length = 0;
          return Promise.resolve();
        },
      },
    });
    const first = clients.connect();
    clients.bring(new Error("Too many open files (os error 24)"));
    clients.bring(new Error("Too many open files (os error 24)"));
    const others = Array.from(
      { length: minConnections },
      () => clients.connect(),
    );
    first.sendText("hello\n");
    // No time passes.
    await drainMicrotasks();
    assertEquals(first.takeAll(), "? hello\n");
    assertEquals(others.pop()!.other.isClosed, true);
    assertEquals(others.some(({ other }) => other.isClosed), false);
    assertEquals(server.status().connections, {
      open: minConnections,
      limit: minConnections,
      accepted: minConnections,
    });
    clients.bring(new Error("Too many open files (os error 24)"));
    await clock.advance(1_000);
    assertEquals(server.limitHits.get("descriptors"), 3);
    users[0].onRecovery();
    const { maxConnections } = defaultClientLimits;
    assertEquals(server.status().connections.limit, maxConnections);
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
    assertEquals(users, []);
    assertEquals(log().split("connection-limit-lowered").length, 2);
    assertEquals(log().includes("accept-failed"), false);
  },
});

Deno.test({
  name: "HerdServer is not ready while its log cannot be written",
  permissions: "none",
  async fn() {
    let closings = 0;
    const { clients, clock, disk, server } = createServer({
      createReplica: () => new MemoryReplica(),
      descriptors: {
        add() {},
        relieve: () => false,
        close() {
          closings += 1;
          return Promise.resolve();
        },
      },
    });
    await server.link();
    assertEquals(server.status().notReady, null);
    disk.hang();
    const client = clients.connect();
    client.sendText("hello\n");
    await clock.advance(4_000);
    assert(server.status().log.operationSeconds > 3);
    await clock.advance(2_000);
    assertEquals(server.status().notReady, "its log cannot be written");
    assertEquals(
      server.status().log.fault,
      "writing to Hill.log has taken more than 5 s",
    );
    assertEquals(
      server.limitHits.get("log-operation-seconds"),
      1,
    );
    // Clients are answered, and it stops as always.
    client.sendText("hello\n".repeat(1_000));
    await clock.advance(1_000);
    assertEquals(client.takeAll(), "? hello\n".repeat(1_001));
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
    // The descriptors are files too, and closing one could hang.
    assertEquals(closings, 0);
    disk.resume();
    await drainMicrotasks();
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "HerdServer stops within its deadline when its disk begins to hang",
  permissions: "none",
  async fn() {
    const { clients, clock, disk, server } = createServer();
    disk.hang();
    const client = clients.connect();
    client.sendText("hello\n");
    await clock.advance(1_000);
    let isStopped = false;
    server.stop().then(() => isStopped = true);
    await clock.advance(4_900);
    assertEquals(isStopped, true);
    assertEquals(clock.timers, 0);
    disk.resume();
  },
});

Deno.test({
  name: "HerdServer notices within seconds that its log file was removed",
  permissions: "none",
  async fn() {
    const { clock, disk, log, server } = createServer();
    disk.detachment = "removed";
    await clock.advance(3_000);
    assertStringIncludes(
      log(),
      'log-reopened file="Hill.log" reason="removed"',
    );
    assertEquals(server.status().log.reopenings, 1);
    assertEquals(server.status().log.fault, null);
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
    assertEquals(clock.timers, 0);
  },
});

Deno.test({
  name: "HerdServer continues to serve while its log cannot be written",
  permissions: "none",
  async fn() {
    const { clients, clock, disk, log, server } = createServer();
    disk.roomBytes = 0;
    const client = clients.connect();
    const replies = [];
    for (let second = 0; second < 3; second++) {
      client.sendText("hello\n");
      await clock.advance(1_000);
      replies.push(client.takeAll());
    }
    assertEquals(replies, ["? hello\n", "? hello\n", "? hello\n"]);
    assertEquals(server.failure, undefined);
    disk.roomBytes = Infinity;
    await clock.advance(1_000);
    // Three lines received, three sent, and the event of the connection.
    assertStringIncludes(log(), "log-incomplete lostLines=7 ");
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
  },
});

Deno.test({
  name: "HerdServer stops when its log cannot be written, if set to",
  permissions: "none",
  async fn() {
    const topology = parseTopology({
      servers: [{ name: "Hill" }, { name: "Smith" }],
      links: [["Hill", "Smith"]],
    });
    let dials = 0;
    const { clients, clock, disk, server } = createServer({
      onLogFailure: "stop",
      topology,
      connect: () => Promise.reject(new Error(`dial ${++dials}`)),
    });
    const client = clients.connect();
    client.sendText("hello\n");
    await clock.advance(1_000);
    let reason: string | undefined;
    server.stopping.then((text) => reason = text);
    await drainMicrotasks();
    assertEquals([reason, server.failure], [undefined, undefined]);
    disk.roomBytes = 0;
    client.sendText("hello\n");
    await clock.advance(1_000);
    assertEquals(reason, "the log cannot be written");
    assertEquals(server.failure?.message, "no space left on device");
    // The requests are answered before the connection ends.
    assertEquals(client.takeAll(), "? hello\n? hello\n");
    await clock.advance(5_000);
    await server.stop();
    assertEquals(clock.timers, 0);
    // A server that has stopped does not dial.
    await server.link();
    assertEquals(dials, 0);
  },
});

Deno.test({
  name: "recordStart() rejects if the first record cannot be written",
  permissions: "none",
  async fn() {
    const { clock, disk, log, server } = createServer();
    await server.recordStart();
    assertStringIncludes(log(), " started ");
    disk.roomBytes = 10;
    await assertRejects(
      () => server.recordStart(),
      Error,
      "no space left on device",
    );
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
  },
});

Deno.test({
  name: "recordCrash() writes the reason to the log before it returns",
  permissions: "none",
  async fn() {
    const { clock, log, server } = createServer();
    server.recordCrash("Error: an unexpected error");
    assertStringIncludes(log(), 'crashed reason="Error: an unexpected error"');
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
  },
});

Deno.test({
  name: "HerdServer has a status, and calls observers of events and reports",
  permissions: "none",
  async fn() {
    const { clients, clock, server } = createServer();
    await server.link();
    const events: string[] = [];
    const reports: string[] = [];
    const stopEvents = server.observeEvents(({ event, time, uptimeSeconds }) =>
      events.push(`${time} ${uptimeSeconds} ${event}`)
    );
    const stopReports = [0, 1].map((observer) =>
      server.observeReports(({ client }) =>
        reports.push(`${observer} ${client}`)
      )
    );
    await clock.advance(1_500);
    const client = clients.connect();
    client.sendText("IAMAT kiwi +1+2 1520024734\nWHATSAT kiwi 1 1\n?\n");
    await drainMicrotasks();
    assertEquals(reports, ["0 kiwi", "1 kiwi"]);
    assertEquals(events, ["1520024735.5 1.5 connected"]);
    stopReports[0]();
    client.sendText("IAMAT plum +1+2 1520024734\n");
    await drainMicrotasks();
    assertEquals(reports.slice(2), ["1 plum"]);
    stopReports[1]();
    stopEvents();
    const status = server.status();
    assertEquals(status.name, "Hill");
    assertEquals(status.startedAt, 1520024734);
    assertEquals(status.uptimeSeconds, 1.5);
    const { lines } = serverFacts.initial;
    const limit = defaultClientLimits.maxConnections;
    assertEquals(status.lines, { ...lines, iamat: 2, whatsat: 1, invalid: 1 });
    assertEquals(status.clients, 2);
    assertEquals(status.connections, { open: 1, limit, accepted: 1 });
    assertEquals(status.reports, {
      newer: 2,
      known: 0,
      repeated: 0,
      ahead: 0,
      forgotten: 0,
      deleted: 0,
      apart: 0,
    });
    assertEquals(status.whatsatSeconds.count, 1);
    assertEquals(status.log.fault, null);
    assert(status.log.lagBytes > 0, "nothing was written yet");
    assertEquals(status.isStopping, false);
    const stopped = server.stop();
    assertEquals(server.status().isStopping, true);
    clock.setBy(20_440 * 86_400);
    assertEquals(server.status().uptimeSeconds, 1.5);
    assertEquals(server.status().startedAt, 1520024734 + 20_440 * 86_400);
    await clock.advance(5_000);
    await stopped;
    assertEquals(server.status().log.lagBytes, 0);
    assertEquals(server.status().connections, { open: 0, limit, accepted: 1 });
    assertEquals([events.length, reports.length], [1, 3]);
  },
});

Deno.test({
  name: "HerdServer works with an asynchronous replica that has no port",
  permissions: "none",
  async fn() {
    const { clients, clock, log, server } = createServer({
      createReplica: (clock) =>
        new LateReplica({ clock, random: new Random(1) }),
    });
    assertEquals(server.status().notReady, "it has not started yet");
    const linked = server.link();
    await clock.advance(maxLateMs);
    await linked;
    assertEquals(server.status().notReady, null);
    const client = clients.connect();
    client.sendText("IAMAT kiwi +1+2 1520024734\nWHATSAT kiwi 1 1\n");
    await drainMicrotasks();
    assertEquals(client.takeAll(), "");
    await clock.advance(2 * maxLateMs);
    const at = "AT Hill +0.020000000 kiwi +1+2 1520024734";
    assertEquals(client.takeAll(), `${at}\n${at}\n{}\n\n`);
    const page = server.select("*", 10);
    const found = server.find("kiwi");
    await clock.advance(maxLateMs);
    assertEquals(await page, {
      lines: [at],
      attributes: [""],
      next: undefined,
    });
    assertEquals(await found, at);
    const { clients: known, links, peerPort, reports } = server.status();
    assertEquals([known, links, peerPort, reports.newer], [1, [], "none", 1]);
    assertEquals([server.linkedNeighbours, server.peerAddress], [
      [],
      undefined,
    ]);
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
    assertEquals(clock.timers, 0);
    assertEquals(log().includes("replica failed"), false);
  },
});

Deno.test({
  name: "HerdServer logs the failure of a replica",
  permissions: "none",
  async fn() {
    const { clients, clock, log, server } = createServer({
      createReplica: (clock) =>
        new LateReplica({ clock, random: new Random(1), failures: 1 }),
    });
    const client = clients.connect();
    client.sendText("IAMAT kiwi +1+2 1520024734\n");
    await clock.advance(maxLateMs);
    assertEquals(client.takeAll(), "");
    assertEquals(client.other.isClosed, true);
    const stopped = server.stop();
    await clock.advance(5_000);
    await stopped;
    assertStringIncludes(
      log(),
      'client/1 -- debug closed reason="replica failed" ' +
        'detail="the report was not stored"',
    );
  },
});

Deno.test({
  name: "HerdServer accepts no neighbour while it answers its last clients",
  permissions: "none",
  async fn() {
    const { clients, clock, log, peers, server } = createServer();
    await server.link();
    const client = clients.connect();
    await drainMicrotasks();
    let isStopped = false;
    const stopped = server.stop().then(() => isStopped = true);
    await drainMicrotasks();
    assertEquals([peers.isClosed, isStopped], [true, false]);
    await client.closeWrite();
    await clock.advance(5_000);
    await stopped;
    assertStringIncludes(log(), " stopped");
  },
});
