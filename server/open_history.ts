/**
 * Opens the history of a server, as its settings say.
 *
 * @module
 */
import type { History } from "../replica/history.ts";
import type { ReplicaRecords } from "../replica/records.ts";
import type { Clock } from "../runtime/clock.ts";
import type { EmitEvent } from "../runtime/events.ts";
import type { LimitCounts } from "../runtime/limit_counts.ts";
import type { RecordedHistory } from "../storage/history/recorder.ts";
import type { Turns } from "../runtime/turns.ts";
import {
  type DatabaseSettings,
  formatDatabaseAddress,
} from "./settings/database.ts";
import type { Settings } from "./settings/settings.ts";

/** What a history shares with its server. */
export interface HistoryContext {
  readonly clock: Clock;
  readonly counts: LimitCounts;
  readonly emit: EmitEvent;
  readonly turns: Turns;
  readonly records: ReplicaRecords | undefined;
}

/**
 * Opens the history of a server, if it has one.
 *
 * @throws {SetupError} If it cannot be used.
 */
export async function openHistory(
  settings: Settings,
  name: string,
  context: HistoryContext,
): Promise<History | undefined> {
  if (settings.history === undefined) return undefined;
  const history = settings.database === undefined
    ? await openFiles(settings, name, context)
    : await openDatabase(settings, settings.database, name, context);
  const { records, turns } = context;
  if (records !== undefined) {
    // In the background, as it may take long and no answer depends on it.
    const { storedDeletions } = await import(
      "../storage/history/stored_deletions.ts"
    );
    history.repeatDeletions(storedDeletions(records, turns));
  }
  return history;
}

async function openFiles(
  { dataDirectory, history }: Settings,
  name: string,
  { turns, ...context }: HistoryContext,
): Promise<RecordedHistory> {
  // Not loaded without a history.
  const { openSqliteHistory } = await import(
    "../storage/history/sqlite/open.ts"
  );
  return await openSqliteHistory({
    ...context,
    turns,
    folder: `${dataDirectory}/${name}/history`,
    days: Number(history),
  });
}

async function openDatabase(
  { dataDirectory, historyDays: days, historySpoolBytes }: Settings,
  connection: DatabaseSettings,
  name: string,
  context: HistoryContext,
): Promise<RecordedHistory> {
  const { openPostgresHistory } = await import(
    "../storage/history/postgres/open.ts"
  );
  return await openPostgresHistory({
    ...context,
    connection,
    place: formatDatabaseAddress(connection),
    days,
    server: name,
    spoolFolder: dataDirectory && `${dataDirectory}/${name}/spool`,
    maxSpoolBytes: historySpoolBytes,
  });
}
