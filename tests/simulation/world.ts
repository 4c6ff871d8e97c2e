/**
 * Runs the plan of a simulated herd: its servers on a virtual network, its
 * clients' reports, and its faults.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { Random } from "../../runtime/random.ts";
import { MemoryFolder } from "../storage/memory_folder.ts";
import { countPairs, Coverage } from "./coverage.ts";
import type { Violation } from "./crossings.ts";
import { WorldDeletions } from "./deletions.ts";
import { FolderWatch } from "./folders.ts";
import {
  countClock,
  countDeletion,
  countEvent,
  countFault,
  countReport,
  countRestart,
  countThaw,
  countTime,
  observeEffect,
} from "./herd_coverage.ts";
import { mayBeLost } from "./invariants.ts";
import {
  type Fault,
  type Plan,
  type PlannedClock,
  type PlannedDeletion,
  type PlannedReport,
  type PlannedServer,
  type PlannedStop,
  type StopKind,
  topologyOf,
} from "./plan.ts";
import type { ServerFolder, ServerOptions } from "./server_options.ts";
import { SimulatedServer } from "./simulated_server.ts";
import { VirtualTime } from "./virtual_clock.ts";
import type { VirtualHost } from "./virtual_host.ts";
import { VirtualNetwork } from "./virtual_network.ts";

/** All links are up at most this long after the last server's start. */
const settleMs = 4_500;

/** The data folder of a host. */
interface HostFolder {
  folder: MemoryFolder;
  readonly watch: FolderWatch;
  /** Whether the present process has read it. */
  isRestored: boolean;
}

/** A running simulation. */
export class World {
  readonly time = new VirtualTime();
  readonly network: VirtualNetwork;
  readonly plan: Plan;
  readonly violations: Violation[] = [];
  /** The servers that run or are frozen, by name. */
  readonly servers = new Map<string, SimulatedServer>();
  /** The record of every report that a server has accepted from a client. */
  readonly reports = new Set<ByteString>();
  /** What servers were asked to forget. */
  readonly deletions = new WorldDeletions();
  readonly coverage = new Coverage();
  /** Records that data folders had when all servers were stopped. */
  readonly kept: ByteString[] = [];
  /** How many links went down. */
  linksLost = 0;
  readonly #random: Random;
  readonly #hosts = new Map<string, VirtualHost>();
  /** The data folders, by server. */
  readonly #folders = new Map<string, HostFolder>();
  readonly #options: ServerOptions;
  /** When all servers have started and all links should be up. */
  readonly #settledMs: number;
  #isHealed = false;

