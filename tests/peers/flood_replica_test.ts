import { Turns } from "../../runtime/turns.ts";
import {
  defaultLinkTimeoutMs,
  defaultMaxHalfOpenLinks,
} from "../../peers/limits.ts";
import { FloodReplica } from "../../peers/flood_replica.ts";
import { parseTopology } from "../../peers/topology.ts";
import { Settling } from "../../replica/settling.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { assert, assertEquals } from "../assert.ts";
import { FakeListener } from "../fakes/listener.ts";
import { drainMicrotasks, ManualClock } from "../fakes/manual_clock.ts";
import { PipeEnd } from "../fakes/pipe.ts";
import { createFakeProver } from "../fakes/prover.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import { timestampOf } from "../fakes/timestamp.ts";
import { reportOf } from "./reports.ts";

const gone = Promise.resolve();

/** Creates the replicas of two neighbours, Hill and Smith. */
function openPair() {
  const clock = new ManualClock();
  const topology = parseTopology({
    servers: [{ name: "Hill" }, { name: "Smith" }],
    links: [["Hill", "Smith"]],
  });
  const ports = new Map(
    topology.servers.map(({ name }) => [name, new FakeListener()]),
  );
  /** The dialer's end of each connection. */
  const connections: PipeEnd[] = [];
  let nonces = 0;
  const [hill, smith] = topology.servers.map((self) =>
    new FloodReplica({
      self,
      topology,
      catchUp: true,
      limits: {
        maxClients: 100,
        maxTableBytes: Infinity,
        sourceShare: 1,
        clientTtlSeconds: undefined,
        // The times of the reports are small.
        forgetSeconds: 10 ** 10,
        now: () => clock.now(),
      },
      clock,
      turns: new Turns(clock),
      counts: new LimitCounts(clock, () => {}),
      propagation: { add: () => {} },
      maxHalfOpenLinks: defaultMaxHalfOpenLinks,
      incarnation: `run-of-${self.name}`,
      nonce: () => (nonces += 1).toString(16).padStart(32, "0"),
      prove: createFakeProver([]),
      timeoutMs: defaultLinkTimeoutMs,
      connect: ({ name }) => {
        const [near, far] = PipeEnd.pair();
        if (ports.get(name)!.isClosed) {
          return Promise.reject(new Error("refused"));
        }
        ports.get(name)!.bring({ transport: far, address: "::1", port: 9 });
        connections.push(near);
        return Promise.resolve(near);
      },
      trafficLogFor: () => new RecordingTrafficLog(),
      emit: () => {},
      peers: ports.get(self.name)!,
    })
  );
  return {
    clock,
    connections,
    hill,
    smith,
    ports,
    async start() {
      await Promise.all([hill.start(), smith.start()]);
      await drainMicrotasks();
    },
    async stop() {
      const stopped = [hill, smith].map((replica) => replica.stop(gone));
      await clock.advance(10_000);
      await Promise.all(stopped);
      assertEquals(clock.timers, 0);
    },
  };
}

Deno.test({
  name: "FloodReplica settles when the neighbour's socket has the report",
  permissions: "none",
  async fn() {
    const { connections, hill, smith, start, stop } = openPair();
    await start();
    for (const end of connections) {
      end.freeze();
      end.other.freeze();
    }
    const settling = new Settling();
    hill.put(reportOf("kiwi", 1), settling);
    assertEquals(hill.find("kiwi"), reportOf("kiwi", 1).line);
    hill.flush(settling);
    await drainMicrotasks();
    assert(settling.settled() !== undefined);
    for (const end of connections) {
      end.thaw();
      end.other.thaw();
    }
    await settling.settled();
    await drainMicrotasks();
    assertEquals(smith.find("kiwi"), reportOf("kiwi", 1).line);
    await stop();
  },
});

Deno.test({
  name: "FloodReplica has nothing to settle without a linked neighbour",
  permissions: "none",
  fn() {
    const { hill } = openPair();
    const settling = new Settling();
    hill.put(reportOf("kiwi", 1), settling);
    hill.flush(settling);
    assertEquals(settling.settled(), undefined);
    assertEquals(hill.find("kiwi"), reportOf("kiwi", 1).line);
    assertEquals(hill.find("pear"), undefined);
  },
});

Deno.test({
  name: "FloodReplica is ready when its neighbour is linked",
  permissions: "none",
  async fn() {
    const { hill, start, stop } = openPair();
    assertEquals(hill.ready, false);
    assertEquals(hill.fault, "it has not dialled its neighbours yet");
    await start();
    assertEquals([hill.ready, hill.fault], [true, undefined]);
    const settling = new Settling();
    for (const time of [2, 1]) hill.put(reportOf("kiwi", time), settling);
    const { clients, links: [link], reports } = hill.status();
    assertEquals(clients, 1);
    assertEquals(reports, {
      newer: 1,
      known: 1,
      repeated: 0,
      ahead: 0,
      forgotten: 0,
      deleted: 0,
      apart: 0,
    });
    assertEquals(
      [link.neighbour, link.isUp, link.isCaughtUp, link.losses],
      ["Smith", true, true, 0],
    );
    assertEquals(hill.port, { address: "127.0.0.1:8000", isEncrypted: false });
    await stop();
  },
});

Deno.test({
  name:
    "FloodReplica floods loaded reports and deletions, and notifies observers",
  permissions: "none",
  async fn() {
    const { hill, smith, start, stop } = openPair();
    await start();
    const observed: string[] = [];
    const stopObserving = smith.observe(({ client }) => observed.push(client));
    hill.load(["kiwi", "pear"].map((client) => reportOf(client, 5)));
    await drainMicrotasks();
    assertEquals(observed, ["kiwi", "pear"]);
    stopObserving();
    hill.load([reportOf("plum", 5)]);
    await drainMicrotasks();
    assertEquals(observed.length, 2);
    const removed = (time: number, client: string) =>
      smith.forget(client, timestampOf(time));
    assertEquals(removed(4, "kiwi"), {
      until: timestampOf(4),
      removed: undefined,
    });
    const { line } = reportOf("pear", 5);
    assertEquals(removed(5, "pear"), { until: timestampOf(5), removed: line });
    // It is deleted already.
    assertEquals(removed(4.5, "pear"), {
      until: timestampOf(4.5),
      removed: undefined,
    });
    assertEquals(smith.status().deletions, 2);
    await drainMicrotasks();
    for (const replica of [smith, hill]) {
      assertEquals(replica.select("*", 9).lines.length, 2);
      assertEquals(replica.select("p*", 9), {
        lines: [reportOf("plum", 5).line],
        attributes: [""],
        next: undefined,
      });
    }
    await stop();
  },
});

Deno.test({
  name:
    "FloodReplica closes its port at once, and its links after the last client",
  permissions: "none",
  async fn() {
    const { clock, hill, ports, smith, start } = openPair();
    await start();
    const clients = Promise.withResolvers<void>();
    let isStopped = false;
    const stopped = hill.stop(clients.promise).then(() => isStopped = true);
    await clock.advance(10_000);
    assertEquals([ports.get("Hill")!.isClosed, isStopped], [true, false]);
    // Until then, reports of clients are still flooded.
    const settling = new Settling();
    hill.put(reportOf("kiwi", 1), settling);
    hill.flush(settling);
    await settling.settled();
    clients.resolve();
    const smithStopped = smith.stop(gone);
    await clock.advance(10_000);
    await Promise.all([stopped, smithStopped]);
    assertEquals(smith.find("kiwi"), reportOf("kiwi", 1).line);
    assertEquals(clock.timers, 0);
  },
});
