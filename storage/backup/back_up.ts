/**
 * Copies the data folders of servers, which may be running.
 *
 * A snapshot and the tails after it have all records, also if the server appends
 * some meanwhile: the newest record of a client counts. If the server replaces
 * these files while they are copied, they are copied again. SQLite copies each day
 * of the history as it is at one moment.
 *
 * @module
 */
import { SetupError, setupError } from "../../runtime/setup_error.ts";
import { planFiles, snapshotName, tailName } from "../file_names.ts";
import { copyFile, sumUp } from "./copy_file.ts";
import { type BackupFile, formatManifest, manifestName } from "./manifest.ts";

/** How often files that were replaced are copied again. */
const maxAttempts = 10;

/** The folder with the history, in a server's folder. */
const historyName = "history";

/** A day of a history. */
const dayForm = /^[\w-]+\.sqlite$/;

export interface BackUpOptions {
  /** The folder that has the servers' folders. */
  readonly from: string;
  /** The backup's folder, which is empty or does not exist. */
  readonly to: string;
  /** The servers to copy; all by default. */
  readonly servers?: readonly string[];
  /** When it is begun, in ISO 8601. */
  readonly time: string;
  /** Called with each file that is copied. */
  readonly onFile?: (path: string) => void;
}

/**
 * Copies the data folders of servers.
 *
 * @returns The files of the backup.
 * @throws {SetupError} If that is not possible. Names the file.
 */
export async function backUp(
  { from, onFile = () => {}, servers, time, to }: BackUpOptions,
): Promise<readonly BackupFile[]> {
  const names = servers ?? await foldersIn(from);
  if (names.length === 0) throw new SetupError(`${from} has no data folders`);
  await createEmpty(to);
  const files: BackupFile[] = [];
  for (const name of names) {
    files.push(
      ...await backUpRecords(`${from}/${name}`, to, name, onFile),
      ...await backUpHistory(`${from}/${name}`, to, name, onFile),
    );
  }
  await Deno.writeTextFile(
    `${to}/${manifestName}`,
    formatManifest({ time, files }),
    { createNew: true, mode: 0o600 },
  );
  return files;
}

/** The names of the folders in a folder. */
async function foldersIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { isDirectory, name } of Deno.readDir(path)) {
      if (isDirectory) names.push(name);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new SetupError(`${path}: there is no such folder`);
    }
    throw setupError(path, error);
  }
  return names.sort();
}

/** Creates a folder, unless it is there and empty. */
export async function createEmpty(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    for await (const { name } of Deno.readDir(path)) {
      throw new SetupError(`${path} has a file already: ${name}`);
    }
  } catch (error) {
    throw error instanceof SetupError ? error : setupError(path, error);
  }
}

/** Copies the snapshot and the tails. */
async function backUpRecords(
  from: string,
  to: string,
  name: string,
  onFile: (path: string) => void,
): Promise<BackupFile[]> {
  await Deno.mkdir(`${to}/${name}`, { mode: 0o700 });
  for (let attempt = 1;; attempt++) {
    const copied: BackupFile[] = [];
    try {
      for (const file of await recordFiles(from)) {
        const path = `${name}/${file}`;
        onFile(path);
        const sum = await copyFile(`${from}/${file}`, `${to}/${path}`, {
          isOfLines: true,
        });
        copied.push({ path, ...sum });
      }
      return copied;
    } catch (error) {
      const wasReplaced = error instanceof Deno.errors.NotFound;
      if (!wasReplaced || attempt === maxAttempts) {
        throw setupError(from, error);
      }
      for await (const { name: file } of Deno.readDir(`${to}/${name}`)) {
        await Deno.remove(`${to}/${name}/${file}`);
      }
    }
  }
}

/** The snapshot and the tails of a server's folder. */
async function recordFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { isFile, name } of Deno.readDir(folder)) {
    if (isFile) names.push(name);
  }
  const { snapshot, tails } = planFiles(names);
  return [
    ...snapshot === undefined ? [] : [snapshotName(snapshot)],
    ...tails.map(tailName),
  ];
}

/** Copies the days of a history. */
async function backUpHistory(
  from: string,
  to: string,
  name: string,
  onFile: (path: string) => void,
): Promise<BackupFile[]> {
  const days: string[] = [];
  try {
    for await (const entry of Deno.readDir(`${from}/${historyName}`)) {
      if (entry.isFile && dayForm.test(entry.name)) days.push(entry.name);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw setupError(from, error);
  }
  if (days.length === 0) return [];
  // Not loaded without a history.
  const { backup, DatabaseSync } = await import("node:sqlite");
  await Deno.mkdir(`${to}/${name}/${historyName}`, { mode: 0o700 });
  const copied: BackupFile[] = [];
  for (const day of days.sort()) {
    const path = `${name}/${historyName}/${day}`;
    onFile(path);
    try {
      const database = new DatabaseSync(`${from}/${historyName}/${day}`);
      try {
        await backup(database, `${to}/${path}`, { rate: -1 });
      } finally {
        database.close();
      }
    } catch (error) {
      // A day may be over its time, and be deleted.
      if (!await isThere(`${from}/${historyName}/${day}`)) continue;
      throw setupError(`${from}/${historyName}/${day}`, error);
    }
    await Deno.chmod(`${to}/${path}`, 0o600).catch(() => {});
    copied.push({ path, ...await sumUp(`${to}/${path}`) });
  }
  return copied;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}
