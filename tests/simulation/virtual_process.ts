/**
 * One incarnation of a server on its machine, from its start until it is killed.
 * It is also the clock of the server, because no timer fires in a process that is
 * frozen or was killed.
 *
 * @module
 */
import type { Timestamp } from "../../protocol/time.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Transport } from "../../runtime/transport.ts";
import type { Random } from "../../runtime/random.ts";
import type { HostClock } from "./host_clock.ts";
import type { VirtualTime } from "./virtual_clock.ts";

/** Receives an accepted connection. */
export type OnConnection = (transport: Transport, remote: string) => void;

/** A resource that the kernel releases when the process is killed. */
export interface Held {
  /** @param powerLoss Whether the kernel stops too, and can send nothing. */
  abandon(powerLoss: boolean): void;
}

/** The time of day at the start of a simulation: 2026-01-01 00:00:00 UTC. */
export const epochSeconds = 1_767_225_600;

/** A process on a virtual host. */
export class VirtualProcess implements Clock {
  /** Its open ports. */
  readonly ports = new Map<number, OnConnection>();
  /** Its open connections. */
  readonly holds = new Set<Held>();
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #hostClock: HostClock;
  /** The actions that became due while it was frozen, in order. */
  #backlog: (() => void)[] = [];
  #isAlive = true;
  #isFrozen = false;
  #frozenAtMs = 0;
  #frozenMs = 0;
  #isCatchingUp = false;

  /** @param hostClock The time of day of its machine. */
  constructor(time: VirtualTime, random: Random, hostClock: HostClock) {
    this.#time = time;
    this.#random = random;
    this.#hostClock = hostClock;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Milliseconds since the start of the simulation, without those frozen. */
  get activeMs(): number {
    const nowMs = this.#isFrozen ? this.#frozenAtMs : this.#time.elapsedMs;
    return nowMs - this.#frozenMs;
  }

  now(): Timestamp {
    const sinceMs = this.#time.elapsedMs + this.#hostClock.aheadMs;
    const seconds = Math.floor(sinceMs / 1000);
    return {
      seconds: epochSeconds + seconds,
      nanoseconds: Math.min(
        Math.floor((sinceMs - seconds * 1000) * 1_000_000),
        999_999_999,
      ),
    };
  }

  elapsedMs(): number {
    return this.#time.elapsedMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    let isCancelled = false;
    const fire = () => {
      if (!isCancelled) callback();
    };
    const cancel = this.#time.at(
      this.#time.elapsedMs + delayMs,
      () => this.run(fire),
    );
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  nextTurn(callback: () => void): void {
    queueMicrotask(() => this.run(callback));
  }

  endOfTurn(callback: () => void): void {
    this.nextTurn(callback);
  }

  random(): number {
    return this.#random.next();
  }

  /**
   * Runs an action of the process: at once, after the thaw if it is frozen, or
   * never if it was killed. The simulation calls all code of the process here.
   */
  run(action: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isFrozen || this.#backlog.length > 0) this.#backlog.push(action);
    else action();
  }

  /** Stops it, as SIGSTOP does. */
  freeze(): void {
    if (!this.#isFrozen) this.#frozenAtMs = this.#time.elapsedMs;
    this.#isFrozen = true;
  }

  /** Continues it, as SIGCONT does, first with the actions that became due. */
  thaw(): void {
    if (this.#isFrozen) {
      this.#frozenMs += this.#time.elapsedMs - this.#frozenAtMs;
    }
    this.#isFrozen = false;
    this.#scheduleBacklog();
  }

  /** Kills it: none of its code is called again. */
  kill(powerLoss: boolean): void {
    this.#isAlive = false;
    this.#backlog = [];
    this.ports.clear();
    for (const held of this.holds) held.abandon(powerLoss);
    this.holds.clear();
  }

  /** Runs one action of the backlog in each event, with its continuations. */
  #scheduleBacklog(): void {
    if (this.#isCatchingUp || this.#backlog.length === 0) return;
    this.#isCatchingUp = true;
    this.#time.at(this.#time.elapsedMs, () => {
      this.#isCatchingUp = false;
      if (this.#isFrozen) return;
      // If the backlog is empty now, calls of `run` in this action run at once.
      this.#backlog.shift()?.();
      this.#scheduleBacklog();
    });
  }
}
