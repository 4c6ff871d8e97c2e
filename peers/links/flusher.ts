/**
 * Hands what is new to the links, and knows when their sockets have it. Also
 * wakes the herd for its chores, as these may have something new to say.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import { maintenanceEveryMs } from "../limits.ts";
import type { Replica } from "../replication/replica.ts";
import type { Link } from "./link.ts";

/** What dispatching needs. */
export interface FlusherOptions {
  readonly clock: Clock;
  readonly replica: Replica;
  /** Each neighbour, with the link in use if there is one. */
  readonly neighbours: ReadonlyMap<string, { readonly link?: Link }>;
}

/** The way from one server's herd to its links. */
export class Flusher {
  readonly #options: FlusherOptions;
  #cancelMaintenance: (() => void) | undefined;
  #flushing: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /** Hands all outboxes to the sockets. */
  flush(): void {
    for (const { link } of this.#options.neighbours.values()) link?.flush();
    if (
      this.#cancelMaintenance === undefined &&
      this.#options.replica.needsMaintenance
    ) {
      this.#scheduleMaintenance();
    }
  }

  /**
   * The same when all chunks have been taken that came in together: so they go
   * on together, and cost each neighbour one read.
   */
  scheduleFlush(): void {
    const isLinked = this.#options.neighbours.values()
      .some(({ link }) => link !== undefined);
    if (isLinked) this.#flushing ??= this.#flushInMicrotask();
    else this.flush();
  }

  /**
   * When every report accepted so far has been handed to the sockets of all
   * neighbours that keep up. Undefined if that is the case already.
   */
  flushed(): Promise<unknown> | undefined {
    if (this.#flushing !== undefined) {
      return this.#flushing.then(() => this.flushed());
    }
    let waits: Promise<void>[] | undefined;
    for (const { link } of this.#options.neighbours.values()) {
      const wait = link?.flushed();
      if (wait !== undefined) (waits ??= []).push(wait);
    }
    return waits && Promise.all(waits);
  }

  /** No more chores. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelMaintenance?.();
  }

  async #flushInMicrotask(): Promise<void> {
    // Those that take the other chunks stand in the queue of microtasks by now.
    await null;
    this.#flushing = undefined;
    this.flush();
  }

  /** Does the herd's chores until none is left. */
  #scheduleMaintenance(): void {
    if (this.#isStopped) return;
    const { clock, replica } = this.#options;
    this.#cancelMaintenance = clock.after(maintenanceEveryMs, () => {
      this.#cancelMaintenance = undefined;
      replica.runMaintenance();
      this.flush();
    });
  }
}
