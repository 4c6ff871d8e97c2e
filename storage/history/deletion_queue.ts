/**
 * Deletions that have to be repeated: those that failed, and those whose time is
 * in the future, because reports from before that time may still arrive.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { compareTimestamps, type Timestamp } from "../../protocol/time.ts";
import { maxWaitingDeletions } from "./limits.ts";

/** Deletes the records of a client that were heard until a time. */
export type DeleteRecords = (
  client: ByteString,
  until: Timestamp,
) => Promise<number>;

/** Deletions of one history. */
export class DeletionQueue {
  readonly #delete: DeleteRecords;
  readonly #now: () => Timestamp;
  readonly #waiting = new Map<ByteString, Timestamp>();

  constructor(deleteRecords: DeleteRecords, now: () => Timestamp) {
    this.#delete = deleteRecords;
    this.#now = now;
  }

  /** How many wait to be repeated. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Makes a deletion.
   *
   * @throws {Error} If it failed. Then it is repeated.
   */
  async run(client: ByteString, until: Timestamp): Promise<number> {
    try {
      return await this.#delete(client, until);
    } catch (error) {
      this.repeatLater(client, until);
      throw error;
    }
  }

  /** Repeats a deletion later: the latest one of each client. */
  repeatLater(client: ByteString, until: Timestamp): void {
    const earlier = this.#waiting.get(client);
    if (earlier !== undefined && compareTimestamps(earlier, until) >= 0) return;
    const isFull = this.#waiting.size >= maxWaitingDeletions;
    if (earlier === undefined && isFull) return;
    this.#waiting.set(client, until);
  }

  /** Repeats the deletions whose time has come. */
  async repeat(): Promise<void> {
    if (this.#waiting.size === 0) return;
    const now = this.#now();
    for (const [client, until] of [...this.#waiting]) {
      if (compareTimestamps(until, now) >= 0) continue;
      this.#waiting.delete(client);
      try {
        await this.run(client, until);
      } catch {
        // It waits again.
        return;
      }
    }
  }
}
