/**
 * The network of a simulated world: its hosts, the ways between them, and what
 * can go wrong on those.
 *
 * @module
 */
import type { Transport } from "../../runtime/transport.ts";
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";
import { VirtualConnection } from "./virtual_connection.ts";
import { defaultPort, VirtualHost } from "./virtual_host.ts";
import type { VirtualProcess } from "./virtual_process.ts";
import { Way } from "./way.ts";

/** What a network is like if nothing else is said. */
export interface NetworkOptions {
  /** How long a packet takes: from, up to. */
  readonly delayMs?: readonly [number, number];
  /** How much one direction of a connection takes that nobody has read. */
  readonly bufferBytes?: number;
}

/** Ports that diallers dial from are counted up from here. */
const firstDiallerPort = 40_000;

/** Hosts, and connections between them. */
export class VirtualNetwork {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #delayMs: readonly [number, number];
  readonly #bufferBytes: number;
  readonly #hosts = new Map<string, VirtualHost>();
  /** By the host that they lead to, then by the one that they come from. */
  readonly #ways = new Map<string, Map<string, Way>>();
  readonly #connections = new Set<VirtualConnection>();
  #connectionCount = 0;

  constructor(
    time: VirtualTime,
    random: Random,
    { bufferBytes = 64 * 1024, delayMs = [0.1, 5] }: NetworkOptions = {},
  ) {
    this.#time = time;
    this.#random = random;
    this.#delayMs = delayMs;
    this.#bufferBytes = bufferBytes;
  }

  /** Connections of which one process at least holds its end. */
  get connections(): ReadonlySet<VirtualConnection> {
    return this.#connections;
  }

  /** Adds a machine. */
  host(name: string, skewMs = 0): VirtualHost {
    if (this.#hosts.has(name)) throw new Error(`a second host ${name}`);
    const host = new VirtualHost({
      name,
      time: this.#time,
      random: this.#random.fork(),
      skewMs,
      connect: (from, to, signal) => this.connect(from, to, signal),
      onPower: () => {
        for (const way of this.#waysTo(name).values()) way.sendAgain();
      },
    });
    this.#hosts.set(name, host);
    return host;
  }

  /**
   * Connects one host's process to a port: `Hill`, or `Hill:8100`. Three
   * packets must come through. Rejects with ConnectionRefused if the port is
   * not open, and with the signal's reason.
   */
  connect(
    from: VirtualHost,
    to: string,
    signal: AbortSignal,
  ): Promise<Transport> {
    const { process } = from;
    const [hostname, port = defaultPort] = to.split(":");
    const target = this.#hostNamed(hostname);
    return new Promise((resolve, reject) => {
      if (!process.isAlive) return;
      signal.throwIfAborted();
      let connection: VirtualConnection | undefined;
      let isOver = false;
      const abort = () => {
        if (isOver || !process.isAlive) return;
        isOver = true;
        connection?.diallerEnd.giveUp();
        reject(signal.reason);
      };
      const finish = (settle: () => void) =>
        process.run(() => {
          if (isOver) return;
          isOver = true;
          signal.removeEventListener("abort", abort);
          settle();
        });
      signal.addEventListener("abort", abort);
      this.#way(from.name, hostname).travel(() => {
        if (isOver || !process.isAlive) return;
        connection = this.#createConnection(
          from.name,
          process,
          target,
          Number(port),
          (transport) => finish(() => resolve(transport)),
        );
        if (connection !== undefined) return;
        this.#way(hostname, from.name).travel(() =>
          finish(() =>
            reject(new Deno.errors.ConnectionRefused("Connection refused"))
          )
        );
      });
    });
  }

  /** From now on nothing arrives that goes from one host to another. */
  block(from: string, to: string): void {
    this.#way(from, to).block();
  }

  /** It arrives again, and so does in a while what was sent meanwhile. */
  unblock(from: string, to: string): void {
    this.#way(from, to).unblock();
  }

  unblockAll(): void {
    for (const ways of this.#ways.values()) {
      for (const way of ways.values()) way.unblock();
    }
  }

  /** How long a packet takes from one host to another from now on. */
  setDelay(from: string, to: string, minMs: number, maxMs: number): void {
    this.#way(from, to).setDelay(minMs, maxMs);
  }

  /**
   * Resets an open connection, any one unless two hosts are named, and returns
   * it. Undefined if there is none.
   */
  cut(between?: readonly [string, string]): VirtualConnection | undefined {
    const connection = this.#pickOpen(between);
    connection?.cut();
    return connection;
  }

  /** Lets nothing more arrive on an open connection, chosen likewise. */
  swallow(
    between?: readonly [string, string],
  ): VirtualConnection | undefined {
    const connection = this.#pickOpen(between);
    connection?.swallow();
    return connection;
  }

  #pickOpen(
    between: readonly [string, string] | undefined,
  ): VirtualConnection | undefined {
    const open = [...this.#connections].filter((connection) =>
      connection.isOpen &&
      (between === undefined || connection.isBetween(...between))
    );
    return open.length === 0 ? undefined : this.#random.pick(open);
  }

  /** A dialler's first packet has come in. Undefined if the port is closed. */
  #createConnection(
    dialler: string,
    diallingProcess: VirtualProcess,
    to: VirtualHost,
    port: number,
    onConnected: (transport: Transport) => void,
  ): VirtualConnection | undefined {
    const { process } = to;
    if (!process.ports.has(port)) return undefined;
    const remote = `${dialler}:${firstDiallerPort + this.#connectionCount}`;
    this.#connectionCount += 1;
    const connection = new VirtualConnection({
      time: this.#time,
      random: this.#random.fork(),
      bufferBytes: this.#bufferBytes,
      dialler: {
        name: dialler,
        process: diallingProcess,
        way: this.#way(dialler, to.name),
        onReady: onConnected,
      },
      acceptor: {
        name: to.name,
        process,
        way: this.#way(to.name, dialler),
        onReady: (end) => {
          const onConnection = process.ports.get(port);
          if (onConnection === undefined) end.refuse();
          else process.run(() => onConnection(end, remote));
        },
      },
      onOver: (connection) => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    return connection;
  }

  #hostNamed(name: string): VirtualHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  }

  #waysTo(name: string): Map<string, Way> {
    let ways = this.#ways.get(name);
    if (ways === undefined) this.#ways.set(name, ways = new Map());
    return ways;
  }

  #way(from: string, to: string): Way {
    const ways = this.#waysTo(to);
    let way = ways.get(from);
    if (way === undefined) {
      way = new Way(
        this.#time,
        this.#random.fork(),
        this.#hostNamed(to),
        this.#delayMs,
      );
      ways.set(from, way);
    }
    return way;
  }
}
