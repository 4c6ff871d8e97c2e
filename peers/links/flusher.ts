/**
 * Hands what is new to the links, and knows when their sockets have it. Also
 * wakes the herd for its chores, as these may have something new to say.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import { maintenanceEveryMs } from "../limits.ts";
import type { Settling } from "../../replica/settling.ts";
import type { FloodRouter } from "../replication/flood_router.ts";
import type { Link } from "./link.ts";

/** What dispatching needs. */
export interface FlusherOptions {
  readonly clock: Clock;
  readonly router: FloodRouter;
  /** Each neighbour, with the link in use if there is one. */
  readonly neighbours: ReadonlyMap<string, { readonly link?: Link }>;
}

/** The way from one server's herd to its links. */
export class Flusher {
  readonly #options: FlusherOptions;
  #cancelMaintenance: (() => void) | undefined;
  #isFlushScheduled = false;
  /** Those that the next flush has to settle. */
  #settlings: Settling[] = [];
  #isStopped = false;

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /** Hands all outboxes to the sockets. */
  flush(): void {
    for (const { link } of this.#options.neighbours.values()) link?.flush();
    if (
      this.#cancelMaintenance === undefined &&
      this.#options.router.needsMaintenance
    ) {
      this.#scheduleMaintenance();
    }
  }

  /**
   * The same when all chunks have been taken that came in together: so they go
   * on together, and cost each neighbour one read.
   *
   * @param settling Settled when every report accepted so far has been handed
   * to the sockets of all neighbours that keep up. If no neighbour is linked,
   * there is nothing to settle.
   */
  scheduleFlush(settling?: Settling): void {
    if (!this.#isLinked) return this.flush();
    if (settling !== undefined) {
      settling.begin();
      this.#settlings.push(settling);
    }
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    this.#flushInMicrotask();
  }

  get #isLinked(): boolean {
    for (const { link } of this.#options.neighbours.values()) {
      if (link !== undefined) return true;
    }
    return false;
  }

  /** When the links have handed to their sockets what they have. */
  #linksFlushed(): Promise<unknown> | undefined {
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
    this.#isFlushScheduled = false;
    this.flush();
    if (this.#settlings.length === 0) return;
    const settlings = this.#settlings;
    this.#settlings = [];
    const wait = this.#linksFlushed();
    if (wait !== undefined) await wait;
    for (const settling of settlings) settling.settle();
  }

  /** Does the herd's chores until none is left. */
  #scheduleMaintenance(): void {
    if (this.#isStopped) return;
    const { clock, router } = this.#options;
    this.#cancelMaintenance = clock.after(maintenanceEveryMs, () => {
      this.#cancelMaintenance = undefined;
      router.runMaintenance();
      this.flush();
    });
  }
}
