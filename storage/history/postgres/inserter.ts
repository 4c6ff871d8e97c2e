/**
 * Inserts the records of batches, many rows with each statement.
 *
 * @module
 */
import { dayOf } from "../../../protocol/time.ts";
import { effectiveSeconds } from "../../../protocol/order.ts";
import type { Report } from "../../../protocol/report.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { EmitEvent } from "../../../runtime/events.ts";
import type { LimitCounts } from "../../../runtime/limit_counts.ts";
import type { TurnTaker } from "../../line_reader.ts";
import { readBatch, type RecordBatch } from "../record_batch.ts";
import { DatabaseError, type Statement, type Value } from "./connection.ts";
import {
  maxRecordedIdBytes,
  refusedDayMs,
  rowsPerCheck,
  rowsPerStatement,
} from "./limits.ts";
import { RowEncoder } from "./row_encoder.ts";
import type { Session } from "./session.ts";
import { addDay, insertNewRows, insertRows } from "./statements.ts";

/** The insertion of one batch, and how far it is. */
export class Insertion {
  readonly batch: RecordBatch;
  /** Rows that were inserted. */
  inserted = 0;
  /** Records that were there already. */
  known = 0;
  /** Records that the database does not take. */
  refused = 0;
  /** Statements that have ended. */
  statements = 0;
  /** Where the first record of the batch begins that is not handled yet. */
  doneBytes = 0;
  /** No further statement is begun after this time, by `elapsedMs`. */
  readonly untilMs: number;

  constructor(batch: RecordBatch, untilMs = Infinity) {
    this.batch = batch;
    this.untilMs = untilMs;
  }

  get isDone(): boolean {
    return this.doneBytes === this.batch.bytes;
  }

  /** The records that are not handled yet. */
  get rest(): RecordBatch {
    const { batch, doneBytes, inserted, known, refused } = this;
    if (doneBytes === 0) return batch;
    const done = inserted + known + refused;
    return slice(batch, doneBytes, batch.bytes, batch.records - done);
  }
}

/** What an inserter needs. */
export interface InserterOptions extends TurnTaker {
  readonly session: Session;
  readonly clock: Clock;
  readonly counts: LimitCounts;
  readonly emit: EmitEvent;
}

/** Some consecutive records of a batch, whose rows are in the encoder. */
interface Piece {
  /** Where they are in the batch. */
  readonly from: number;
  readonly to: number;
  readonly records: number;
  readonly refused: number;
}

/** Inserts one batch at a time. */
export class Inserter {
  readonly #options: InserterOptions;
  readonly #encoder = new RowEncoder();
  /** The days that have a partition. */
  readonly #days = new Set<number>();
  /** Until when the database is not asked for a day that it has refused. */
  readonly #refusedDays = new Map<number, number>();
  #hasReportedRefusal = false;
  #statementMs = 0;

  constructor(options: InserterOptions) {
    this.#options = options;
  }

  /** How long the last statement took, in seconds. */
  get statementSeconds(): number {
    return this.#statementMs / 1000;
  }

  /** The days before a day were dropped. */
  forgetDays(oldestDay: number): void {
    for (const day of this.#days) if (day < oldestDay) this.#days.delete(day);
  }

  /**
   * Inserts the records of a batch, until its time is over.
   *
   * @throws {DatabaseError} If the database is down. Handled records stay handled.
   */
  async insert(insertion: Insertion): Promise<void> {
    const { clock } = this.#options;
    const reports = readBatch(insertion.batch);
    while (
      insertion.statements === 0 || clock.elapsedMs() < insertion.untilMs
    ) {
      const piece = await this.#encode(reports, insertion);
      if (piece === undefined) return;
      await this.#insertPiece(piece, insertion);
      insertion.doneBytes = piece.to;
    }
  }

  /** Encodes the next rows, in turns of the event loop. */
  async #encode(
    reports: Iterator<Report>,
    insertion: Insertion,
  ): Promise<Piece | undefined> {
    const { turns, workload } = this.#options;
    const encoder = this.#encoder;
    encoder.clear();
    let [records, refused, to] = [0, 0, 0];
    await turns.begin(workload);
    while (encoder.rows < rowsPerStatement) {
      const { done, value: report } = reports.next();
      if (done) break;
      records += 1;
      to = report.recordEnd;
      if (await this.#isTaken(report, insertion)) encoder.add(report);
      else refused += 1;
      if (records % rowsPerCheck === 0 && turns.end(workload)) {
        await turns.begin(workload);
      }
    }
    turns.end(workload);
    if (records === 0) return undefined;
    return { from: insertion.doneBytes, to, records, refused };
  }

  /** Whether the database takes a report. Adds the partition of its day. */
  #isTaken(report: Report, insertion: Insertion): boolean | Promise<boolean> {
    const { clientEnd, clientStart } = report;
    if (clientEnd - clientStart > maxRecordedIdBytes) {
      this.#options.counts.hit("history-id-bytes");
      return false;
    }
    const day = dayOf(effectiveSeconds(report));
    return this.#days.has(day) || this.#addDay(day, insertion);
  }

