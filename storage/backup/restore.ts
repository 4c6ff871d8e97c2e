/**
 * Puts the files of a backup into data folders that are empty.
 *
 * @module
 */
import { SetupError, setupError } from "../../runtime/setup_error.ts";
import { createEmpty } from "./back_up.ts";
import { copyFile } from "./copy_file.ts";
import {
  type BackupFile,
  type Manifest,
  manifestName,
  parseManifest,
  serverOfFile,
} from "./manifest.ts";

export interface RestoreOptions {
  /** The backup's folder. */
  readonly from: string;
  /** The folder that will have the servers' folders. */
  readonly to: string;
  /** The servers to restore; all by default. */
  readonly servers?: readonly string[];
  /** Called with each file that is copied. */
  readonly onFile?: (path: string) => void;
}

/**
 * Copies the files of a backup, and checks that they are what was backed up.
 *
 * @throws {SetupError} If the backup is not complete, if a server's folder has
 * files already, or if a file is not what was backed up. Names the file.
 */
export async function restore(
  { from, onFile = () => {}, servers, to }: RestoreOptions,
): Promise<Manifest> {
  const manifest = await readManifest(from);
  const known = new Set(manifest.files.map(serverOfFile));
  const names = servers ?? [...known];
  for (const name of names) {
    if (known.has(name)) continue;
    throw new SetupError(
      `${from} has no server ${name}; it has ${[...known].join(", ")}`,
    );
  }
  for (const name of names) await createEmpty(`${to}/${name}`);
  const files = manifest.files.filter((file) =>
    names.includes(serverOfFile(file))
  );
  for (const file of files) {
    onFile(file.path);
    await restoreFile(from, to, file);
  }
  return { ...manifest, files };
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = `${folder}/${manifestName}`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw error instanceof Deno.errors.NotFound
      ? new SetupError(`${path} is missing: the backup is not complete`)
      : setupError(path, error);
  }
  const manifest = parseManifest(text);
  if (manifest !== undefined) return manifest;
  throw new SetupError(`${path}: expected what herd backup has written`);
}

async function restoreFile(
  from: string,
  to: string,
  { bytes, path, sha256 }: BackupFile,
): Promise<void> {
  let copied;
  try {
    const folder = `${to}/${path.slice(0, path.lastIndexOf("/"))}`;
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    copied = await copyFile(`${from}/${path}`, `${to}/${path}`);
  } catch (error) {
    throw setupError(`${from}/${path}`, error);
  }
  if (copied.bytes === bytes && copied.sha256 === sha256) return;
  // A server that is started nevertheless must not read it.
  await Deno.remove(`${to}/${path}`);
  throw new SetupError(
    `${from}/${path} is not what was backed up: expected ${bytes} bytes with ` +
      `SHA-256 ${sha256}`,
  );
}
