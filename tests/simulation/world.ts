/**
 * A simulated herd: its servers on a virtual network, its clients, and what
 * goes wrong, as a plan says.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Violation } from "./crossings.ts";
import type { Client, Fault, Plan } from "./plan.ts";
import type { Random } from "../../runtime/random.ts";
import { type ServerOptions, SimulatedServer } from "./simulated_server.ts";
import { VirtualTime } from "./virtual_clock.ts";
import type { VirtualHost } from "./virtual_host.ts";
import { VirtualNetwork } from "./virtual_network.ts";
import { epochSeconds } from "./virtual_process.ts";

/** The time of day when the world begins, in milliseconds. */
export const epochMs = epochSeconds * 1000;

/** Servers start within this time of each other. */
const startWithinMs = 500;

/** Packets usually take so long: from, up to. */
const delayMs = [0.1, 5] as const;

/** A herd that lives. */
export class World {
  readonly time = new VirtualTime();
  readonly network: VirtualNetwork;
  readonly plan: Plan;
  readonly violations: Violation[] = [];
  /** The servers that run now, or are frozen, by name. */
  readonly servers = new Map<string, SimulatedServer>();
  /** Every report that a client was answered for. */
  readonly reports = new Set<ByteString>();
  /** How often a link went down. */
  linksLost = 0;
  readonly #random: Random;
  readonly #hosts: VirtualHost[];
  readonly #options: ServerOptions;
  #isHealed = false;

  /** @param onEvent Told what happens, for a person. */
  constructor(plan: Plan, random: Random, onEvent: (text: string) => void) {
    this.plan = plan;
    this.#random = random;
    this.network = new VirtualNetwork(this.time, random.fork(), {
      delayMs,
      bufferBytes: plan.bufferBytes,
    });
    this.#options = {
      ...plan,
      knowledgeOf: (name) => this.servers.get(name)?.herd.lines() ?? [],
      onViolation: (violation) => this.violations.push(violation),
      onEvent: (text) => {
        if (text.includes("link down")) this.#judgeLoss(text);
        onEvent(text);
      },
    };
    const skewMs = plan.serverSkewMs;
    this.#hosts = plan.topology.servers.map(({ name }) =>
      this.network.host(name, random.between(-skewMs, skewMs))
    );
    for (const host of this.#hosts) {
      this.time.at(random.between(0, startWithinMs), () => this.#start(host));
    }
    for (const fault of plan.faults) {
      this.time.at(fault.atMs, () => {
        onEvent(`${this.time.elapsedMs.toFixed(1)} fault: ${fault.kind}`);
        this.#break(fault);
      });
    }
    this.#loadFrom(plan.loadFromMs);
  }

  /** Kills a server. */
  kill(name: string, options: { readonly powerLoss: boolean }): void {
    this.servers.delete(name);
    this.#hostNamed(name).crash(options);
  }

  /** Starts a server that was killed. */
  restart(name: string): void {
    this.#start(this.#hostNamed(name));
  }

  freeze(name: string): void {
    this.#hostNamed(name).freeze();
  }

  thaw(name: string): void {
    this.#hostNamed(name).thaw();
  }

  /** Ends all that is wrong: from now on every server runs, and every way. */
  heal(): void {
    this.#isHealed = true;
    this.network.unblockAll();
    for (const host of this.#hosts) this.#start(host);
    for (const host of this.#hosts) host.thaw();
    for (const from of this.#hosts) {
      for (const to of this.#hosts) {
        if (from !== to) this.network.setDelay(from.name, to.name, ...delayMs);
      }
    }
  }

  /**
   * A link has gone down. Where nothing breaks links, the only reason is that
   * two servers dialled each other at the same time when they started.
   */
  #judgeLoss(text: string): void {
    this.linksLost += 1;
    const isSettling = this.time.elapsedMs < this.plan.loadFromMs;
    if (this.plan.catchUp || isSettling) return;
    this.violations.push({ rule: "a link went down in peace", detail: text });
  }

  #hostNamed(name: string): VirtualHost {
    return this.#hosts.find((host) => host.name === name)!;
  }

  #start(host: VirtualHost): void {
    if (this.servers.has(host.name)) return;
    if (!host.isRunning) host.restart();
    const server = new SimulatedServer(
      host,
      this.#options,
      this.#random.fork(),
    );
    this.servers.set(host.name, server);
  }

  #loadFrom(timeMs: number): void {
    this.time.at(timeMs, () => {
      const server = this.#random.pick([...this.servers.values(), undefined]);
      const client = this.#random.pick(this.plan.clients);
      if (server !== undefined && !this.#hostNamed(server.name).isFrozen) {
        this.#report(server, client);
      }
      const waitMs = this.#random.between(0, 2 * this.plan.reportEveryMs);
      if (!this.#isHealed) this.#loadFrom(this.time.elapsedMs + waitMs);
    });
  }

  #report(server: SimulatedServer, client: Client): void {
    const random = this.#random;
    const setBackMs = client.isErratic && random.chance(0.3)
      ? random.between(0, 10_000)
      : 0;
    const clientMs = epochMs + this.time.elapsedMs + client.skewMs - setBackMs;
    const { line } = server.tell({
      verb: "IAMAT",
      client: client.id,
      position: `+${random.below(90)}.5-${random.below(180)}`,
      time: (clientMs / 1000).toFixed(client.isCoarse ? 0 : 6),
    });
    this.reports.add(line);
  }

  #break({ forMs, kind }: Fault): void {
    const { network } = this;
    const random = this.#random;
    const host = random.pick(this.#hosts);
    const neighbours = this.plan.topology.neighbours.get(host.name)!;
    const neighbour = random.pick(neighbours).name;
    switch (kind) {
      case "kill":
      case "power loss":
        this.kill(host.name, { powerLoss: kind === "power loss" });
        return this.#later(forMs, () => this.#start(host));
      case "freeze":
        host.freeze();
        return this.#later(forMs, () => host.thaw());
      case "cut":
        for (let count = random.below(3); count >= 0; count--) network.cut();
        return;
      case "swallow":
        return network.swallow();
      case "block one way":
        return this.#block([[host.name, neighbour]], forMs);
      case "block both ways":
        return this.#block([
          [host.name, neighbour],
          [neighbour, host.name],
        ], forMs);
      case "split":
        return this.#block(this.#waysAcross(random), forMs);
      case "slow way":
        network.setDelay(host.name, neighbour, 0, random.between(1, 800));
        return this.#later(
          forMs,
          () => network.setDelay(host.name, neighbour, ...delayMs),
        );
    }
  }

  #block(ways: readonly (readonly [string, string])[], forMs: number): void {
    for (const [from, to] of ways) this.network.block(from, to);
    this.#later(forMs, () => {
      for (const [from, to] of ways) this.network.unblock(from, to);
    });
  }

  /** All ways between two halves of the herd. */
  #waysAcross(random: Random): [string, string][] {
    const names = random.shuffle(this.#hosts.map(({ name }) => name));
    const here = new Set(names.slice(0, 1 + random.below(names.length - 1)));
    const pairs = names.flatMap((from) =>
      names.map((to): [string, string] => [from, to])
    );
    return pairs.filter(([from, to]) => here.has(from) !== here.has(to));
  }

  #later(delayMs: number, callback: () => void): void {
    this.time.at(this.time.elapsedMs + delayMs, () => {
      if (!this.#isHealed) callback();
    });
  }
}
