/**
 * The administration ports of the servers of one process: opened before the
 * servers, so that a port that is taken shows at once; filled with life when
 * they are there; closed behind them.
 *
 * @module
 */
import manifest from "../deno.json" with { type: "json" };
import { type Clock, secondsOf } from "../runtime/clock.ts";
import type { HttpPort, ServeHttp } from "../runtime/network.ts";
import {
  type HerdPlan,
  type HerdStatus,
  statusVersion,
} from "../server/status/status.ts";
import { EventStream } from "./event_stream.ts";
import { formatMetrics } from "./metrics.ts";
import type { ObservedServer } from "./observed_server.ts";
import { pageFiles } from "./page.ts";
import { answer, type SiteOptions } from "./site.ts";

/** Where a server's administration port is to be. */
export interface AdminAddress {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
}

/** What the ports need. */
export interface AdminOptions {
  readonly addresses: readonly AdminAddress[];
  /** Names by which they may be asked for, besides the loopback ones. */
  readonly names: readonly string[];
  readonly serveHttp: ServeHttp;
  readonly clock: Clock;
  readonly process: ProcessReader;
}

/** What the system says about the process. */
export interface ProcessReader {
  /** Resident memory, in bytes. */
  readonly memoryBytes: () => number;
  /** Processor time used, in seconds. */
  readonly cpuSeconds: () => number;
}

/** The administration ports of one process. */
export class Admin implements AsyncDisposable {
  readonly #options: AdminOptions;
  readonly #ports: HttpPort[] = [];
  readonly #sites = new Map<string, SiteOptions>();
  readonly #startedAt: number;

  /**
   * Opens the ports. They say that the servers are starting until `attach`.
   *
   * @throws {SetupError} If a port is taken. None of them is open then.
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
    this.#startedAt = secondsOf(options.clock);
  }

  /** Shows these servers from now on, each at its own port. */
  attach(servers: readonly ObservedServer[], herd: HerdPlan): void {
    for (const self of servers) {
      this.#sites.set(self.name, this.#createSite(self, servers, herd));
    }
  }

  /** Ends all requests and closes the ports. Safe to call twice. */
  async close(): Promise<void> {
    for (const { events } of this.#sites.values()) events.close();
    this.#sites.clear();
    await Promise.all(this.#ports.splice(0).map((port) => port.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #open({ hostname, name, port }: AdminAddress): void {
    const { names, serveHttp } = this.#options;
    this.#ports.push(
      serveHttp(
        hostname,
        port,
        (request) => answer(request, names, this.#sites.get(name)),
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
    });
    return {
      files: pageFiles,
      map: loadMap,
      find: (client) => self.find(client),
      status,
      self: () => self.status(),
      metrics: () =>
        formatMetrics(describe(self), {
          startedAt: this.#startedAt,
          cpuSeconds: process.cpuSeconds(),
        }),
      events: new EventStream({ self, servers, status, clock }),
    };
  }
}

/** What the map is drawn from: loaded when the first page asks for it. */
async function loadMap(): Promise<string> {
  return (await import("./map.ts")).createMap();
}
