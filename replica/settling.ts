/**
 * Lets the replies of one connection wait until its reports are where the
 * replica promises them to be.
 *
 * @module
 */

/** Why a replica cannot keep its promise about a report, or answer a query. */
export class ReplicaError extends Error {
  override readonly name = "ReplicaError";
}

/**
 * Counts what has to happen before the replies of one connection may go out.
 * A connection has one and uses it for chunk after chunk: it writes the replies
 * to a chunk before it reads the next one, so the count is about one chunk, and
 * a report that takes long delays no other connection.
 */
export class Settling {
  #pending = 0;
  #failure: ReplicaError | undefined;
  #cancellation: ReplicaError | undefined;
  #waiting: PromiseWithResolvers<void> | undefined;

  /** One thing more has to happen: `settle` or `fail` follows. */
  begin(): void {
    this.#pending += 1;
  }

  /** One thing has happened. */
  settle(): void {
    this.#pending -= 1;
    if (this.#pending > 0) return;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  /** One thing will never happen: no further reply may go out. */
  fail(reason: string): void {
    this.#failure ??= new ReplicaError(reason);
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  /** The connection is over: nothing has to wait for what is pending. */
  cancel(): void {
    this.#cancellation ??= new ReplicaError("the connection is over");
    this.#waiting?.reject(this.#cancellation);
    this.#waiting = undefined;
  }

  /** Why no further reply may go out; undefined if replies may. */
  get failure(): ReplicaError | undefined {
    return this.#failure;
  }

  /**
   * Resolves when nothing is pending; undefined if that is the case already.
   * Rejects with a `ReplicaError` if something fails, or at the end of the
   * connection.
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
