/**
 * `herd backup FOLDER` and `herd restore FOLDER`: copies data folders, and puts
 * copies back.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
} from "../cli/arguments.ts";
import { formatNumber } from "../cli/numbers.ts";
import { print } from "../cli/print.ts";
import { Progress } from "../cli/progress.ts";
import { requirePermissions } from "../runtime/permissions.ts";
import type { BackupFile } from "../storage/backup/manifest.ts";

/** The folder of `deno task herd:durable`. */
const defaultDataFolder = "data";

const folderFlags: Flags = {
  "data-dir": {
    value: "FOLDER",
    help: `folder with the servers' data folders (${defaultDataFolder})`,
  },
};

const backupHelp = `Copies the data folders of servers, also while they run.

Usage: herd backup FOLDER [NAME...] [flags]

  herd backup backup/2026-12-01
  herd backup backup/hill Hill

FOLDER is created; if it exists it has to be empty. Without names all servers of
the data folder are copied. The copy has each server's newest reports and its
history, and a list of the files with their checksums.

${describeFlags(folderFlags)}`;

const restoreHelp = `Puts a backup into data folders.

Usage: herd restore FOLDER [NAME...] [flags]

  herd restore backup/2026-12-01
  herd restore backup/2026-12-01 Hill --data-dir /var/lib/herd

FOLDER was written by herd backup. The servers' data folders have to be empty:
stop the servers, and move their folders away. All files are checked. After the
start, the other servers of the herd send what is newer.

${describeFlags(folderFlags)}`;

export async function backup(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, folderFlags);
  if (parsed.flags.has("help")) return print(backupHelp);
  const { dataFolder, folder, servers } = readFolders(parsed);
  await requirePermissions([
    { name: "read", path: dataFolder },
    // SQLite writes files beside those that it reads.
    { name: "write", path: dataFolder },
    { name: "read", path: folder },
    { name: "write", path: folder },
  ]);
  const { backUp } = await import("../storage/backup/back_up.ts");
  using progress = createProgress(`copying ${dataFolder}`);
  const files = await backUp({
    from: dataFolder,
    to: folder,
    servers,
    time: new Date().toISOString(),
    onFile: (path) => progress?.update(0, path),
  });
  progress?.[Symbol.dispose]();
  print(`${describe(files)} are copied to ${folder}`);
}

export async function restore(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, folderFlags);
  if (parsed.flags.has("help")) return print(restoreHelp);
  const { dataFolder, folder, servers } = readFolders(parsed);
  await requirePermissions([
    { name: "read", path: folder },
    { name: "read", path: dataFolder },
    { name: "write", path: dataFolder },
  ]);
  const backups = await import("../storage/backup/restore.ts");
  using progress = createProgress(`copying ${folder}`);
  const { files, time } = await backups.restore({
    from: folder,
    to: dataFolder,
    servers,
    onFile: (path) => progress?.update(0, path),
  });
  progress?.[Symbol.dispose]();
  print(`${describe(files)} of ${time} are restored to ${dataFolder}`);
}

function readFolders({ flags, positionals }: Arguments) {
  const [folder, ...names] = positionals;
  if (folder === undefined || folder === "") {
    throw new UsageError("expected the folder of a backup");
  }
  const wrong = names.find((name) => /[/\\]|^\.*$/.test(name));
  if (wrong !== undefined) {
    throw new UsageError(`expected the name of a server, found ${wrong}`);
  }
  return {
    folder,
    dataFolder: flags.get("data-dir") ?? defaultDataFolder,
    servers: names.length === 0 ? undefined : names,
  };
}

/** Progress on a terminal; undefined elsewhere. */
function createProgress(label: string): Progress | undefined {
  return Deno.stderr.isTerminal() ? new Progress({ label }) : undefined;
}

function describe(files: readonly BackupFile[]): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${formatNumber(files.length)} files with ` +
    `${formatNumber(bytes)} bytes`;
}
