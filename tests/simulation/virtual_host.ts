/**
 * One machine of a simulated world, and the server process on it.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import type { Connect } from "../../runtime/network.ts";
import type { Transport } from "../../runtime/transport.ts";
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";
import { type OnConnection, VirtualProcess } from "./virtual_process.ts";

/** The port that is meant where none is named. */
export const defaultPort = 1;

/** What a host needs from the world around it. */
export interface HostOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: Random;
  /** How far its time of day is ahead of the others'. */
  readonly skewMs: number;
  readonly connect: (
    from: VirtualHost,
    to: string,
    signal: AbortSignal,
  ) => Promise<Transport>;
  /** It has power again. */
  readonly onPower: () => void;
}

/** A machine. From the start it runs one process. */
export class VirtualHost {
  readonly name: string;
  readonly #options: HostOptions;
  #process: VirtualProcess;
  #isPoweredOff = false;

  constructor(options: HostOptions) {
    this.name = options.name;
    this.#options = options;
    this.#process = this.#createProcess();
  }

  /** The process of its present life, or the last one if it was killed. */
  get process(): VirtualProcess {
    return this.#process;
  }

  /** The clock of its present life. */
  get clock(): Clock {
    return this.#process;
  }

  /** Whether its process lives, be it frozen or not. */
  get isRunning(): boolean {
    return this.#process.isAlive;
  }

  get isFrozen(): boolean {
    return this.#process.isFrozen;
  }

  /** How far its time of day is ahead of the others', in milliseconds. */
  get skewMs(): number {
    return this.#options.skewMs;
  }

  /** Whether not even its kernel answers. */
  get isPoweredOff(): boolean {
    return this.#isPoweredOff;
  }

  /** Connects from here, for code that is given a network. */
  readonly connect: Connect = (hostname, port, signal) =>
    this.#options.connect(this, `${hostname}:${port}`, signal);

  /**
   * Opens a port. The returned function closes it; what was accepted stays.
   *
   * @throws {Deno.errors.AddrInUse} If it is open.
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
   * Stops the process where it stands, as SIGSTOP does. The kernel goes on:
   * others can connect, and what they send is kept while there is room.
   */
  freeze(): void {
    this.#process.freeze();
  }

  /** Lets the process go on: first with what fell due meanwhile, in order. */
  thaw(): void {
    this.#process.thaw();
  }

  /**
   * Kills the process, as SIGKILL does; the kernel ends its connections. With
   * `powerLoss` the kernel dies with it: nobody hears of it, and nothing comes
   * in before the restart.
   */
  crash({ powerLoss = false } = {}): void {
    if (powerLoss) this.#isPoweredOff = true;
    if (this.#process.isAlive) this.#process.kill(powerLoss);
  }

  /** Starts a new process after a crash: a new clock, and no open port. */
  restart(): void {
    if (this.#process.isAlive) throw new Error(`${this.name} is running`);
    this.#process = this.#createProcess();
    if (!this.#isPoweredOff) return;
    this.#isPoweredOff = false;
    this.#options.onPower();
  }

  #createProcess(): VirtualProcess {
    const { random, skewMs, time } = this.#options;
    return new VirtualProcess(time, random.fork(), skewMs);
  }
}
