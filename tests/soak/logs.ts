/**
 * Reads the servers' logs while they are written: every line of every file has
 * to be a record. A file that is full and will not be written again is read and
 * taken out of the ring, so that nothing is overwritten before it was read.
 *
 * @module
 */
import { type LogRecord, parseRecord } from "../../log/parse.ts";
import { type ByteString, decodeBytes } from "../../protocol/bytes.ts";
import { show } from "./answers.ts";

/** Holds the text of log files to what PROTOCOL.md says of them. */
export class LogChecker {
  readonly #onFault: (fault: string) => void;
  readonly #onEvent: (record: LogRecord & { kind: "event" }) => void;
  #records = 0;
  #cutLines = 0;

  /** @param onEvent Told of every event. */
  constructor(
    onFault: (fault: string) => void,
    onEvent: (record: LogRecord & { kind: "event" }) => void,
  ) {
    this.#onFault = onFault;
    this.#onEvent = onEvent;
  }

  /** Lines that were records. */
  get records(): number {
    return this.#records;
  }

  /** Lines that a killed server has not written to their end. */
  get cutLines(): number {
    return this.#cutLines;
  }

  /** Checks a whole file. */
  check(path: string, text: ByteString): void {
    const lines = text.split("\n");
    const records = lines.map(parseRecord);
    const beginsRun = (index: number) => {
      const record = records[index];
      return record?.kind === "event" && record.event === "started";
    };
    for (const [index, record] of records.entries()) {
      const isLast = index === lines.length - 1;
      if (record !== undefined) {
        // A record without its LF is one that was cut off, by chance or not.
        if (isLast) this.#cutLines += 1;
        else this.#records += 1;
        if (record.kind === "event") this.#onEvent(record);
      } else if (isLast && lines[index] === "") {
        // Behind the last LF.
      } else if (isLast || beginsRun(index + 1)) {
        if (lines[index] !== "") this.#cutLines += 1;
      } else {
        this.#onFault(`${path}:${index + 1}: ${show(lines[index])}`);
      }
    }
  }
}

/** So many bytes hold the last record of a full file. */
const farewellBytes = 1024;

/** So many bytes of files that were read are kept: the newest. */
const maxKeptBytes = 2e9;

/** Reads the files of a folder, and puts them into another. */
export class LogReader {
  readonly #folder: string;
  readonly #readFolder: string;
  readonly #checkerOf: (server: string) => LogChecker;
  readonly #kept: { readonly path: string; readonly bytes: number }[] = [];
  #keptBytes = 0;
  #bytes = 0;
  #files = 0;

  constructor(
    folder: string,
    readFolder: string,
    checkerOf: (server: string) => LogChecker,
  ) {
    this.#folder = folder;
    this.#readFolder = readFolder;
    Deno.mkdirSync(readFolder);
    this.#checkerOf = checkerOf;
  }

  /** Bytes that were read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Files that were read. */
  get files(): number {
    return this.#files;
  }

  /** Reads the files that are full. Returns how many there were. */
  readFull(): number {
    const full = this.#paths().filter((path) => this.#isDone(path));
    for (const path of full) this.#read(path);
    return full.length;
  }

  /** Reads all there are, when nobody writes any more. */
  readRest(): void {
    for (const path of this.#paths()) this.#read(path);
  }

  #paths(): string[] {
    return [...Deno.readDirSync(this.#folder)]
      .filter(({ name }) => name.endsWith(".log"))
      .map(({ name }) => `${this.#folder}/${name}`);
  }

  /** Whether its last record says that writing goes on in another file. */
  #isDone(path: string): boolean {
    const { size } = Deno.statSync(path);
    using file = Deno.openSync(path);
    file.seekSync(Math.max(0, size - farewellBytes), Deno.SeekMode.Start);
    const end = new Uint8Array(farewellBytes);
    const count = file.readSync(end) ?? 0;
    const lines = decodeBytes(end, 0, count).split("\n");
    const last = parseRecord(lines.at(-2) ?? "");
    return last?.kind === "event" && last.event === "log-continues";
  }

  #read(path: string): void {
    const name = path.slice(this.#folder.length + 1);
    const bytes = Deno.readFileSync(path);
    const checker = this.#checkerOf(name.slice(0, name.indexOf(".")));
    this.#bytes += bytes.length;
    this.#files += 1;
    const number = `${this.#files}`.padStart(6, "0");
    const readPath = `${this.#readFolder}/${number}.${name}`;
    checker.check(readPath, decodeBytes(bytes, 0, bytes.length));
    Deno.renameSync(path, readPath);
    this.#keep(readPath, bytes.length);
  }

  /** Keeps a file for whoever looks into it, and removes the oldest ones. */
  #keep(path: string, bytes: number): void {
    this.#kept.push({ path, bytes });
    this.#keptBytes += bytes;
    while (this.#keptBytes > maxKeptBytes) {
      const oldest = this.#kept.shift()!;
      this.#keptBytes -= oldest.bytes;
      Deno.removeSync(oldest.path);
    }
  }
}
