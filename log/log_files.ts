/**
 * The files of one log, used as a ring. Renaming a file needs permission to
 * read it, and a server has permission only to write. So a full file is not
 * renamed: the log continues in the next file of the ring, `NAME.log`,
 * `NAME.1.log` and so on, then `NAME.log` again.
 *
 * @module
 */
import type { ByteSink } from "../runtime/transport.ts";

/** Where to write, and when to switch to the next file. */
export interface LogFilesOptions {
  /** The folder; created if it does not exist. */
  readonly directory: string;
  /** The name of the first file, without `.log`. */
  readonly name: string;
  /** A file of this size, in bytes, is full. */
  readonly maxFileBytes: number;
  /** How many full files are kept besides the current one. */
  readonly keptFiles: number;
}

/** What the log writer needs of its files. */
export interface LogSink extends ByteSink, Disposable {
  /** The path of the file that is open. */
  readonly path: string;
  /** The size of the open file, in bytes. */
  readonly sizeBytes: number;
  /** Whether the open file is full. */
  readonly isFull: boolean;
  /** The path of the file that comes next. */
  readonly nextPath: string;
  /** Appends some of the bytes, at least one; returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** The same, synchronously. */
  writeSync(bytes: Uint8Array): number;
  /**
   * Opens the next file and empties it: its content was the oldest in the ring.
   * Does nothing if it is open already. Writes still go to the current file.
   */
  prepareNext(): Promise<void>;
  /** Makes the prepared file the current one. */
  switchToNext(): void;
}

/** A ring of files on disk. */
export class LogFiles implements LogSink {
  readonly #options: LogFilesOptions;
  #slot: number;
  #file: Deno.FsFile;
  #nextFile: Deno.FsFile | undefined;
  #sizeBytes: number;

  private constructor(
    options: LogFilesOptions,
    slot: number,
    file: Deno.FsFile,
    sizeBytes: number,
  ) {
    this.#options = options;
    this.#slot = slot;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  /**
   * Opens the file that was written last: the first that exists and is not
   * full.
   *
   * @throws {Deno.errors.NotCapable | Error} As `Deno.open` does.
   */
  static async open(options: LogFilesOptions): Promise<LogFiles> {
    await Deno.mkdir(options.directory, { recursive: true });
    let lastFound = -1;
    for (let slot = 0; slot <= options.keptFiles; slot++) {
      const found = await openIfThere(pathOf(options, slot));
      if (found === undefined) continue;
      const { file, sizeBytes } = found;
      if (sizeBytes < options.maxFileBytes) {
        return new LogFiles(options, slot, file, sizeBytes);
      }
      file.close();
      lastFound = slot;
    }
    const slot = (lastFound + 1) % (options.keptFiles + 1);
    const file = await openEmpty(pathOf(options, slot));
    return new LogFiles(options, slot, file, 0);
  }

  get path(): string {
    return pathOf(this.#options, this.#slot);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get isFull(): boolean {
    return this.#sizeBytes >= this.#options.maxFileBytes;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const written = await this.#file.write(bytes);
    this.#sizeBytes += written;
    return written;
  }

  writeSync(bytes: Uint8Array): number {
    const written = this.#file.writeSync(bytes);
    this.#sizeBytes += written;
    return written;
  }

  get nextPath(): string {
    return pathOf(this.#options, this.#nextSlot);
  }

  async prepareNext(): Promise<void> {
    this.#nextFile ??= await openEmpty(this.nextPath);
  }

  switchToNext(): void {
    if (this.#nextFile === undefined) return;
    this.#file.close();
    this.#file = this.#nextFile;
    this.#nextFile = undefined;
    this.#slot = this.#nextSlot;
    this.#sizeBytes = 0;
  }

  [Symbol.dispose](): void {
    this.#file.close();
    this.#nextFile?.close();
  }

  get #nextSlot(): number {
    return (this.#slot + 1) % (this.#options.keptFiles + 1);
  }
}

function pathOf(options: LogFilesOptions, slot: number): string {
  const number = slot === 0 ? "" : `.${slot}`;
  return `${options.directory}/${options.name}${number}.log`;
}

/**
 * An open file, and its size in bytes. `stat` would need permission to read.
 */
interface OpenFile {
  readonly file: Deno.FsFile;
  readonly sizeBytes: number;
}

async function openAtEnd(
  path: string,
  options: Deno.OpenOptions = {},
): Promise<OpenFile> {
  const file = await Deno.open(path, { append: true, ...options });
  try {
    return { file, sizeBytes: await file.seek(0, Deno.SeekMode.End) };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openIfThere(path: string): Promise<OpenFile | undefined> {
  try {
    return await openAtEnd(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * An existing file is removed rather than truncated, if possible: ext4 writes a
 * truncated file to disk when it is closed. For 64 MiB that blocks the server
 * for about 25 ms.
 */
async function openEmpty(path: string): Promise<Deno.FsFile> {
  const found = await openAtEnd(path, { create: true });
  if (found.sizeBytes === 0) return found.file;
  // Closed before it is removed: the last close of a removed file waits until
  // its space is freed.
  found.file.close();
  try {
    await Deno.remove(path);
  } catch {
    // Then the file is truncated below, which only takes longer.
  }
  const { file, sizeBytes } = await openAtEnd(path, { create: true });
  if (sizeBytes === 0) return file;
  try {
    await file.truncate(0);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