  /** @param onEvent Receives a description of each event. */
  constructor(plan: Plan, onEvent: (text: string) => void = () => {}) {
    this.plan = plan;
    this.#random = new Random(plan.seed);
    this.network = new VirtualNetwork(this.time, this.#random.fork(), plan);
    this.#options = {
      ...plan,
      topology: topologyOf(plan),
      coverage: this.coverage,
      onServerEvent: (event) => countEvent(event, this, this.coverage),
      hostClockOf: (name) => this.#host(name).hostClock,
      linesOf: (name) => this.servers.get(name)?.router.records() ?? [],
      mayBeLost: (line) => mayBeLost(line, this),
      onViolation: (violation) => this.violations.push(violation),
      onEvent: (text) => {
        if (text.includes("link down")) this.#checkLoss(text);
        onEvent(text);
      },
    };
    const { faults, reports, servers } = plan;
    this.#settledMs = settleMs +
      Math.max(...servers.map(({ startMs }) => startMs));
    countPairs(plan, this.coverage);
    for (const server of servers) this.#add(server);
    for (const fault of faults) {
      this.time.at(fault.atMs, () => {
        const { kind, atMs: _, ...affected } = fault;
        const time = this.time.elapsedMs.toFixed(1);
        onEvent(`${time} fault: ${kind} ${JSON.stringify(affected)}`);
        countFault(fault, this, this.coverage);
        const hasEffect = observeEffect(fault, this);
        this.#break(fault);
        if (hasEffect()) this.coverage.add(`${kind}: took effect`);
      });
    }
    for (const clock of plan.clocks ?? []) {
      this.time.at(clock.atMs, () => this.#setClock(clock));
    }
    for (const report of reports) {
      this.time.at(report.atMs, () => this.report(report));
    }
    for (const stop of plan.folders?.stops ?? []) {
      this.time.at(stop.atMs, () => this.#stopServers(stop));
    }
    for (const deletion of plan.deletions ?? []) {
      this.time.at(deletion.atMs, () => this.forget(deletion));
    }
  }

  /** The names of a server's neighbours. */
  neighboursOf(name: string): string[] {
    return this.#options.topology.neighbours.get(name)!
      .map((neighbour) => neighbour.name);
  }

  /** Whether a server runs and is not frozen. */
  answers(name: string): boolean {
    const isOpen = this.servers.get(name)?.isOpen ?? false;
    return isOpen && !this.#host(name).isFrozen;
  }

  /** Kills a server. */
  kill(name: string, { powerLoss }: { readonly powerLoss: boolean }): void {
    this.#end(name, powerLoss ? "power cut" : "kill");
  }

  /** Ends a server's process, and leaves its data folder as it is then. */
  #end(name: string, kind: StopKind): void {
    const server = this.servers.get(name);
    const host = this.#host(name);
    const data = this.#folders.get(name);
    if (server !== undefined && data !== undefined) {
      if (data.folder.isBusy) {
        this.coverage.add("a server is killed while it writes to its folder");
      }
      const { activeMs } = host.process;
      if (data.isRestored) data.watch.onEnd(kind, server.router, activeMs);
      data.isRestored = false;
      data.folder = data.folder.afterCrash(
        kind === "power cut" ? kind : "kill",
        this.#random,
      );
    }
    this.servers.delete(name);
    host.crash({ powerLoss: kind === "power cut" });
  }

  /** Stops servers at the same time, and starts them again later. */
  #stopServers(stop: PlannedStop): void {
    const { forMs, kind, losesFolders, servers } = stop;
    const isOfAll = servers.length === this.#hosts.size &&
      servers.every((name) => this.answers(name));
    if (isOfAll) this.coverage.add(`all servers end at once: ${kind}`);
    let left = servers.length;
    const end = (name: string) => {
      this.#end(name, kind);
      left -= 1;
      if (left === 0 && isOfAll) this.#keepExpected();
      const data = this.#folders.get(name);
      if (losesFolders && data !== undefined) {
        this.coverage.add("a server loses its data folder");
        data.folder = new MemoryFolder();
        data.watch.onLost();
      }
      if (this.#isHealed) this.restart(name);
      else this.#later(forMs, () => this.restart(name));
    };
    for (const name of servers) {
      const server = this.servers.get(name);
      if (server === undefined) continue;
      if (kind !== "stop") {
        end(name);
      } else if (this.answers(name)) {
        server.stop().then(
          () => {
            if (this.servers.get(name) === server) end(name);
          },
          (error) =>
            this.violations.push({
              rule: "an exception",
              detail: `${error.stack}`,
            }),
        );
      }
    }
  }

  /**
   * What all servers together must have when they start again, unless folders are
   * lost.
   */
  #keepExpected(): void {
    const { stops } = this.plan.folders!;
    if (stops.some(({ losesFolders }) => losesFolders)) return;
    for (const { watch } of this.#folders.values()) {
      this.kept.push(...watch.expected);
    }
  }

  /** Starts a server that was killed. */
  restart(name: string): void {
    this.#start(this.#host(name));
  }

  freeze(name: string): void {
    this.#host(name).freeze();
  }

  thaw(name: string): void {
    const host = this.#host(name);
    if (host.isFrozen) countThaw(name, this, this.coverage);
    host.thaw();
  }

  /** Sends a client's report to a server, if that server answers. */
  report({ alsoAt, attributes, server, ...iamat }: PlannedReport): void {
    if (!this.answers(server)) return;
    const simulated = this.servers.get(server)!;
    countReport(simulated, this.#host(server).hostClock, this.coverage);
    const { line, record } = simulated.report(
      { verb: "IAMAT", ...iamat },
      attributes,
    );
    countTime(Number(iamat.time), this.coverage);
    this.reports.add(record);
    if (line === record) return;
    this.coverage.add("a report has attributes");
    if (alsoAt === undefined || !this.answers(alsoAt)) return;
    this.coverage.add("a report arrives without its attributes");
    this.reports.add(line);
    this.servers.get(alsoAt)!.receive(line);
  }

  /** Asks a server to forget a client, if that server answers. */
  forget({ client, server }: PlannedDeletion): void {
    if (!this.answers(server)) return;
    const simulated = this.servers.get(server)!;
    countDeletion(simulated, this.#host(server).hostClock, this.coverage);
    const until = simulated.forget(client);
    if (typeof until === "string") {
      this.coverage.add("a request to forget a client is refused");
    } else {
      this.deletions.add(client, until);
    }
  }

  /** Ends all faults: all servers run and all paths are open. */
  heal(): void {
    this.#isHealed = true;
    this.network.unblockAll();
    const hosts = [...this.#hosts.values()];
    for (const { hostClock } of hosts) {
      if (hostClock.aheadMs !== hostClock.skewMs) {
        hostClock.set(hostClock.skewMs, 0);
      }
    }
    for (const host of hosts) this.#start(host);
    for (const { name } of hosts) this.thaw(name);
    for (const { name: from } of hosts) {
      for (const { name: to } of hosts) {
        if (from !== to) this.network.setDelay(from, to, ...this.plan.delayMs);
      }
    }
  }

  /**
   * Checks the loss of a link. Without faults that break links, a link is lost
   * only if two servers dialled each other at the same time when they started.
   */
  #checkLoss(text: string): void {
    this.linksLost += 1;
    const isSettling = this.time.elapsedMs < this.#settledMs;
    if (this.plan.catchUp || isSettling) return;
    const rule = "a link went down without a fault";
    this.violations.push({ rule, detail: text });
  }

  #setClock({ aheadMs, driftMs, server }: PlannedClock): void {
    const { hostClock } = this.#host(server);
    const before = hostClock.aheadMs;
    hostClock.set(hostClock.skewMs + aheadMs, driftMs);
    countClock(before, hostClock.aheadMs, driftMs, this.coverage);
  }

  #host(name: string): VirtualHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no server ${name} in the plan`);
    return host;
  }

