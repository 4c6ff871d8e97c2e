/**
 * Finds logs in folders or single files. The files of one server's ring are
 * sorted in the order in which they were written.
 *
 * @module
 */
import { SetupError, setupError } from "../cli/exit.ts";
import { requireReadPermission } from "../runtime/files.ts";
import { parseRecord } from "../log/parse.ts";
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../protocol/bytes.ts";
import { printable } from "./format.ts";

/** A file of a log. */
export interface LogFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** The log of one server. */
export interface ServerLog {
  readonly server: string;
  /** From the oldest to the newest. */
  readonly files: readonly LogFile[];
}

/** What the beginning of a file shows. */
interface Beginning extends LogFile {
  readonly server: string;
  /** The number in the ring. */
  readonly slot: number;
  /**
   * The median of the first records' times, as a time may be implausible; empty
   * if there is no record.
   */
  readonly time: string;
}

/**
 * Bytes read from the beginning of a file, which usually contain several
 * records.
 */
const beginningBytes = 64 * 1024;

/** The beginning of a gzip file (RFC 1952). */
const gzipMark = "\x1f\x8b";

/**
 * The logs in these folders and files, sorted by the servers' names. Files that
 * cannot be read are skipped with a warning.
 *
 * @param warn Receives a line about each file that cannot be read.
 * @throws {SetupError} If there is no log at all, or reading is not permitted.
 */
export async function findLogs(
  paths: readonly string[],
  warn: (line: string) => void,
): Promise<ServerLog[]> {
  await requireReadPermission(paths);
  const files = new Set<string>();
  for (const path of paths) {
    for (const file of await filesAt(path)) files.add(file);
  }
  const beginnings: Beginning[] = [];
  const errors: SetupError[] = [];
  for (const path of files) {
    try {
      beginnings.push(await readBeginning(path, files));
    } catch (error) {
      errors.push(
        error instanceof SetupError ? error : setupError(path, error),
      );
    }
  }
  // A single error is enough.
  if (beginnings.length === 0 && errors.length === 1) throw errors[0];
  for (const { message } of errors) warn(printable(message));
  if (beginnings.length === 0) {
    throw new SetupError(
      `no log in ${paths.join(", ")}: expected files such as Hill.log`,
    );
  }
  const servers = Map.groupBy(beginnings, ({ server }) => server);
  return [...servers].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([server, files]) => ({ server, files: inOrder(files) }));
}

async function filesAt(path: string): Promise<string[]> {
  try {
    const { isDirectory } = await Deno.stat(path);
    if (!isDirectory) return [path];
    const names: string[] = [];
    for await (const { isDirectory, name } of Deno.readDir(path)) {
      if (!isDirectory && name.endsWith(".log")) names.push(name);
    }
    const folder = path.replace(/(?<=.)\/+$/, "");
    return names.sort().map((name) =>
      folder === "/" ? `/${name}` : `${folder}/${name}`
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new SetupError(`${path}: there is no such file or folder`);
    }
    throw setupError(path, error);
  }
}

async function readBeginning(
  path: string,
  paths: ReadonlySet<string>,
): Promise<Beginning> {
  // Opening a pipe can block forever.
  const info = await Deno.stat(path);
  if (!info.isFile) {
    throw new SetupError(`${path}: expected a file, found ${kindOf(info)}`);
  }
  const text = info.size === 0 ? "" : await readPiece(path);
  if (text.startsWith(gzipMark)) {
    throw new SetupError(`${path}: expected a log, found a gzip file`);
  }
  const records = text.split("\n", 100).map(parseRecord)
    .filter((record) => record !== undefined);
  const [first] = records;
  const { server, slot } = nameOf(path, paths);
  const named = first?.kind === "event" && first.event === "started"
    ? printable(first.fields["name"])
    : undefined;
  return {
    path,
    sizeBytes: info.size,
    // A server's name may look like a file of another server's ring.
    server: named ?? printable(server),
    slot: named === undefined || named === server ? slot : 0,
    time: medianOf(records.map(({ time }) => time)) ?? "",
  };
}

function kindOf({ isDirectory, isFifo, isSocket }: Deno.FileInfo): string {
  if (isDirectory) return "a folder";
  if (isFifo) return "a pipe";
  return isSocket ? "a socket" : "a device";
}

async function readPiece(path: string): Promise<ByteString> {
  using file = await Deno.open(path);
  const buffer = allocateBuffer(beginningBytes);
  return decodeBytes(buffer, 0, await file.read(buffer) ?? 0);
}

function medianOf(times: readonly string[]): string | undefined {
  return times.toSorted().at(Math.floor((times.length - 1) / 2));
}

/** Parses a file's name: `Hill.2.log` is number 2 in the ring of Hill. */
function nameOf(
  path: string,
  paths: ReadonlySet<string>,
): { server: string; slot: number } {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const name = path.slice(folder.length).replace(/\.log$/, "");
  const numbered = name.match(/^(.+)\.([1-9]\d*)$/);
  if (numbered === null) return { server: name, slot: 0 };
  const [, server, slot] = numbered;
  const isRing = paths.has(`${folder}${server}.log`) ||
    !paths.has(`${folder}${name}.1.log`);
  return isRing ? { server, slot: Number(slot) } : { server: name, slot: 0 };
}

/** Sorted by time, because servers write a ring without renaming files. */
function inOrder(files: readonly Beginning[]): LogFile[] {
  return files.toSorted((a, b) =>
    a.time === b.time ? a.slot - b.slot : a.time < b.time ? -1 : 1
  );
}
