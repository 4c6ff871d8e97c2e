/**
 * One life of a server on its machine: from its start until it is killed. It is
 * also the clock that the server is given, because a process that is stopped or
 * dead hears nothing of time.
 *
 * @module
 */
import type { Timestamp } from "../../protocol/time.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Transport } from "../../runtime/transport.ts";
import type { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";

/** Takes a connection that came in. */
export type OnConnection = (transport: Transport, remote: string) => void;

/** What the kernel holds for a process, and clears up when it is killed. */
export interface Held {
  /** @param powerLoss Whether the kernel is gone too, and can tell nobody. */
  abandon(powerLoss: boolean): void;
}

/** The time of day when the world begins: 2026-01-01 00:00:00 UTC. */
export const epochSeconds = 1_767_225_600;

/** A process on a virtual host. */
export class VirtualProcess implements Clock {
  /** Its open ports. */
  readonly ports = new Map<number, OnConnection>();
  /** Its open connections. */
  readonly holds = new Set<Held>();
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #skewMs: number;
  /** What fell due while it was frozen, in that order. */
  #backlog: (() => void)[] = [];
  #isAlive = true;
  #isFrozen = false;
  #isCatchingUp = false;

  /** @param skewMs How far its time of day is ahead of the others'. */
  constructor(time: VirtualTime, random: Random, skewMs: number) {
    this.#time = time;
    this.#random = random;
    this.#skewMs = skewMs;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  now(): Timestamp {
    const sinceMs = this.#time.elapsedMs + this.#skewMs;
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
    let isCalledOff = false;
    const fire = () => {
      if (!isCalledOff) callback();
    };
    const cancel = this.#time.at(
      this.#time.elapsedMs + delayMs,
      () => this.run(fire),
    );
    return () => {
      isCalledOff = true;
      cancel();
    };
  }

  nextTurn(callback: () => void): void {
    queueMicrotask(() => this.run(callback));
  }

  random(): number {
    return this.#random.next();
  }

  /**
   * Runs a piece of the process: at once, after the thaw if it is frozen, and
   * never if it is dead. Everything that the world does to a process's code
   * goes through here.
   */
  run(action: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isFrozen || this.#backlog.length > 0) this.#backlog.push(action);
    else action();
  }

  /** Stops it where it stands, as SIGSTOP does. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** Lets it go on, as SIGCONT does: first with what it has missed. */
  thaw(): void {
    this.#isFrozen = false;
    this.#catchUpSoon();
  }

  /** Kills it: none of its code is called again. */
  kill(powerLoss: boolean): void {
    this.#isAlive = false;
    this.#backlog = [];
    this.ports.clear();
    for (const held of this.holds) held.abandon(powerLoss);
    this.holds.clear();
  }

  /** One piece of the backlog an event, so that each comes to rest first. */
  #catchUpSoon(): void {
    if (this.#isCatchingUp || this.#backlog.length === 0) return;
    this.#isCatchingUp = true;
    this.#time.at(this.#time.elapsedMs, () => {
      this.#isCatchingUp = false;
      if (this.#isFrozen) return;
      // What this piece asks for at once is done at once, if nothing waits.
      this.#backlog.shift()?.();
      this.#catchUpSoon();
    });
  }
}
