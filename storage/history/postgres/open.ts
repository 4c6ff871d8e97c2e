/**
 * Opens a history in PostgreSQL.
 *
 * @module
 */
import type { Clock } from "../../../runtime/clock.ts";
import type { EmitEvent } from "../../../runtime/events.ts";
import type { LimitCounts } from "../../../runtime/limit_counts.ts";
import {
  SlowOperationError,
  withTimeout,
} from "../../../runtime/operation_timer.ts";
import { SetupError, setupError } from "../../../runtime/setup_error.ts";
import { type Turns, Workload } from "../../../runtime/turns.ts";
import { DiskFolder } from "../../data_folder.ts";
import type { History } from "../../../replica/history.ts";
import { RecordedHistory } from "../recorder.ts";
import { type ConnectionSettings, DatabaseError } from "./connection.ts";
import { DiskSpool } from "./disk_spool.ts";
import { loadDriver } from "./driver.ts";
import {
  defaultMemorySpoolBytes,
  defaultSpoolBytes,
  deletionTimeoutMs,
  startTimeoutMs,
} from "./limits.ts";
import { PostgresStore } from "./postgres_store.ts";
import { RowEncoder } from "./row_encoder.ts";
import { Session } from "./session.ts";
import { MemorySpool, type Spool } from "./spool.ts";
import { insertRows } from "./statements.ts";

/** What opening needs. */
export interface OpenPostgresOptions {
  readonly connection: ConnectionSettings;
  /** The address of the database, without a password, for people. */
  readonly place: string;
  /** How many days are kept besides the present one. */
  readonly days: number;
  /** The folder of the spool; undefined for a spool in memory. */
  readonly spoolFolder: string | undefined;
  /** Most bytes of the spool; undefined for the default. */
  readonly maxSpoolBytes: number | undefined;
  /** The server's name. */
  readonly server: string;
  readonly clock: Clock;
  readonly turns: Turns;
  readonly counts: LimitCounts;
  readonly emit: EmitEvent;
  /** Opens a file; `Deno.open` by default. */
  readonly open?: typeof Deno.open;
}

/**
 * Opens the history of one server. If the database is down, records wait in the
 * spool.
 *
 * @throws {SetupError} If the database refuses the server or has another schema,
 * or if the spool cannot be used.
 */
export async function openPostgresHistory(
  options: OpenPostgresOptions,
): Promise<RecordedHistory & History> {
  const store = await openPostgresStore(options);
  const history = new RecordedHistory({ ...options, store });
  history.start();
  return history;
}

/** Opens the store of a history. */
export async function openPostgresStore(
  options: Omit<OpenPostgresOptions, "days">,
): Promise<PostgresStore> {
  const { clock, connection, counts, emit, place, server, turns } = options;
  const spool = await openSpool(options);
  const connect = await loadDriver(connection, `herd ${server}`);
  const session = new Session({
    connect,
    clock,
    onFault(fault) {
      if (fault === undefined) {
        emit("info", "server", "database working", { spoolBytes: spool.bytes });
      } else {
        emit("error", "server", "database failing", {
          database: place,
          reason: fault.message,
        });
      }
    },
  });
  const reader = new Session({ connect, clock });
  const deleter = new Session({
    connect,
    clock,
    timeoutMs: deletionTimeoutMs,
  });
  try {
    await requireRights(session, clock);
  } catch (error) {
    await Promise.all([session.stop(), spool.close()]);
    throw setupError(`cannot use ${place}`, error);
  }
  const store = new PostgresStore({
    place,
    session,
    reader,
    deleter,
    spool,
    clock,
    counts,
    emit,
    turns,
    workload: new Workload(),
  });
  store.start();
  return store;
}

/**
 * Inserts no rows, to find out whether this server may insert some.
 *
 * @throws {DatabaseError} If the database or the settings have to be changed.
 */
async function requireRights(session: Session, clock: Clock): Promise<void> {
  const noRows = new RowEncoder().finish();
  try {
    await withTimeout(
      clock,
      "connecting",
      session.run(insertRows, noRows),
      startTimeoutMs,
    );
  } catch (error) {
    const isSlow = error instanceof SlowOperationError;
    const isDown = error instanceof DatabaseError && error.kind !== "setup";
    if (!isSlow && !isDown) throw error;
  }
}

/** Opens the spool in the data folder, or in memory. */
async function openSpool(
  options: Omit<OpenPostgresOptions, "days">,
): Promise<Spool> {
  const { maxSpoolBytes, open, server, spoolFolder: path, turns } = options;
  if (path === undefined) {
    return new MemorySpool(maxSpoolBytes ?? defaultMemorySpoolBytes);
  }
  try {
    const folder = await DiskFolder.lock(path, open);
    if (folder === undefined) {
      throw new SetupError(
        `${path} is in use by another process: is this server running already?`,
      );
    }
    try {
      return await DiskSpool.open({
        folder,
        server,
        maxBytes: maxSpoolBytes ?? defaultSpoolBytes,
        turns,
        workload: new Workload(),
      });
    } catch (error) {
      folder.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw setupError(`cannot use the spool ${path}`, error);
  }
}
