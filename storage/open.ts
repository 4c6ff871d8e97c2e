/**
 * Opens the data folder of a server, and restores its records.
 *
 * @module
 */
import { SetupError, setupError } from "../runtime/setup_error.ts";
import { secondsOf } from "../runtime/clock.ts";
import { Workload } from "../runtime/turns.ts";
import { DiskFolder } from "./data_folder.ts";
import { recover, type RecoveryOptions } from "./recovery.ts";
import { Storage, type StorageOptions } from "./storage.ts";

/** What opening needs. */
export interface OpenOptions
  extends
    Omit<StorageOptions, "folder" | "workload">,
    Omit<RecoveryOptions, "folder" | "workload" | "nowSeconds"> {
  /** The folder's path. */
  readonly path: string;
  /** Opens a file; `Deno.open` by default. */
  readonly open?: typeof Deno.open;
}

/**
 * Restores the records of a folder, and keeps the new ones in it.
 *
 * @throws {SetupError} If the folder cannot be used, or is in use.
 */
export async function openStorage(options: OpenOptions): Promise<Storage> {
  const { clock, path, signal } = options;
  try {
    const folder = await DiskFolder.lock(path, options.open);
    if (folder === undefined) {
      throw new SetupError(
        `${path} is in use by another process: is this server running already?`,
      );
    }
    try {
      const context = { ...options, folder, workload: new Workload() };
      const recovered = await recover({
        ...context,
        nowSeconds: () => secondsOf(clock),
      });
      const storage = new Storage(context, recovered);
      await storage.start(recovered);
      return storage;
    } catch (error) {
      folder.close();
      throw error;
    }
  } catch (error) {
    if (error instanceof SetupError) throw error;
    if (signal?.aborted) {
      throw new SetupError(`${signal.reason.message} for reading ${path}`);
    }
    throw setupError(`cannot use the data folder ${path}`, error);
  }
}
