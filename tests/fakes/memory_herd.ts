/**
 * Herds in memory: real links and routers, with connections within the process
 * and a manual clock.
 *
 * @module
 */
import { Turns } from "../../runtime/turns.ts";
import {
  defaultLinkTimeoutMs,
  defaultMaxHalfOpenLinks,
} from "../../peers/limits.ts";
import { LinkManager } from "../../peers/links/link_manager.ts";
import {
  FloodRouter,
  type FloodRouterOptions,
} from "../../peers/replication/flood_router.ts";
import type { StoreLimits } from "../../peers/store/report_store.ts";
import { parseTopology, type Topology } from "../../peers/topology.ts";
import { addSeconds } from "../../protocol/time.ts";
import type { EventFields, EventLevel } from "../../runtime/events.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import { ManualClock } from "./manual_clock.ts";
import { PipeEnd } from "./pipe.ts";
import { createFakeProver } from "./prover.ts";
import { RecordingTrafficLog } from "./recording_traffic.ts";
import { timestampOf } from "./timestamp.ts";

/** A router without limits, unless a test sets some. */
export function openRouter(
  {
    catchUp = true,
    elapsedMs = () => 0,
    maxOutboxBytes,
    rebuiltReports,
    treeKey,
    ...limits
  }:
    & Partial<StoreLimits>
    & Partial<
      Pick<
        FloodRouterOptions,
        | "catchUp"
        | "elapsedMs"
        | "maxOutboxBytes"
        | "rebuiltReports"
        | "treeKey"
      >
    > = {},
): FloodRouter {
  return new FloodRouter({
    catchUp,
    maxOutboxBytes,
    rebuiltReports,
    treeKey,
    elapsedMs,
    limits: {
      maxClients: Infinity,
      maxTableBytes: Infinity,
      sourceShare: 1,
      clientTtlSeconds: undefined,
      // Behind all times of the tests.
      now: () => timestampOf(10 ** 12),
      ...limits,
    },
    recentReports: 1024,
  });
}

/** An event of a server in memory. */
export interface MemoryEvent {
  readonly level: EventLevel;
  readonly connection: string;
  readonly event: string;
  readonly fields: EventFields;
}

/** One server without its client port. */
export interface MemoryServer {
  readonly name: string;
  readonly router: FloodRouter;
  readonly linkManager: LinkManager;
  readonly counts: LimitCounts;
  /** How long reports from neighbours were under way, in seconds. */
  readonly durations: number[];
  /** Resolves when it has tried each neighbour once. */
  readonly started: Promise<void>;
  /** Its events, as `connection event reason`. */
  readonly events: string[];
  /** The same with their levels and fields. */
  readonly allEvents: MemoryEvent[];
  /** The traffic log of each connection, by name. */
  readonly traffic: Map<string, RecordingTrafficLog>;
}

/** A connection between two servers, by the names of dialler and acceptor. */
export interface MemoryConnection {
  readonly dialler: string;
  readonly acceptor: string;
  readonly ends: readonly [PipeEnd, PipeEnd];
}

/** Servers that can be started and stopped, and the network between them. */
export class MemoryHerd {
  readonly clock = new ManualClock();
  readonly topology: Topology;
  readonly servers = new Map<string, MemoryServer>();
  readonly connections: MemoryConnection[] = [];
  #incarnations = 0;
  #nonces = 0;

  /** @param links Pairs of names; every name in them is a server. */
  constructor(links: readonly (readonly [string, string])[]) {
    const names = [...new Set(links.flat())];
    this.topology = parseTopology({
      servers: names.map((name) => ({ name })),
      links,
    });
  }

  /** Skips nonces, so that the next ones differ from those of another herd. */
  skipNonces(count: number): void {
    this.#nonces += count;
  }