  #add({ name, skewMs, startMs }: PlannedServer): void {
    const host = this.network.host(name, skewMs);
    this.#hosts.set(name, host);
    const { folders } = this.plan;
    if (folders?.servers.includes(name)) {
      const onViolation = (rule: string, detail: string) =>
        this.violations.push({ rule, detail: `${name}: ${detail}` });
      this.#folders.set(name, {
        folder: new MemoryFolder(),
        watch: new FolderWatch(folders, onViolation),
        isRestored: false,
      });
    }
    this.time.at(startMs, () => this.#start(host));
  }

  #start(host: VirtualHost): void {
    if (this.servers.has(host.name)) return;
    if (!host.isRunning) {
      countRestart(host.name, this, this.coverage);
      host.restart();
    }
    const server = new SimulatedServer(
      host,
      this.#options,
      this.#random.fork(),
      this.#folderOf(host),
    );
    this.servers.set(host.name, server);
  }

  /** The data folder for the present process of a host. */
  #folderOf(host: VirtualHost): ServerFolder | undefined {
    const { name, process } = host;
    const data = this.#folders.get(name);
    if (data === undefined) return undefined;
    const { delayMs: [least, most], minTailBytes, syncMs } = this.plan.folders!;
    const { folder, watch } = data;
    if (folder.files.size > 0) {
      this.coverage.add("a server starts with its data folder");
    }
    if (most > 0) {
      folder.delay = () =>
        new Promise((resolve) => {
          process.after(this.#random.between(least, most), resolve);
        });
    }
    return {
      folder,
      watch,
      minTailBytes,
      syncMs,
      onRestored: () => data.isRestored = true,
      onRefused: () => {
        // The operator removes the folder, as the message says.
        this.#end(name, "kill");
        data.folder = new MemoryFolder();
        watch.onLost();
        this.restart(name);
      },
    };
  }

  #break(fault: Fault): void {
    const { network, plan } = this;
    switch (fault.kind) {
      case "kill":
      case "power loss": {
        const { forMs, kind, server } = fault;
        this.kill(server, { powerLoss: kind === "power loss" });
        return this.#later(forMs, () => this.restart(server));
      }
      case "freeze": {
        const { forMs, server } = fault;
        this.freeze(server);
        return this.#later(forMs, () => this.thaw(server));
      }
      case "cut":
        network.cut(fault.link);
        return;
      case "swallow":
        network.swallow(fault.link);
        return;
      case "block one way":
        return this.#block([fault.link], fault.forMs);
      case "block both ways": {
        const [one, other] = fault.link;
        return this.#block([[one, other], [other, one]], fault.forMs);
      }
      case "split":
        return this.#block(this.#pathsAcross(fault.side), fault.forMs);
      case "slow path": {
        const [from, to] = fault.link;
        network.setDelay(from, to, 0, fault.delayMs);
        return this.#later(
          fault.forMs,
          () => network.setDelay(from, to, ...plan.delayMs),
        );
      }
    }
  }

  #block(paths: readonly (readonly [string, string])[], forMs: number): void {
    for (const [from, to] of paths) this.network.block(from, to);
    this.#later(forMs, () => {
      for (const [from, to] of paths) this.network.unblock(from, to);
    });
  }

  /** All paths between some servers and the others. */
  #pathsAcross(side: readonly string[]): [string, string][] {
    const names = [...this.#hosts.keys()];
    const here = new Set(side);
    const pairs = names.flatMap((from) =>
      names.map((to): [string, string] => [from, to])
    );
    return pairs.filter(([from, to]) => here.has(from) !== here.has(to));
  }

  /** Calls back after a delay, unless all faults have ended before. */
  #later(delayMs: number, callback: () => void): void {
    this.time.at(this.time.elapsedMs + delayMs, () => {
      if (!this.#isHealed) callback();
    });
  }
}
