import { Turns } from "../../runtime/turns.ts";
import { LogWriter } from "../../log/log_writer.ts";
import { FloodReplica } from "../../peers/flood_replica.ts";
import type { ConnectToNeighbour } from "../../peers/links/dialer.ts";
import type { StoreLimits } from "../../peers/store/report_store.ts";
import { parseTopology, type Topology } from "../../peers/topology.ts";
import type { PlacesProvider } from "../../places/provider.ts";
import type { Replica } from "../../replica/replica.ts";
import { secondsOf } from "../../runtime/clock.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { Random } from "../../runtime/random.ts";
import {
  HerdServer,
  type HerdServerOptions,
} from "../../server/herd_server.ts";
import { ServerEvents } from "../../server/server_events.ts";
import { DurationCounter } from "../../server/status/distribution.ts";
import { serverFacts } from "../../server/status/fields.ts";
import { defaultClientLimits } from "../../sessions/limits.ts";
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
import { createFakeProver } from "../fakes/prover.ts";

/** Options of a test's server. */
interface TestServerOptions extends
  Partial<
    Pick<HerdServerOptions, "onLogFailure"> & Pick<StoreLimits, "maxClients">
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
      nowSeconds: () => secondsOf(clock),
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
    const stopEvents = server.observeEvents(({ event, time }) =>
      events.push(`${time} ${event}`)
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
    assertEquals(events, ["1520024735.5 connected"]);
    stopReports[0]();
    client.sendText("IAMAT plum +1+2 1520024734\n");
    await drainMicrotasks();
    assertEquals(reports.slice(2), ["1 plum"]);
    stopReports[1]();
    stopEvents();
    const status = server.status();
    assertEquals(status.name, "Hill");
    assertEquals(status.startedAt, 1520024734);
    const { connections, lines } = serverFacts.initial;
    assertEquals(status.lines, { ...lines, iamat: 2, whatsat: 1, invalid: 1 });
    assertEquals(status.clients, 2);
    assertEquals(status.connections, { ...connections, open: 1, accepted: 1 });
    assertEquals(status.reports, { newer: 2, known: 0, forgotten: 0 });
    assertEquals(status.whatsatSeconds.count, 1);
    assertEquals(status.log.fault, null);
    assert(status.log.lagBytes > 0, "nothing was written yet");
    assertEquals(status.isStopping, false);
    const stopped = server.stop();
    assertEquals(server.status().isStopping, true);
    await clock.advance(5_000);
    await stopped;
    assertEquals(server.status().log.lagBytes, 0);
    assertEquals(server.status().connections, { ...connections, accepted: 1 });
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
    assertEquals(await page, { lines: [at], next: undefined });
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
