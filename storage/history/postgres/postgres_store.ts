/**
 * Stores records in PostgreSQL. A batch is inserted at once if the database
 * works. Otherwise it is put into the spool, and inserted later: a batch may then
 * be inserted twice, which has no effect, because equal records are one row.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../../../protocol/bytes.ts";
import type { Timestamp } from "../../../protocol/time.ts";
import type {
  AddedRecords,
  HistoryPage,
  HistoryQuery,
} from "../../../replica/history.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { EmitEvent } from "../../../runtime/events.ts";
import type { LimitCounts } from "../../../runtime/limit_counts.ts";
import type { TurnTaker } from "../../line_reader.ts";
import type { RecordBatch } from "../record_batch.ts";
import { AppendError, type HistoryStore, type StoreState } from "../store.ts";
import { DatabaseError } from "./connection.ts";
import { Inserter, Insertion } from "./inserter.ts";
import { readPage } from "./read_page.ts";
import { appendMs, dropRetryMs, replayIntervalMs, stallMs } from "./limits.ts";
import type { Session } from "./session.ts";
import type { Spool } from "./spool.ts";
import { dropDaysBefore, forgetClient, readVersion } from "./statements.ts";

/** What the store needs. */
export interface PostgresStoreOptions extends TurnTaker {
  /** The address of the database, without a password. */
  readonly place: string;
  /** Writes. */
  readonly session: Session;
  /** Reads, so that a long answer delays no insertion. */
  readonly reader: Session;
  /** Deletes: that may take long. */
  readonly deleter: Session;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly counts: LimitCounts;
  readonly emit: EmitEvent;
}

/** The records of one server in a database. */
export class PostgresStore implements HistoryStore {
  readonly kind = "postgres";
  readonly place: string;
  readonly #options: PostgresStoreOptions;
  /** Inserts batches as they come. */
  readonly #live: Inserter;
  /** Inserts the records of the spool, and those that `add` is given. */
  readonly #other: Inserter;
  /** Resolves when no operation uses the spool. */
  #last: Promise<unknown> = Promise.resolve();
  /** Whether a batch waits for a statement that does not end. */
  #isStalled = false;
  #recorded = 0;
  #known = 0;
  #refused = 0;
  #lost = 0;
  /** Days before this one are to be dropped; undefined if they are. */
  #oldestDay: number | undefined;
  #dropAtMs = -Infinity;
  /** How many records failed deletions have removed from the spool, by client. */
  readonly #removed = new Map<ByteString, number>();
  #spoolFault: string | undefined;
  #cancelTick = () => {};
  #isReplaying = false;
  #isStopping = false;

  constructor(options: PostgresStoreOptions) {
    this.#options = options;
    this.place = options.place;
    this.#live = new Inserter(options);
    this.#other = new Inserter(options);
  }

