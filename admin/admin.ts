/**
 * The administration ports of the servers of one process. They are opened before
 * the servers start, so that a taken port is found early. They show the servers
 * after `attach`, and are closed after the servers.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };
import { type Clock, PastMoment, secondsOf } from "../runtime/clock.ts";
import type { ByteString } from "../protocol/bytes.ts";
import type { Found } from "../replica/replica.ts";
import type { HttpPort, ServeHttp } from "../runtime/network.ts";
import {
  type AgedSummary,
  type HerdPlan,
  type HerdStatus,
  statusVersion,
} from "../server/status/status.ts";
import type { TrustedProxies } from "../runtime/forwarded.ts";
import { EventStream } from "./event_stream.ts";
import type { Gate } from "./gate.ts";
import { HistoryAnswers } from "./history.ts";
import { maxSearches } from "./limits.ts";
import { formatMetrics } from "./metrics.ts";
import type { ObservedServer } from "./observed_server.ts";
import { pageFiles } from "./page.ts";
import { answer, type PortRules, type SiteOptions } from "./site.ts";
import { escapeWhole, findShown } from "./whole_id.ts";
import { WorkQueue } from "./work_queue.ts";

/** The address of a server's administration port. */
export interface AdminAddress {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
}

export interface AdminOptions {
  readonly addresses: readonly AdminAddress[];
  /** Accepted hosts of the Host header, besides loopback ones. */
  readonly names: readonly string[];
  /** The proxies whose headers count. */
  readonly proxies?: TrustedProxies;
  /** Check tokens, by the name of the server; undefined if none are required. */
  readonly gates?: ReadonlyMap<string, Gate>;
  /** Whether the ports speak TLS. */
  readonly isEncrypted?: boolean;
  readonly serveHttp: ServeHttp;
  readonly clock: Clock;
  readonly process: ProcessReader;
}

/** Reads facts about the process from the system. */
export interface ProcessReader {
  /** Resident memory, in bytes. */
  readonly memoryBytes: () => number;
  /** Processor time used, in seconds. */
  readonly cpuSeconds: () => number;
}

export class Admin implements AsyncDisposable {
  readonly #options: AdminOptions;
  readonly #ports: HttpPort[] = [];
  readonly #sites = new Map<string, SiteOptions>();
  readonly #start: PastMoment;
  readonly #work: WorkQueue;
  readonly #historyAnswers = new HistoryAnswers();
  #searches = 0;
  readonly #servers = new Map<string, ObservedServer>();

  /**
   * Opens the ports. Until `attach` they answer that the server is starting.
   *
   * @throws {SetupError} If a port is taken. No port is open then.
   */
  static open(options: AdminOptions): Admin {
    const admin = new Admin(options);
    try {
      for (const address of options.addresses) admin.#open(address);
    } catch (error) {
      admin.close();
      throw error;
    }
    return admin;
  }

  private constructor(options: AdminOptions) {
    this.#options = options;
    this.#start = new PastMoment(options.clock);
    this.#work = new WorkQueue(options.clock);
  }

  /** Begins to show these servers, each at its own port. */
  attach(servers: readonly ObservedServer[], herd: HerdPlan): void {
    for (const self of servers) {
      this.#servers.set(self.name, self);
      this.#sites.set(self.name, this.#createSite(self, servers, herd));
    }
  }

  /** Ends all requests and closes the ports. May be called again. */
  async close(): Promise<void> {
    for (const { events } of this.#sites.values()) events.close();
    this.#sites.clear();
    await Promise.all(this.#ports.splice(0).map((port) => port.close()));
    this.#work.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open({ hostname, name, port }: AdminAddress): void {
    const { gates, isEncrypted, names, proxies, serveHttp } = this.#options;
    const rules: PortRules = {
      names,
      proxies,
      gate: gates?.get(name),
      isEncrypted,
      onForwarded: () => this.#servers.get(name)?.countRefusal("forwarded"),
    };
    this.#ports.push(
      serveHttp(
        hostname,
        port,
        async (request, remote) => {
          await this.#work.next();
          return await answer(request, rules, this.#sites.get(name), remote);
        },
        (limit) => this.#servers.get(name)?.countLimit(limit),
      ),
    );
  }

  #createSite(
    self: ObservedServer,
    servers: readonly ObservedServer[],
    herd: HerdPlan,
  ): SiteOptions {
    const { clock, process } = this.#options;
    const describe = (server: ObservedServer) => ({
      ...server.status(),
      software: manifest.version,
      memoryBytes: process.memoryBytes(),
    });
    const status = (): HerdStatus => ({
      version: statusVersion,
      time: secondsOf(clock),
      self: self.name,
      herd,
      servers: servers.map(describe),
      summaries: summariesOf(self, servers),
    });
    const wholeOf = (id: ByteString) => escapeWhole(id, this.#work);
    return {
      files: pageFiles,
      find: (client) => self.find(client),
      forget: (client, until) => self.forget(client, until),
      findShown: (shown) => this.#search(self, shown),
      escapeWhole: wholeOf,
      status,
      self: () => self.status(),
      metrics: () =>
        formatMetrics(describe(self), {
          startedAt: this.#start.posixSeconds,
          cpuSeconds: process.cpuSeconds(),
        }),
      events: new EventStream({
        self,
        servers,
        status,
        clock,
        work: this.#work,
        onLimit: (limit) => self.countLimit(limit),
      }),
      history: {
        server: self.name,
        reader: self.history?.reader,
        now: () => clock.now(),
        nextPiece: () => this.#work.next(),
        escapeWhole: wholeOf,
        answers: this.#historyAnswers,
      },
      imports: {
        server: self.name,
        history: self.history,
        nextPiece: () => this.#work.next(),
      },
    };
  }

  /** Searches for the whole of a cut ID, if not many searches are under way. */
  async #search(server: ObservedServer, shown: string): Promise<Found> {
    if (this.#searches >= maxSearches) throw new Error("too many searches");
    this.#searches += 1;
    try {
      return await findShown(server, shown, this.#work);
    } finally {
      this.#searches -= 1;
    }
  }
}

/** The summaries of servers that are not in this process. */
function summariesOf(
  self: ObservedServer,
  servers: readonly ObservedServer[],
): readonly AgedSummary[] {
  const here = new Set(servers.map(({ name }) => name));
  return self.summaries().filter(({ name }) => !here.has(name));
}
