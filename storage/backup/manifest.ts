/**
 * The list of files of a backup. It is written last, so a backup with it is
 * complete.
 *
 * @module
 */

/** The file with the list. */
export const manifestName = "backup.json";

const version = 1;

/** A file of a backup. */
export interface BackupFile {
  /** Its path from the backup's folder, with slashes: `Hill/tail-3`. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of its content, in hexadecimal digits. */
  readonly sha256: string;
}

/** What a backup has. */
export interface Manifest {
  /** When it was begun, in ISO 8601. */
  readonly time: string;
  readonly files: readonly BackupFile[];
}

/** Writes a list as text. */
export function formatManifest({ files, time }: Manifest): string {
  return `${JSON.stringify({ version, time, files }, null, 2)}\n`;
}

/** A path that stays within a folder: a server, and a file or its history. */
const safePath = /^(?!\.)[^/\\]+(?:\/(?!\.)[^/\\]+){1,2}$/;

/** Reads a list; undefined if it is none of this version. */
export function parseManifest(text: string): Manifest | undefined {
  let read;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (read?.version !== version || !Array.isArray(read.files)) return undefined;
  const files: BackupFile[] = read.files;
  const isValid = files.every((file) =>
    typeof file?.path === "string" && safePath.test(file.path) &&
    Number.isSafeInteger(file.bytes) && /^[\da-f]{64}$/.test(file.sha256)
  );
  // It is printed, so it may not control a terminal.
  const hasTime = typeof read.time === "string" &&
    /^[\d.:TZ-]+$/.test(read.time);
  return isValid && hasTime ? { time: read.time, files } : undefined;
}

/** The server that a file belongs to. */
export function serverOfFile({ path }: BackupFile): string {
  return path.slice(0, path.indexOf("/"));
}
