/**
 * Writes the outboxes to the links, and settles replies when the sockets have
 * taken the data. It also runs the router's maintenance, which may put messages
 * in the outboxes.
 *
 * @module
 */
import type { Clock } from "../../runtime/clock.ts";
import { maintenanceEveryMs, rebuildEveryMs } from "../limits.ts";
import type { Settling } from "../../replica/settling.ts";
import type { FloodRouter } from "../replication/flood_router.ts";
import type { Link } from "./link.ts";

/** What `Flusher` needs. */
export interface FlusherOptions {
  readonly clock: Clock;
  readonly router: FloodRouter;
  /** Each neighbour, with the link in use if there is one. */
  readonly neighbours: ReadonlyMap<string, { readonly link?: Link }>;
}

/** Flushes the outboxes of one server. */
export class Flusher {
  readonly #options: FlusherOptions;
  #cancelMaintenance: (() => void) | undefined;
  #cancelRebuild: (() => void) | undefined;
  #isFlushScheduled = false;
  /** Settled by the next flush. */
  #settlings: Settling[] = [];
  #isStopped = false;

  constructor(options: FlusherOptions) {
    this.#options = options;
  }

  /** Writes all outboxes to the sockets. */
  flush(): void {
    for (const { link } of this.#options.neighbours.values()) link?.flush();
    if (
      this.#cancelMaintenance === undefined &&
      this.#options.router.needsMaintenance
    ) {
      this.#scheduleMaintenance();
    }
    if (this.#options.router.isRebuilding) this.#scheduleRebuild();
  }

  /**
   * Flushes after all chunks that arrived together are processed, so that their
   * reports are written together and cost each neighbour one read.
   *
   * @param settling Settled when the sockets of all neighbours whose links are
   * not stalled have taken every report accepted so far. Not used if no
   * neighbour is linked.
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

  /** Resolves when the sockets have taken what the links have. */
  #linksFlushed(): Promise<unknown> | undefined {
    let waits: Promise<void>[] | undefined;
    for (const { link } of this.#options.neighbours.values()) {
      const wait = link?.flushed();
      if (wait !== undefined) (waits ??= []).push(wait);
    }
    return waits && Promise.all(waits);
  }

  /** Ends maintenance. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelMaintenance?.();
    this.#cancelRebuild?.();
  }

  async #flushInMicrotask(): Promise<void> {
    // The tasks that process the other chunks are already in the microtask queue.
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

  /** Rebuilds the digest tree piece by piece. */
  #scheduleRebuild(): void {
    if (this.#isStopped || this.#cancelRebuild !== undefined) return;
    const { clock, router } = this.#options;
    this.#cancelRebuild = clock.after(rebuildEveryMs, () => {
      this.#cancelRebuild = undefined;
      router.rebuild();
      this.flush();
    });
  }

  /** Runs maintenance repeatedly, as long as there is any. */
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
