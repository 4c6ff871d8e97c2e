/**
 * A data folder in memory that crashes as a test asks.
 *
 * @module
 */
import { decodeBytes, encodeBytes } from "../../protocol/bytes.ts";
import type { Random } from "../../runtime/random.ts";
import type {
  DataFile,
  DataFolder,
  ReadableData,
} from "../../storage/data_folder.ts";

/** What a power cut keeps or loses as a whole, in bytes. */
const sectorBytes = 64;

interface File {
  bytes: Uint8Array;
  /** What survives a power cut. */
  synced: Uint8Array;
}

/** An operation that can be done in part. */
interface Operation {
  readonly run: (part: number) => void;
  readonly isPartial: boolean;
}

/** How the process ends. */
export type Crash =
  /** What was written remains. */
  | "kill"
  /** Of what was not synced, any part remains. */
  | "power cut";

/** The files of a disk. */
export class MemoryFolder implements DataFolder {
  readonly path = "data/Hill";
  readonly files = new Map<string, File>();
  /** The names after a power cut, at the least. */
  #syncedNames = new Map<string, File>();
  /** How many operations have begun. */
  operations = 0;
  /** The operation that does not end, and is done in part. */
  crashAt = Infinity;
  /** How much of the written bytes the operation under way writes, 0 to 1. */
  part = 0;
  /** Whether that operation has begun. */
  isCrashed = false;
  /** Free bytes on the disk. */
  roomBytes = Infinity;
  isClosed = false;
  /** Resolves when an operation that has begun is done. */
  delay: (() => Promise<void>) | undefined;
  /** An operation that waits for `delay`. */
  #underWay: Operation | undefined;
  #hanging: PromiseWithResolvers<void> | undefined;

  /** The content of a file, or what of it is synced, as text. */
  textOf(name: string, part: keyof File = "bytes"): string {
    const bytes = this.files.get(name)![part];
    return decodeBytes(bytes, 0, bytes.length);
  }

  /** Adds or replaces a file that is synced. */
  put(name: string, text: string): void {
    this.#add(name, encodeBytes(text));
  }

  #add(name: string, bytes: Uint8Array): void {
    const file = { bytes, synced: bytes };
    this.files.set(name, file);
    this.#syncedNames.set(name, file);
  }

  /** The sum of the sizes of all files. */
  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.files.values()) sum += bytes.length;
    return sum;
  }

  /** Operations do not end from now on, until `resume`. */
  hang(): void {
    this.#hanging = Promise.withResolvers();
  }

  /** Ends the operations that hang. */
  resume(): void {
    this.#hanging?.resolve();
    this.#hanging = undefined;
  }

  names(): Promise<string[]> {
    return Promise.resolve([...this.files.keys()]);
  }

  open(name: string): Promise<ReadableData> {
    const { bytes } = this.files.get(name)!;
    let at = 0;
    return Promise.resolve({
      read(target) {
        const count = Math.min(target.length, bytes.length - at);
        target.set(bytes.subarray(at, at + count));
        at += count;
        return Promise.resolve(count === 0 ? null : count);
      },
      close() {},
    });
  }

  size(name: string): Promise<number> {
    return Promise.resolve(this.files.get(name)!.bytes.length);
  }

  async create(name: string): Promise<DataFile> {
    const nothing = new Uint8Array();
    const file: File = { bytes: nothing, synced: nothing };
    await this.#operate(() => this.files.set(name, file));
    return {
      write: async (bytes) => {
        let count = 0;
        await this.#operate((part) => {
          if (this.roomBytes === 0) throw new Error("No space left on device");
          count = Math.min(Math.ceil(bytes.length * part), this.roomBytes);
          this.roomBytes -= count;
          const before = file.bytes;
          file.bytes = new Uint8Array(before.length + count);
          file.bytes.set(before);
          file.bytes.set(bytes.subarray(0, count), before.length);
        }, true);
        return count;
      },
      sync: () => this.#operate(() => file.synced = file.bytes),
      close() {},
    };
  }

  rename(from: string, to: string): Promise<void> {
    return this.#operate(() => {
      this.files.set(to, this.files.get(from)!);
      this.files.delete(from);
    });
  }

  remove(name: string): Promise<void> {
    return this.#operate(() => {
      if (!this.files.delete(name)) throw new Error(`no ${name}`);
    });
  }

  sync(): Promise<void> {
    return this.#operate(() => this.#syncedNames = new Map(this.files));
  }

  close(): void {
    this.isClosed = true;
  }

  /** Whether an operation is under way. */
  get isBusy(): boolean {
    return this.#underWay !== undefined;
  }

  /**
   * The folder as the next process finds it. An operation that is under way was
   * done in part.
   */
  afterCrash(crash: Crash, random: Random): MemoryFolder {
    const operation = this.#underWay;
    if (operation !== undefined) {
      this.#underWay = undefined;
      const part = random.next();
      if (operation.isPartial || part > 0.5) operation.run(part);
    }
    const next = new MemoryFolder();
    const names = new Set([...this.files.keys(), ...this.#syncedNames.keys()]);
    for (const name of names) {
      const [now, before] = [
        this.files.get(name),
        this.#syncedNames.get(name),
      ];
      const file = crash === "kill" || random.chance(0.5) ? now : before;
      if (file === undefined) continue;
      const bytes = crash === "kill" ? file.bytes : afterPowerCut(file, random);
      next.#add(name, bytes);
    }
    return next;
  }

  async #operate(
    operation: (part: number) => void,
    isPartial = false,
  ): Promise<void> {
    await this.#hanging?.promise;
    if (this.delay !== undefined) {
      this.#underWay = { run: operation, isPartial };
      await this.delay();
      this.#underWay = undefined;
    }
    this.operations += 1;
    if (this.operations < this.crashAt) return operation(1);
    if (!this.isCrashed && (isPartial || this.part > 0.5)) {
      operation(this.part);
    }
    this.isCrashed = true;
    await new Promise<never>(() => {});
  }
}

/** Each sector that was not synced has its content, zeros, or is not there. */
function afterPowerCut({ bytes, synced }: File, random: Random): Uint8Array {
  const size = synced.length +
    random.below(bytes.length - synced.length + 1);
  const left = bytes.slice(0, size);
  for (let at = 0; at < size; at += sectorBytes) {
    if (random.chance(0.5)) continue;
    for (let index = at; index < Math.min(at + sectorBytes, size); index++) {
      if (index >= synced.length) left[index] = 0;
    }
  }
  return left;
}