  /** Begins to insert the records of the spool. */
  start(): void {
    this.#cancelTick = this.#options.clock.after(replayIntervalMs, () => {
      this.start();
      this.#catchUp();
    });
  }

  get state(): StoreState {
    const { session, spool } = this.#options;
    return {
      recordedRecords: this.#recorded,
      knownRecords: this.#known,
      refusedRecords: this.#refused,
      lostRecords: this.#lost,
      waitingRecords: this.#isStopping && !spool.isDurable ? 0 : spool.records,
      records: 0,
      bytes: 0,
      syncSeconds: this.#live.statementSeconds,
      spoolBytes: spool.bytes,
      damages: spool.damages,
      fault: session.fault?.message ?? this.#spoolFault ?? null,
    };
  }

  async append(batch: RecordBatch): Promise<ArrayBuffer | undefined> {
    const { clock, session } = this.#options;
    const insertion = new Insertion(batch, clock.elapsedMs() + appendMs);
    if (!this.#isStalled && !session.isDown) {
      await this.#insertLive(insertion);
      this.#recorded += insertion.inserted;
      this.#known += insertion.known;
      this.#refused += insertion.refused;
    }
    if (insertion.isDone) return batch.buffer;
    await this.#addToSpool(insertion.rest);
    return undefined;
  }

  /** Inserts a batch until the database fails, or takes too long. */
  async #insertLive(insertion: Insertion): Promise<void> {
    const { clock } = this.#options;
    const inserting = this.#live.insert(insertion).then(
      () => "ended" as const,
      (error) => {
        if (!(error instanceof DatabaseError)) throw error;
        return "ended" as const;
      },
    );
    while (true) {
      const { statements } = insertion;
      const { promise: stalled, resolve } = Promise.withResolvers<"stalled">();
      const cancel = clock.after(stallMs, () => resolve("stalled"));
      const outcome = await Promise.race([inserting, stalled]);
      cancel();
      if (outcome === "ended") return;
      if (insertion.statements > statements) continue;
      this.#isStalled = true;
      inserting.finally(() => this.#isStalled = false);
      return;
    }
  }

  async #addToSpool(batch: RecordBatch): Promise<void> {
    const { counts, spool } = this.#options;
    let isAdded: boolean;
    try {
      isAdded = await spool.add(batch);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new AppendError(`the spool: ${error.message}`, batch);
    }
    if (isAdded) return;
    counts.hit("history-spool-bytes");
    throw new AppendError("the spool is full", undefined);
  }

  async add(
    batch: RecordBatch,
  ): Promise<Pick<AddedRecords, "added" | "known">> {
    return await this.#alone(async () => {
      const insertion = new Insertion(batch);
      await this.#other.insert(insertion);
      return { added: insertion.inserted, known: insertion.known };
    });
  }

  async forget(client: ByteString, until: Timestamp): Promise<number> {
    const { deleter, session, spool } = this.#options;
    return await this.#alone(async () => {
      const { ownRecords, records } = await spool.forget(client, until);
      // The deleted records of this run count as recorded.
      this.#recorded += ownRecords;
      const removed = records + (this.#removed.get(client) ?? 0);
      this.#removed.set(client, removed);
      // A statement that was not waited for may insert some of them.
      await session.settled();
      const { rows: [[deleted]] } = await deleter.run(forgetClient, [
        encodeBytes(client),
        until.seconds,
        until.nanoseconds,
      ]);
      this.#removed.delete(client);
      return removed + Number(deleted);
    });
  }

  async retain(oldestDay: number): Promise<void> {
    this.#oldestDay = oldestDay;
    this.#dropAtMs = -Infinity;
    await this.#dropDays();
  }

  /** Drops the days that are not kept. If that fails, it is repeated. */
  async #dropDays(): Promise<void> {
    const { clock, deleter } = this.#options;
    const oldestDay = this.#oldestDay;
    if (oldestDay === undefined || deleter.isDown) return;
    if (clock.elapsedMs() < this.#dropAtMs) return;
    try {
      await deleter.run(dropDaysBefore, [oldestDay]);
      this.#live.forgetDays(oldestDay);
      this.#other.forgetDays(oldestDay);
      if (this.#oldestDay === oldestDay) this.#oldestDay = undefined;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      this.#dropAtMs = clock.elapsedMs() + dropRetryMs;
    }
  }

  async read(query: HistoryQuery): Promise<HistoryPage> {
    return await readPage(this.#options.reader, query);
  }

  /** Inserts the records of the spool, if the database works. */
  async #catchUp(): Promise<void> {
    const { session, spool } = this.#options;
    if (this.#isReplaying || session.isDown) return;
    this.#isReplaying = true;
    try {
      await this.#dropDays();
      // Nothing else finds out that the database works again.
      if (session.fault !== undefined) await session.run(readVersion);
      while (!session.isDown && spool.bytes > 0) {
        if (!await this.#alone(() => this.#replay())) break;
      }
      this.#spoolFault = undefined;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // The session has the faults of the database.
      if (!(error instanceof DatabaseError)) this.#spoolFault = error.message;
    } finally {
      this.#isReplaying = false;
    }
  }

  /** Inserts the oldest part of the spool. False if it is empty. */
  async #replay(): Promise<boolean> {
    const { spool } = this.#options;
    const part = await spool.first();
    if (part === undefined) return false;
    let refused = 0;
    for (const batch of part.batches) {
      const insertion = new Insertion(batch);
      await this.#other.insert(insertion);
      refused += insertion.refused;
    }
    await spool.removeFirst();
    const { ownRecords } = part;
    // Those that were there already were inserted before a failure.
    const ownRefused = Math.min(refused, ownRecords);
    this.#recorded += ownRecords - ownRefused;
    this.#refused += ownRefused;
    return true;
  }

  /** Runs an operation after those that use the spool now. */
  #alone<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  hurry(): void {
    this.#options.session.hurry();
    this.#options.reader.hurry();
    this.#options.deleter.hurry();
  }

  async stop(): Promise<void> {
    const { deleter, reader, session, spool } = this.#options;
    this.#cancelTick();
    // Otherwise the records of a spool in memory are lost.
    if (!spool.isDurable) await this.#catchUp();
    this.#isStopping = true;
    await Promise.all([session, reader, deleter].map((each) => each.stop()));
    await this.#last;
    if (!spool.isDurable) this.#lost += spool.records;
    await spool.close();
  }
}
