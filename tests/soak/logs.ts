/**
 * Checks the servers' logs while they are written: every line must be a record.
 * A full file is checked and then moved to another folder, so that the server
 * does not delete it before.
 *
 * @module
 */
import { type LogRecord, parseRecord } from "../../log/parse.ts";
import { type ByteString, decodeBytes } from "../../protocol/bytes.ts";
import { show } from "./answers.ts";

/** Checks the text of log files against the format in docs/PROTOCOL.md. */
export class LogChecker {
  readonly #onFault: (fault: string) => void;
  readonly #onEvent: (record: LogRecord & { kind: "event" }) => void;
  #records = 0;
  #cutLines = 0;

  /** @param onEvent Called for each event. */
  constructor(
    onFault: (fault: string) => void,
    onEvent: (record: LogRecord & { kind: "event" }) => void,
  ) {
    this.#onFault = onFault;
    this.#onEvent = onEvent;
  }

  /** The number of lines that are records. */
  get records(): number {
    return this.#records;
  }

  /** The number of partial lines, each at the end of a killed server's run. */
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
        // Without its LF, even a valid record may be partial.
        if (isLast) this.#cutLines += 1;
        else this.#records += 1;
        if (record.kind === "event") this.#onEvent(record);
      } else if (isLast && lines[index] === "") {
        // The empty text after the last LF.
      } else if (isLast || beginsRun(index + 1)) {
        if (lines[index] !== "") this.#cutLines += 1;
      } else {
        this.#onFault(`${path}:${index + 1}: ${show(lines[index])}`);
      }
    }
  }
}

/** Bytes at the end of a full file that contain its last record. */
const lastRecordBytes = 1024;

/** Most bytes of checked files that are kept; the oldest are removed. */
const maxKeptBytes = 2e9;

/** Checks the files of a folder, and moves them to another. */
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

  /** The number of bytes read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of files read. */
  get files(): number {
    return this.#files;
  }

  /** Reads the files that are full. Returns their number. */
  readFull(): number {
    const full = this.#paths().filter((path) => this.#isFull(path));
    for (const path of full) this.#read(path);
    return full.length;
  }

  /** Reads all files. No server may run any more. */
  readRest(): void {
    for (const path of this.#paths()) this.#read(path);
  }

  #paths(): string[] {
    return [...Deno.readDirSync(this.#folder)]
      .filter(({ name }) => name.endsWith(".log"))
      .map(({ name }) => `${this.#folder}/${name}`);
  }

  /** Whether the last record says that the log continues in another file. */
  #isFull(path: string): boolean {
    const { size } = Deno.statSync(path);
    using file = Deno.openSync(path);
    file.seekSync(Math.max(0, size - lastRecordBytes), Deno.SeekMode.Start);
    const end = new Uint8Array(lastRecordBytes);
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

  /** Keeps a file for the user, and removes the oldest ones. */
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
