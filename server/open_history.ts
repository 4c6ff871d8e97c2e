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
import { SetupError } from "../runtime/setup_error.ts";
import type { Turns } from "../runtime/turns.ts";
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
  { dataDirectory, history: kept }: Settings,
  name: string,
  { records, turns, ...context }: HistoryContext,
): Promise<History | undefined> {
  if (kept === undefined) return undefined;
  if (typeof kept === "string") {
    throw new SetupError("--history: only a number of days is supported");
  }
  // Not loaded without a history.
  const [{ openSqliteHistory }, { storedDeletions }] = await Promise.all([
    import("../storage/history/sqlite/open.ts"),
    import("../storage/history/stored_deletions.ts"),
  ]);
  const history = await openSqliteHistory({
    ...context,
    turns,
    folder: `${dataDirectory}/${name}/history`,
    days: kept,
  });
  if (records !== undefined) {
    // In the background: it may take long, and changes no answer.
    history.repeatDeletions(storedDeletions(records, turns));
  }
  return history;
}
