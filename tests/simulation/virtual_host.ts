/**
 * A machine in a simulation, and the server process on it.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import type { Connect } from "../../runtime/network.ts";
import type { Transport } from "../../runtime/transport.ts";
import type { Random } from "../../runtime/random.ts";
import { HostClock } from "./host_clock.ts";
import type { VirtualTime } from "./virtual_clock.ts";
import { type OnConnection, VirtualProcess } from "./virtual_process.ts";

/** The port of addresses without one. */
export const defaultPort = 1;

/** What `VirtualHost` needs. */
export interface HostOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: Random;
  /** How far its time of day is ahead when it is right, in milliseconds. */
  readonly skewMs: number;
  readonly connect: (
    from: VirtualHost,
    to: string,
    signal: AbortSignal,
  ) => Promise<Transport>;
  /** Called when it has power again. */
  readonly onPower: () => void;
}

/** A machine that runs one process at a time, from the start. */
export class VirtualHost {
  readonly name: string;
  readonly #options: HostOptions;
  /** Its time of day. */
  readonly hostClock: HostClock;
  #process: VirtualProcess;
  #isPoweredOff = false;

  constructor(options: HostOptions) {
    this.name = options.name;
    this.#options = options;
    this.hostClock = new HostClock(options.time, options.skewMs);
    this.#process = this.#createProcess();
  }

  /** The present process, or the last one if it was killed. */
  get process(): VirtualProcess {
    return this.#process;
  }

  /** The clock of that process. */
  get clock(): Clock {
    return this.#process;
  }

  /** Whether the process is alive, frozen or not. */
  get isRunning(): boolean {
    return this.#process.isAlive;
  }

  get isFrozen(): boolean {
    return this.#process.isFrozen;
  }

  /** Whether the kernel does not run either. */
  get isPoweredOff(): boolean {
    return this.#isPoweredOff;
  }

  /** Connects from this host. */
  readonly connect: Connect = (hostname, port, signal) =>
    this.#options.connect(this, `${hostname}:${port}`, signal);

  /**
   * Opens a port. The returned function closes the port, but not its connections.
   *
   * @throws {Deno.errors.AddrInUse} If the port is open.
   */
  listen(onConnection: OnConnection, port = defaultPort): () => void {
    const { ports } = this.#process;
    if (ports.has(port)) {
      throw new Deno.errors.AddrInUse(`${this.name}:${port} is in use`);
    }
    ports.set(port, onConnection);
    return () => ports.delete(port);
  }

  /**
   * Stops the process, as SIGSTOP does. The kernel continues: other hosts can
   * connect, and received bytes are buffered.
   */
  freeze(): void {
    this.#process.freeze();
  }

  /** Continues the process, first with the actions that have become due. */
  thaw(): void {
    this.#process.thaw();
  }

  /**
   * Kills the process, as SIGKILL does. The kernel ends its connections. With
   * `powerLoss` the kernel stops too: it sends and receives nothing until the
   * restart.
   */
  crash({ powerLoss = false } = {}): void {
    if (powerLoss) this.#isPoweredOff = true;
    if (this.#process.isAlive) this.#process.kill(powerLoss);
  }

  /** Starts a new process after a crash, with a new clock and no open port. */
  restart(): void {
    if (this.#process.isAlive) throw new Error(`${this.name} is running`);
    this.#process = this.#createProcess();
    if (!this.#isPoweredOff) return;
    this.#isPoweredOff = false;
    this.#options.onPower();
  }

  #createProcess(): VirtualProcess {
    const { random, time } = this.#options;
    return new VirtualProcess(time, random.fork(), this.hostClock);
  }
}