  async #addDay(day: number, insertion: Insertion): Promise<boolean> {
    const nowMs = this.#options.clock.elapsedMs();
    if (nowMs < (this.#refusedDays.get(day) ?? -Infinity)) return false;
    const { rows: [[isAdded]] } = await this.#run(addDay, [day], insertion);
    if (isAdded === "t") {
      this.#days.add(day);
      this.#refusedDays.delete(day);
      return true;
    }
    // Only a few days are near enough to be asked for.
    if (this.#refusedDays.size >= maxRefusedDays) this.#refusedDays.clear();
    this.#refusedDays.set(day, nowMs + refusedDayMs);
    return false;
  }

  async #insertPiece(piece: Piece, insertion: Insertion): Promise<void> {
    const { rows } = this.#encoder;
    let inserted = 0;
    if (rows > 0) {
      const values = this.#encoder.finish();
      try {
        inserted = await this.#insertRows(values, insertion);
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error;
        const { kind } = error;
        if (kind !== "values" && kind !== "no partition") throw error;
        return await this.#insertParts(piece, insertion, error);
      }
    }
    insertion.inserted += inserted;
    insertion.known += rows - inserted;
    insertion.refused += piece.refused;
  }

  /**
   * Inserts rows. Nearly all rows are new, and to look for those that are not
   * takes a third of the time: that is done only if there is one.
   *
   * @returns How many were new.
   */
  async #insertRows(
    values: readonly Value[],
    insertion: Insertion,
  ): Promise<number> {
    try {
      const { count } = await this.#run(insertNewRows, values, insertion);
      return count;
    } catch (error) {
      const isKnown = error instanceof DatabaseError &&
        error.code === uniqueViolation;
      if (!isKnown) throw error;
      return (await this.#run(insertRows, values, insertion)).count;
    }
  }

  /**
   * Inserts rows again that the database has refused together: in two halves, so
   * that in the end only the refused ones are left out.
   */
  async #insertParts(
    { from, records, to }: Piece,
    insertion: Insertion,
    error: DatabaseError,
  ): Promise<void> {
    // A partition may have been dropped.
    this.#days.clear();
    if (records === 1) {
      insertion.refused += 1;
      if (this.#hasReportedRefusal) return;
      this.#hasReportedRefusal = true;
      this.#options.emit("error", "server", "report refused by database", {
        reason: error.message,
      });
      return;
    }
    const piece = slice(insertion.batch, from, to, records);
    for (const half of halves(piece)) {
      const part = new Insertion(half);
      await this.insert(part);
      insertion.inserted += part.inserted;
      insertion.known += part.known;
      insertion.refused += part.refused;
    }
  }

  async #run(
    statement: Statement,
    values: readonly Value[],
    insertion: Insertion,
  ) {
    const { clock, session } = this.#options;
    const startMs = clock.elapsedMs();
    const result = await session.run(statement, values);
    this.#statementMs = clock.elapsedMs() - startMs;
    insertion.statements += 1;
    return result;
  }
}

/** The code of a row that is there already. */
const uniqueViolation = "23505";

/** Most refused days that are remembered. */
const maxRefusedDays = 1_000;

/** A part of a batch, in a buffer of its own. */
function slice(
  { buffer }: RecordBatch,
  from: number,
  to: number,
  records: number,
): RecordBatch {
  return { buffer: buffer.slice(from, to), bytes: to - from, records };
}

/** The two halves of a batch with two records or more. */
function halves(batch: RecordBatch): readonly RecordBatch[] {
  const first = batch.records >> 1;
  let records = 0;
  let at = 0;
  for (const report of readBatch(batch)) {
    if (records === first) break;
    records += 1;
    at = report.recordEnd;
  }
  return [
    slice(batch, 0, at, first),
    slice(batch, at, batch.bytes, batch.records - first),
  ];
}
