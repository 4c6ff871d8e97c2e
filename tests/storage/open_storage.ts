/**
 * A replica and its storage in memory.
 *
 * @module
 */
import {
  defaultLinkTimeoutMs,
  defaultMaxHalfOpenLinks,
} from "../../peers/limits.ts";
import { FloodReplica } from "../../peers/flood_replica.ts";
import { ServerNames } from "../../peers/server_names.ts";
import { parseTopology } from "../../peers/topology.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { EventFields } from "../../runtime/events.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { Turns, Workload } from "../../runtime/turns.ts";
import { recover, type Recovered } from "../../storage/recovery.ts";
import { Storage } from "../../storage/storage.ts";
import { FakeListener } from "../fakes/listener.ts";
import type { ManualClock } from "../fakes/manual_clock.ts";
import { createFakeProver } from "../fakes/prover.ts";
import { RecordingTrafficLog } from "../fakes/recording_traffic.ts";
import type { MemoryFolder } from "./memory_folder.ts";

const topology = parseTopology({
  servers: [{ name: "Hill" }, { name: "Smith" }],
  links: [],
});

/** The deletion period of these servers, in seconds. */
export const forgetSeconds = 30 * 86_400;

/** Settings of a test's storage. */
export interface TestSettings {
  readonly server?: "Hill" | "Smith";
  readonly syncMs?: number;
  readonly minTailBytes?: number;
  readonly maxClients?: number;
}

/** A server's replica without links. */
export function openReplica(
  clock: Clock,
  server: "Hill" | "Smith" = "Hill",
  maxClients = 100_000,
): FloodReplica {
  const counts = new LimitCounts(clock, () => {});
  return new FloodReplica({
    self: topology.servers.find(({ name }) => name === server)!,
    topology,
    catchUp: true,
    limits: {
      maxClients,
      maxTableBytes: 2 ** 30,
      sourceShare: 1,
      clientTtlSeconds: undefined,
      forgetSeconds,
      now: () => clock.now(),
    },
    clock,
    turns: new Turns(clock),
    counts,
    propagation: { add: () => {} },
    maxHalfOpenLinks: defaultMaxHalfOpenLinks,
    incarnation: "one",
    nonce: () => "0".repeat(32),
    prove: createFakeProver([]),
    timeoutMs: defaultLinkTimeoutMs,
    connect: () => Promise.reject(new Error("refused")),
    trafficLogFor: () => new RecordingTrafficLog(),
    emit: () => {},
    peers: new FakeListener(),
  });
}

/** An event, as text. */
function textOf(event: string, fields: EventFields): string {
  const texts = Object.entries(fields).map(([name, value]) =>
    ` ${name}=${value}`
  );
  return event + texts.join("");
}

/** Restores a folder's records, and keeps the new ones in it. */
export async function openStorage(
  clock: ManualClock,
  folder: MemoryFolder,
  { maxClients, minTailBytes, server = "Hill", syncMs = 1_000 }: TestSettings =
    {},
) {
  const replica = openReplica(clock, server, maxClients);
  const events: string[] = [];
  const context = {
    folder,
    server,
    records: replica.records,
    clock,
    turns: new Turns(clock),
    workload: new Workload(),
    emit: (_level: string, _from: string, event: string, fields = {}) => {
      events.push(textOf(event, fields));
    },
    syncMs,
    minTailBytes,
    forgetSeconds,
    findServer: new ServerNames(["Hill", "Smith"]).find,
    nowSeconds: () => clock.now().seconds,
  };
  const recovered: Recovered = await recover(context);
  const storage = new Storage(context, recovered);
  await storage.start(recovered);
  return { replica, storage, events, recovered };
}
