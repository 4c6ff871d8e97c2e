/**
 * Opens a history in SQLite files.
 *
 * @module
 */
import type { History } from "../../../replica/history.ts";
import { SetupError, setupError } from "../../../runtime/setup_error.ts";
import { RecordedHistory, type RecorderOptions } from "../recorder.ts";
import { type SqliteOptions, SqliteStore } from "./sqlite_store.ts";

/** What opening needs. */
export type OpenOptions = SqliteOptions & Omit<RecorderOptions, "store">;

/**
 * Opens the history in a folder, which is created if it does not exist.
 *
 * @throws {SetupError} If it cannot be used.
 */
export async function openSqliteHistory(
  options: OpenOptions,
): Promise<RecordedHistory & History> {
  const { folder } = options;
  const store = new SqliteStore(options);
  try {
    // Other users of this machine must not read the positions.
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await store.start();
  } catch (error) {
    await store.stop();
    if (error instanceof SetupError) throw error;
    throw setupError(`cannot use the history in ${folder}`, error);
  }
  const history = new RecordedHistory({ ...options, store });
  history.start();
  return history;
}
