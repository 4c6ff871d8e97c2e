/**
 * Deletes forgotten clients from the history of one server, and counts the
 * records.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { compareTimestamps, type Timestamp } from "../protocol/time.ts";
import { type History, maxForgetWaitMs } from "./history.ts";
import type { Clock } from "../runtime/clock.ts";

/**
 * So many deletions are remembered, with IDs of a kilobyte each. A server has
 * often heard of a deletion by another one before it is asked for it, and then
 * says how many records that one has deleted here.
 */
const maxRemembered = 100;

/** A deletion until a time. */
interface HistoryDeletion {
  readonly until: Timestamp;
  /** How many records it has deleted. */
  readonly records: Promise<number>;
  isRunning: boolean;
}

/** What the deletions of one history need. */
export interface HistoryDeletionOptions {
  readonly history: Pick<History, "forget">;
  readonly clock: Clock;
  /** Called at the end of each one, with its records or its failure. */
  readonly onEnd: (client: ByteString, result: number | Error) => void;
}

/** The deletions of one history. */
export class HistoryDeletions {
  readonly #options: HistoryDeletionOptions;
  /** The last one of each client, the latest at the end. */
  readonly #deletions = new Map<ByteString, HistoryDeletion>();

  constructor(options: HistoryDeletionOptions) {
    this.#options = options;
  }

  /** Deletes a client's records. The history repeats a deletion that fails. */
  start(client: ByteString, until: Timestamp): HistoryDeletion {
    const { history, onEnd } = this.#options;
    const earlier = this.#find(client, until)?.records;
    const running = history.forget(client, until);
    const deletion = {
      until,
      records: running.then(async (records) => records + (await earlier ?? 0)),
      isRunning: true,
    };
    this.#remember(client, deletion);
    running.then((records) => {
      deletion.isRunning = false;
      onEnd(client, records);
    }, (error: unknown) => {
      if (this.#deletions.get(client) === deletion) {
        this.#deletions.delete(client);
      }
      onEnd(client, error instanceof Error ? error : new Error(`${error}`));
    });
    deletion.records.catch(() => {});
    return deletion;
  }

  /**
   * Deletes a client's records, unless that is under way. Resolves to the number
   * of records that were deleted until this time, also before; null if the
   * deletion has failed, or takes longer than an answer may wait.
   */
  async finish(client: ByteString, until: Timestamp): Promise<number | null> {
    const known = this.#find(client, until);
    const { records } = known?.isRunning ? known : this.start(client, until);
    const { promise, resolve } = Promise.withResolvers<null>();
    const cancel = this.#options.clock.after(
      maxForgetWaitMs,
      () => resolve(null),
    );
    try {
      return await Promise.race([records.catch(() => null), promise]);
    } finally {
      cancel();
    }
  }

  #find(client: ByteString, until: Timestamp): HistoryDeletion | undefined {
    const known = this.#deletions.get(client);
    return known && compareTimestamps(known.until, until) === 0
      ? known
      : undefined;
  }

  #remember(client: ByteString, deletion: HistoryDeletion): void {
    this.#deletions.delete(client);
    this.#deletions.set(client, deletion);
    if (this.#deletions.size <= maxRemembered) return;
    const [oldest] = this.#deletions.keys();
    this.#deletions.delete(oldest);
  }
}
