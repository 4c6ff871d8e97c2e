/**
 * A data folder on disk: the operations on its files, and the lock that keeps a
 * second process out. All operations are asynchronous: Deno runs them on other
 * threads, so a disk that hangs does not stop the server.
 *
 * @module
 */
import { lockName } from "./file_names.ts";

/** A file that is being written. */
export interface DataFile {
  /** Appends some of the bytes, at least one; returns how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Resolves when what was written survives a power cut. */
  sync(): Promise<void>;
  close(): void;
}

/** A file that is being read. */
export interface ReadableData {
  /** Reads some bytes; null at the end. */
  read(target: Uint8Array): Promise<number | null>;
  close(): void;
}

/** The files of a folder, by their names. */
export interface DataFolder {
  readonly path: string;
  names(): Promise<string[]>;
  open(name: string): Promise<ReadableData>;
  /** The size of a file, in bytes. */
  size(name: string): Promise<number>;
  /** Creates an empty file. */
  create(name: string): Promise<DataFile>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Resolves when new names survive a power cut. */
  sync(): Promise<void>;
  /** Ends the lock. */
  close(): void;
}

/** Opens a file as `Deno.open` does. */
type OpenFunction = (
  path: string,
  options: Deno.OpenOptions,
) => Promise<Deno.FsFile>;

/** A folder on disk. */
export class DiskFolder implements DataFolder {
  readonly path: string;
  readonly #open: OpenFunction;
  readonly #lock: Deno.FsFile;

  private constructor(path: string, open: OpenFunction, lock: Deno.FsFile) {
    this.path = path;
    this.#open = open;
    this.#lock = lock;
  }

  /**
   * Opens a folder, which is created if it does not exist, and locks it. The
   * system ends the lock when the process ends, however that happens.
   *
   * @param open `Deno.open` by default.
   * @returns Undefined if another process, or this one, has locked it.
   * @throws {Error} As the system does.
   */
  static async lock(
    path: string,
    open: OpenFunction = Deno.open,
  ): Promise<DiskFolder | undefined> {
    // Positions are for nobody else on this machine.
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    const lock = await open(`${path}/${lockName}`, {
      write: true,
      create: true,
    });
    if (await lock.tryLock(true)) return new DiskFolder(path, open, lock);
    lock.close();
    return undefined;
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    for await (const { name } of Deno.readDir(this.path)) names.push(name);
    return names;
  }

  open(name: string): Promise<ReadableData> {
    return this.#open(`${this.path}/${name}`, { read: true });
  }

  async size(name: string): Promise<number> {
    return (await Deno.stat(`${this.path}/${name}`)).size;
  }

  async create(name: string): Promise<DataFile> {
    const file = await this.#open(`${this.path}/${name}`, {
      write: true,
      create: true,
      truncate: true,
    });
    return {
      write: (bytes) => file.write(bytes),
      sync: () => file.syncData(),
      close: () => file.close(),
    };
  }

  rename(from: string, to: string): Promise<void> {
    return Deno.rename(`${this.path}/${from}`, `${this.path}/${to}`);
  }

  remove(name: string): Promise<void> {
    return Deno.remove(`${this.path}/${name}`);
  }

  async sync(): Promise<void> {
    // Windows cannot open a folder, and its file system needs no sync of one.
    if (Deno.build.os === "windows") return;
    const folder = await this.#open(this.path, { read: true });
    try {
      await folder.sync();
    } finally {
      folder.close();
    }
  }

  close(): void {
    this.#lock.close();
  }
}
