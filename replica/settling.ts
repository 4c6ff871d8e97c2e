/**
 * Holds the replies of a connection back until the replica has confirmed its
 * reports.
 *
 * @module
 */

/** The error of a replica that cannot confirm a report, or answer a query. */
export class ReplicaError extends Error {
  override readonly name = "ReplicaError";
}

/**
 * Counts the confirmations that the replies of one connection wait for. A
 * connection writes the replies to a chunk before it reads the next one, so the
 * count is for one chunk. A report that takes long delays no other connection.
 */
export class Settling {
  #pending = 0;
  #failure: ReplicaError | undefined;
  #cancellation: ReplicaError | undefined;
  #waiting: PromiseWithResolvers<void> | undefined;

  /** Adds a confirmation to wait for. `settle` or `fail` must follow. */
  begin(): void {
    this.#pending += 1;
  }

  /** One confirmation has arrived. */
  settle(): void {
    this.#pending -= 1;
    if (this.#pending > 0) return;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /** A confirmation will never arrive. No further reply may be written. */
  fail(reason: string): void {
    this.#failure ??= new ReplicaError(reason);
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  /** Ends all waiting, as the connection has ended. */
  cancel(): void {
    this.#cancellation ??= new ReplicaError("the connection has ended");
    this.#waiting?.reject(this.#cancellation);
    this.#waiting = undefined;
  }

  /** Why no further reply may be written; undefined if replies may. */
  get failure(): ReplicaError | undefined {
    return this.#failure;
  }

  /**
   * Undefined if no confirmation is pending. Otherwise resolves when all have
   * arrived. Rejects with a `ReplicaError` after `fail` or `cancel`.
   */
  settled(): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#pending === 0) return undefined;
    if (this.#cancellation !== undefined) {
      return Promise.reject(this.#cancellation);
    }
    this.#waiting ??= Promise.withResolvers<void>();
    return this.#waiting.promise;
  }
}
