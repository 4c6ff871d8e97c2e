/**
 * The network of a simulation: its hosts, the paths between them, and faults on
 * these.
 *
 * @module
 */
import type { Transport } from "../../runtime/transport.ts";
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";
import { VirtualConnection } from "./virtual_connection.ts";
import { defaultPort, VirtualHost } from "./virtual_host.ts";
import type { VirtualProcess } from "./virtual_process.ts";
import { Path } from "./path.ts";

/** The properties of a network. */
export interface NetworkOptions {
  /** Shortest and longest delay of a packet. */
  readonly delayMs?: readonly [number, number];
  /** Most bytes in one direction of a connection that were not read. */
  readonly bufferBytes?: number;
}

/** The source port of the first connection; the next ones follow. */
const firstDialerPort = 40_000;

/** Hosts, and connections between them. */
export class VirtualNetwork {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #delayMs: readonly [number, number];
  readonly #bufferBytes: number;
  readonly #hosts = new Map<string, VirtualHost>();
  /** By destination, then by source. */
  readonly #paths = new Map<string, Map<string, Path>>();
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

  /** The connections of which at least one process holds its end. */
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
        for (const path of this.#pathsTo(name).values()) path.sendAgain();
      },
    });
    this.#hosts.set(name, host);
    return host;
  }

  /**
   * Connects the process of a host to a port: `Hill`, or `Hill:8100`. Three
   * packets must arrive. Rejects with ConnectionRefused if the port is closed, or
   * with the signal's reason.
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
        connection?.dialerEnd.giveUp();
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
      this.#path(from.name, hostname).travel(() => {
        if (isOver || !process.isAlive) return;
        connection = this.#createConnection(
          from.name,
          process,
          target,
          Number(port),
          (transport) => finish(() => resolve(transport)),
        );
        if (connection !== undefined) return;
        this.#path(hostname, from.name).travel(() =>
          finish(() =>
            reject(new Deno.errors.ConnectionRefused("Connection refused"))
          )
        );
      });
    });
  }

  /** Blocks the path from one host to another. */
  block(from: string, to: string): void {
    this.#path(from, to).block();
  }

  /** Opens a blocked path. Packets that it has held arrive some time later. */
  unblock(from: string, to: string): void {
    this.#path(from, to).unblock();
  }

  unblockAll(): void {
    for (const paths of this.#paths.values()) {
      for (const path of paths.values()) path.unblock();
    }
  }

  /** Whether packets of one host can reach another now. */
  isOpen(from: string, to: string): boolean {
    // A new path would draw a random number, and change the herd.
    const path = this.#paths.get(to)?.get(from);
    return path?.isOpen ?? !this.#hostNamed(to).isPoweredOff;
  }

  /** Longest delay of packets from one host to another, in milliseconds. */
  maxDelayMs(from: string, to: string): number {
    const path = this.#paths.get(to)?.get(from);
    return path?.maxDelayMs ?? this.#delayMs[1];
  }

  /** Sets the shortest and longest delay of packets from one host to another. */
  setDelay(from: string, to: string, minMs: number, maxMs: number): void {
    this.#path(from, to).setDelay(minMs, maxMs);
  }

  /**
   * Resets a random open connection, or one between two hosts, and returns it.
   * Returns undefined if there is none.
   */
  cut(between?: readonly [string, string]): VirtualConnection | undefined {
    const connection = this.#pickOpen(between);
    connection?.cut();
    return connection;
  }

  /** Makes an open connection lose all data, chosen in the same way. */
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

  /** Receives a dialer's SYN. Returns undefined if the port is closed. */
  #createConnection(
    dialer: string,
    diallingProcess: VirtualProcess,
    to: VirtualHost,
    port: number,
    onConnected: (transport: Transport) => void,
  ): VirtualConnection | undefined {
    const { process } = to;
    if (!process.ports.has(port)) return undefined;
    const remote = `${dialer}:${firstDialerPort + this.#connectionCount}`;
    this.#connectionCount += 1;
    const connection = new VirtualConnection({
      time: this.#time,
      random: this.#random.fork(),
      bufferBytes: this.#bufferBytes,
      dialer: {
        name: dialer,
        process: diallingProcess,
        path: this.#path(dialer, to.name),
        onReady: onConnected,
      },
      acceptor: {
        name: to.name,
        process,
        path: this.#path(to.name, dialer),
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

  #pathsTo(name: string): Map<string, Path> {
    let paths = this.#paths.get(name);
    if (paths === undefined) this.#paths.set(name, paths = new Map());
    return paths;
  }

  #path(from: string, to: string): Path {
    const paths = this.#pathsTo(to);
    let path = paths.get(from);
    if (path === undefined) {
      path = new Path(
        this.#time,
        this.#random.fork(),
        this.#hostNamed(to),
        this.#delayMs,
      );
      paths.set(from, path);
    }
    return path;
  }
}
