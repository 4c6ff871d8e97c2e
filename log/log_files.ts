/**
 * The files of one log, used as a ring. Renaming a file needs permission to
 * read it, and a server has permission only to write. So a full file is not
 * renamed: the log continues in the next file of the ring, `NAME.log`,
 * `NAME.1.log` and so on, then `NAME.log` again.
 *
 * Operations that can wait for the disk are asynchronous: Deno runs them on
 * other threads, so a disk that hangs does not stop the server. `close` is
 * synchronous, but waits only on file systems that write to a network; a file
 * is closed right after the same file system has answered. `writeSync` is for a
 * program that is about to exit.
 *
 * @module
 */
import { isOutOfDescriptors } from "../runtime/descriptors.ts";
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
  /** Opens a file; `Deno.open` by default. */
  readonly open?: OpenFunction;
  /** Waits for each operation of `LogFiles.open`, and may reject instead. */
  readonly guard?: Guard;
}

/** Opens a file as `Deno.open` does. */
export type OpenFunction = (
  path: string,
  options: Deno.OpenOptions,
) => Promise<Deno.FsFile>;

/**
 * Waits for an operation on a file, and rejects if it takes too long.
 *
 * @param task What the operation does, such as `opening logs/Hill.log`.
 */
export type Guard = <Result>(
  task: string,
  operation: Promise<Result>,
) => Promise<Result>;

/**
 * Why a file is detached: nothing can be opened at its path, or it is another
 * file.
 */
export type Detachment = "removed" | "replaced";

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
  /**
   * Checks whether the path still leads to the open file. If it does not, the
   * file is detached: what is written to it may be lost.
   */
  check(): Promise<Detachment | undefined>;
  /** Whether the open file was found not to be the one at its path. */
  readonly isDetached: boolean;
  /**
   * Opens the file at the path, which is created if it does not exist, in place
   * of the detached one.
   */
  reopen(): Promise<void>;
}

/** A ring of files on disk. */
export class LogFiles implements LogSink {
  readonly #options: LogFilesOptions;
  #slot: number;
  #file: Deno.FsFile;
  #nextFile: Deno.FsFile | undefined;
  #sizeBytes: number;
  #detachment: Detachment | undefined;

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
   * @throws {Deno.errors.NotCapable | Error} As `Deno.open` does, or what the
   * guard throws.
   */
  static async open(options: LogFilesOptions): Promise<LogFiles> {
    const { directory, guard = waitForever } = options;
    await guard(`creating ${directory}`, createDirectory(directory));
    let lastFound = -1;
    for (let slot = 0; slot <= options.keptFiles; slot++) {
      const path = pathOf(options, slot);
      const opening = openIfThere(options, path);
      const found = await guardOpening(guard, `opening ${path}`, opening);
      if (found === undefined) continue;
      const { file, sizeBytes } = found;
      if (sizeBytes < options.maxFileBytes) {
        return new LogFiles(options, slot, file, sizeBytes);
      }
      file.close();
      lastFound = slot;
    }
    const slot = (lastFound + 1) % (options.keptFiles + 1);
    const path = pathOf(options, slot);
    const opening = openEmpty(options, path);
    const { file } = await guardOpening(guard, `emptying ${path}`, opening);
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
    if (this.#nextFile !== undefined) return;
    const { file } = await openEmpty(this.#options, this.nextPath);
    this.#nextFile = file;
  }

  switchToNext(): void {
    if (this.#nextFile === undefined) return;
    this.#file.close();
    this.#file = this.#nextFile;
    this.#nextFile = undefined;
    this.#slot = this.#nextSlot;
    this.#sizeBytes = 0;
  }

  async check(): Promise<Detachment | undefined> {
    if (this.isDetached) return undefined;
    // With permission to write, size is all that can be known of a file.
    // Another program may append to it between these calls.
    const sizeBefore = await this.#file.seek(0, Deno.SeekMode.End);
    const sizeAtPath = await this.#sizeAtPath();
    const sizeAfter = await this.#file.seek(0, Deno.SeekMode.End);
    if (sizeAtPath === undefined) {
      this.#detachment = "removed";
    } else if (sizeAtPath < sizeBefore || sizeAtPath > sizeAfter) {
      this.#detachment = "replaced";
    } else {
      // Another program may have truncated it, too.
      this.#sizeBytes = sizeAfter;
    }
    return this.#detachment;
  }

  get isDetached(): boolean {
    return this.#detachment !== undefined;
  }

  async reopen(): Promise<void> {
    const { file, sizeBytes } = await this.#openAgain();
    this.#file.close();
    this.#file = file;
    this.#sizeBytes = sizeBytes;
    this.#detachment = undefined;
  }

  async #openAgain(): Promise<OpenFile> {
    try {
      await createDirectory(this.#options.directory);
      return await openAtEnd(this.#options, this.path, { create: true });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(
        `${this.path} was ${this.#detachment}, and cannot be opened: ${why}`,
        { cause: error },
      );
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
    this.#nextFile?.close();
  }

  /**
   * The size of the file at the path, in bytes; undefined if none can be opened.
   *
   * @throws {Error} If there is no descriptor to find out.
   */
  async #sizeAtPath(): Promise<number | undefined> {
    try {
      const { file, sizeBytes } = await openAtEnd(this.#options, this.path);
      file.close();
      return sizeBytes;
    } catch (error) {
      if (isOutOfDescriptors(error)) throw error;
      return undefined;
    }
  }

  get #nextSlot(): number {
    return (this.#slot + 1) % (this.#options.keptFiles + 1);
  }
}

function createDirectory(path: string): Promise<void> {
  return Deno.mkdir(path, { recursive: true });
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

function waitForever<Result>(
  _task: string,
  operation: Promise<Result>,
): Promise<Result> {
  return operation;
}

/** Waits for a file to open. One that opens too late is closed. */
async function guardOpening<Found extends OpenFile | undefined>(
  guard: Guard,
  task: string,
  opening: Promise<Found>,
): Promise<Found> {
  try {
    return await guard(task, opening);
  } catch (error) {
    opening.then((found) => found?.file.close(), () => {});
    throw error;
  }
}

/** How to open a file. */
type Opener = Pick<LogFilesOptions, "open">;

async function openAtEnd(
  { open = Deno.open }: Opener,
  path: string,
  options: Deno.OpenOptions = {},
): Promise<OpenFile> {
  const file = await open(path, { append: true, ...options });
  try {
    return { file, sizeBytes: await file.seek(0, Deno.SeekMode.End) };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openIfThere(
  opener: Opener,
  path: string,
): Promise<OpenFile | undefined> {
  try {
    return await openAtEnd(opener, path);
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
async function openEmpty(opener: Opener, path: string): Promise<OpenFile> {
  const found = await openAtEnd(opener, path, { create: true });
  if (found.sizeBytes === 0) return found;
  // Closed before it is removed: the last close of a removed file waits until
  // its space is freed.
  found.file.close();
  try {
    await Deno.remove(path);
  } catch {
    // Then the file is truncated below, which only takes longer.
  }
  const { file, sizeBytes } = await openAtEnd(opener, path, { create: true });
  try {
    if (sizeBytes > 0) await file.truncate(0);
    return { file, sizeBytes: 0 };
  } catch (error) {
    file.close();
    throw error;
  }
}