  /** Creates a server and starts dialling. */
  start(
    name: string,
    options: {
      catchUp?: boolean;
      secrets?: readonly string[];
      treeKey?: string;
      /** How far its clock is ahead; without this, its clock stands still. */
      aheadSeconds?: () => number;
    } = {},
  ): MemoryServer {
    const self = this.topology.servers.find((entry) => entry.name === name)!;
    const { aheadSeconds, ...routerOptions } = options;
    const clocks = aheadSeconds === undefined ? {} : {
      now: () => addSeconds(this.clock.now(), aheadSeconds()),
      elapsedMs: () => this.clock.elapsedMs(),
    };
    const router = openRouter({ ...routerOptions, ...clocks });
    const events: string[] = [];
    const allEvents: MemoryEvent[] = [];
    const traffic = new Map<string, RecordingTrafficLog>();
    this.#incarnations += 1;
    const counts = new LimitCounts(this.clock, () => {});
    const durations: number[] = [];
    const linkManager = new LinkManager({
      self,
      topology: this.topology,
      router,
      clock: this.clock,
      turns: new Turns(this.clock),
      counts,
      propagation: { add: (seconds) => durations.push(seconds) },
      maxHalfOpenLinks: defaultMaxHalfOpenLinks,
      incarnation: `run-${this.#incarnations}`,
      nonce: () => {
        this.#nonces += 1;
        return this.#nonces.toString(16).padStart(32, "0");
      },
      prove: createFakeProver(options.secrets ?? []),
      timeoutMs: defaultLinkTimeoutMs,
      connect: (neighbour) => this.#connect(name, neighbour.name),
      trafficLogFor: (connection) => {
        const recording = new RecordingTrafficLog();
        traffic.set(connection, recording);
        return recording;
      },
      emit: (level, connection, event, fields = {}) => {
        allEvents.push({ level, connection, event, fields });
        events.push(
          [connection, event, fields.reason].filter(Boolean).join(" "),
        );
      },
    });
    // Registered before it dials, so that neighbours can dial it.
    const starting = Promise.withResolvers<void>();
    const started = starting.promise;
    const server = {
      name,
      router,
      linkManager,
      counts,
      durations,
      started,
      events,
      allEvents,
      traffic,
    };
    this.servers.set(name, server);
    linkManager.start().then(starting.resolve);
    return server;
  }

  /**
   * Called with the far end of each connection to a server that was not
   * started, so that a test can play that server.
   */
  onDial: ((dialler: string, far: PipeEnd) => void) | undefined;

  /** Closes a server's connections and removes it, as SIGKILL would. */
  kill(name: string): void {
    const server = this.servers.get(name)!;
    this.servers.delete(name);
    for (const { acceptor, dialler, ends } of this.connections) {
      if (dialler === name && !ends[0].isClosed) ends[0].close();
      if (acceptor === name && !ends[1].isClosed) ends[1].close();
    }
    server.linkManager.stop();
  }

  /** Connects to a server from an unknown address. */
  dial(name: string, remote = "stranger:1"): PipeEnd {
    const [ours, theirs] = PipeEnd.pair();
    this.servers.get(name)!.linkManager.accept(theirs, remote);
    return ours;
  }

  async stop(): Promise<void> {
    const stops = [...this.servers.values()].map(({ linkManager }) =>
      linkManager.stop()
    );
    await this.clock.advance(10_000);
    await Promise.all(stops);
  }

  #connect(dialler: string, acceptor: string): Promise<PipeEnd> {
    const server = this.servers.get(acceptor);
    if (server === undefined && this.onDial !== undefined) {
      const [near, far] = PipeEnd.pair();
      this.onDial(dialler, far);
      return Promise.resolve(near);
    }
    if (server === undefined) {
      return Promise.reject(
        new Deno.errors.ConnectionRefused("Connection refused"),
      );
    }
    const ends = PipeEnd.pair();
    this.connections.push({ dialler, acceptor, ends });
    server.linkManager.accept(ends[1], `${dialler}:1`);
    return Promise.resolve(ends[0]);
  }
}
