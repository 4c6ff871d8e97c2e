/**
 * One user of the database: connects when it is needed, runs one statement after
 * the other, and waits longer and longer between attempts while the database is
 * down.
 *
 * @module
 */
import type { Clock } from "../../../runtime/clock.ts";
import {
  type Connect,
  type Connection,
  DatabaseError,
  type Result,
  type Statement,
  type Value,
} from "./connection.ts";
import {
  connectTimeoutMs,
  retryCapMs,
  retryFloorMs,
  statementTimeoutMs,
  stoppingTimeoutMs,
} from "./limits.ts";
import { checkSchema } from "./migrations.ts";

/** What a session needs. */
export interface SessionOptions {
  readonly connect: Connect;
  readonly clock: Clock;
  /** Longest wait for a statement, in milliseconds. */
  readonly timeoutMs?: number;
  /** Called when the database fails, and with undefined when it works again. */
  readonly onFault?: (fault: DatabaseError | undefined) => void;
}

/** Uses one connection at a time. */
export class Session {
  readonly #options: SessionOptions;
  #connection: Connection | undefined;
  /** Resolves when the statements that were given before have ended. */
  #last: Promise<unknown> = Promise.resolve();
  #fault: DatabaseError | undefined;
  #retryAtMs = -Infinity;
  #waitMs = retryFloorMs;
  #timeoutMs: number;
  readonly #stopping = new AbortController();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? statementTimeoutMs;
  }

  /** Why the last statement failed; undefined if the database works. */
  get fault(): DatabaseError | undefined {
    return this.#fault;
  }

  /** Whether the next statement fails at once, as the last one has just failed. */
  get isDown(): boolean {
    return this.#stopping.signal.aborted || this.#fault !== undefined &&
        this.#options.clock.elapsedMs() < this.#retryAtMs;
  }

  /**
   * Runs a statement after those that were given before.
   *
   * @throws {DatabaseError} If it has failed, or if the database is down. It may
   * have been executed even so.
   */
  run(statement: Statement, values?: readonly Value[]): Promise<Result> {
    const result = this.#last.then(() => this.#run(statement, values));
    this.#last = result.catch(() => {});
    return result;
  }

  /** Resolves when the statements that were given before have ended. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #run(statement: Statement, values?: readonly Value[]): Promise<Result> {
    if (this.isDown) throw this.#fault ?? stopped();
    try {
      this.#connection ??= await this.#connect();
      const connection = this.#connection;
      const result = await this.#withTimeout(
        this.#timeoutMs,
        connection.run(statement, values),
        () => connection.close(),
      );
      this.#recover();
      return result;
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      // All other errors leave the connection as it was.
      const { kind } = error;
      if (kind === "unavailable" || kind === "setup") this.#fail(error);
      throw error;
    }
  }

  async #connect(): Promise<Connection> {
    const attempt = new AbortController();
    const abort = () => attempt.abort(stopped());
    this.#stopping.signal.addEventListener("abort", abort);
    let connection: Connection | undefined;
    // A connection that breaks between statements is replaced by the next one.
    const onEnd = () => {
      const isUsed = this.#connection === connection;
      if (isUsed) this.#connection = undefined;
    };
    try {
      connection = await this.#withTimeout(
        connectTimeoutMs,
        this.#options.connect(onEnd, attempt.signal),
        () => attempt.abort(),
      );
      await this.#withTimeout(
        connectTimeoutMs,
        checkSchema(connection),
        () => connection?.close(),
      );
      return connection;
    } catch (error) {
      connection?.close();
      throw error;
    } finally {
      this.#stopping.signal.removeEventListener("abort", abort);
    }
  }

  /** Waits for an operation; ends it if it takes too long. */
  async #withTimeout<Result>(
    timeoutMs: number,
    operation: Promise<Result>,
    end: () => void,
  ): Promise<Result> {
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = this.#options.clock.after(timeoutMs, () => {
      reject(
        new DatabaseError(`the database has not answered in ${timeoutMs} ms`),
      );
      end();
    });
    // The ended operation rejects later, and nothing else handles that.
    operation.catch(() => {});
    try {
      return await Promise.race([operation, promise]);
    } finally {
      cancel();
    }
  }

  #fail(error: DatabaseError): void {
    this.#connection?.close();
    this.#connection = undefined;
    const { clock, onFault } = this.#options;
    const isNew = this.#fault === undefined;
    this.#fault = error;
    this.#retryAtMs = clock.elapsedMs() +
      this.#waitMs * (0.75 + clock.random() / 2);
    this.#waitMs = Math.min(2 * this.#waitMs, retryCapMs);
    if (isNew) onFault?.(error);
  }

  #recover(): void {
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#waitMs = retryFloorMs;
    this.#options.onFault?.(undefined);
  }

  /** Gives statements less time from now on, as the server stops. */
  hurry(): void {
    this.#timeoutMs = stoppingTimeoutMs;
  }

  /** Ends the connection. Does not wait long for the database. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined) return;
    await this.#withTimeout(
      stoppingTimeoutMs,
      connection.end(),
      () => connection.close(),
    ).catch(() => {});
  }
}

function stopped(): DatabaseError {
  return new DatabaseError("the server stops");
}
