/**
 * The spool in the data folder, `FOLDER/NAME/spool`. Its files are written one
 * after the other, read as a whole, oldest first, and removed when their records
 * are in the database:
 *
 *     herd-spool 1 Hill     the first line: the version and the server
 *     AT Hill ...           a record
 *
 * with a checksum before each line, as in the files of the data folder
 * (`file_line.ts`). If a process ends before a file is removed, its records are
 * inserted again, which has no effect.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  copyBytes,
} from "../../../protocol/bytes.ts";
import { ReportTimes } from "../../../protocol/order.ts";
import { readReport, Report } from "../../../protocol/report.ts";
import type { Timestamp } from "../../../protocol/time.ts";
import { SetupError } from "../../../runtime/setup_error.ts";
import type { DataFile, DataFolder } from "../../data_folder.ts";
import {
  checksumBytes,
  formatLine,
  isOwnText,
  lineOverheadBytes,
  sealLine,
  textOf,
} from "../../file_line.ts";
import { readLines, type TurnTaker } from "../../line_reader.ts";
import { BatchWriter, readBatch, type RecordBatch } from "../record_batch.ts";
import { rowsPerCheck, spoolFileBytes } from "./limits.ts";
import {
  type Removed,
  type Spool,
  type SpoolPart,
  withoutClient,
} from "./spool.ts";

/** The version of the format. Files of a higher one are refused. */
const formatVersion = 1;

const headerPattern = /^herd-spool (\d{1,15}) /;

/** What a disk spool needs. */
export interface DiskSpoolOptions extends TurnTaker {
  readonly folder: DataFolder;
  /** The server's name. */
  readonly server: string;
  readonly maxBytes: number;
}

/** One file. */
interface SpoolFile {
  readonly name: string;
  bytes: number;
  /** Records that were added since the spool was opened. */
  ownRecords: number;
}

/** A spool on disk. */
export class DiskSpool implements Spool {
  readonly isDurable = true;
  readonly #options: DiskSpoolOptions;
  /** Oldest first. The last one is written to while `#open` is set. */
  #files: SpoolFile[] = [];
  #open: DataFile | undefined;
  #next = 1;
  #damages = 0;
  /** Resolves when the operations that were begun before have ended. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(options: DiskSpoolOptions) {
    this.#options = options;
  }

  /**
   * Opens a spool with the files that are in the folder.
   *
   * @throws {SetupError} If one has a later format.
   * @throws {Error} The system's error, if one cannot be read.
   */
  static async open(options: DiskSpoolOptions): Promise<DiskSpool> {
    const spool = new DiskSpool(options);
    const { folder } = options;
    const numbers = (await folder.names())
      .flatMap((name) => name.match(/^spool-(\d{1,15})$/)?.[1] ?? [])
      .map(Number)
      .sort((one, other) => one - other);
    for (const number of numbers) {
      const name = nameOf(number);
      await checkHeader(folder, name);
      const bytes = await folder.size(name);
      spool.#files.push({ name, bytes, ownRecords: 0 });
      spool.#next = number + 1;
    }
    return spool;
  }

  get bytes(): number {
    return this.#files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get records(): number {
    return this.#files.reduce((sum, { ownRecords }) => sum + ownRecords, 0);
  }

  get damages(): number {
    return this.#damages;
  }

  add(batch: RecordBatch): Promise<boolean> {
    return this.#alone(async () => {
      const lines = await this.#format(batch);
      if (this.bytes + lines.length > this.#options.maxBytes) return false;
      await this.#write(lines, batch.records);
      return true;
    });
  }

  first(): Promise<SpoolPart | undefined> {
    return this.#alone(async () => {
      const [file] = this.#files;
      if (file === undefined) return undefined;
      // A file that is being read is not written to any more.
      if (this.#files.length === 1) this.#closeFile();
      const batches = await this.#read(file.name);
      return { batches, ownRecords: file.ownRecords };
    });
  }

  removeFirst(): Promise<void> {
    return this.#alone(() => this.#remove(this.#files[0]));
  }

  async forget(client: ByteString, until: Timestamp): Promise<Removed> {
    let [records, ownRecords] = [0, 0];
    const files = await this.#alone(() => {
      this.#closeFile();
      return Promise.resolve([...this.#files]);
    });
    for (const file of files) {
      const removed = await this.#alone(() =>
        this.#rewrite(file, client, until)
      );
      records += removed;
      // A file has records of this run only, or none.
      if (file.ownRecords > 0) ownRecords += removed;
    }
    return { records, ownRecords };
  }

  close(): Promise<void> {
    return this.#alone(() => {
      this.#closeFile();
      this.#options.folder.close();
      return Promise.resolve();
    });
  }

  /** Runs an operation after those that were begun before. */
  #alone<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** The lines of a batch. */
  async #format(batch: RecordBatch): Promise<Uint8Array> {
    const { turns, workload } = this.#options;
    // The head of each record is longer than what a line has besides it.
    const lines = allocateBuffer(batch.bytes);
    const view = new DataView(lines.buffer);
    let [at, rows] = [0, 0];
    await turns.begin(workload);
    for (const report of readBatch(batch)) {
      const { recordEnd, start } = report;
      copyBytes(report.view, start, recordEnd, view, at + checksumBytes);
      at = sealLine(lines, at, recordEnd - start);
      rows += 1;
      if (rows % rowsPerCheck === 0 && turns.end(workload)) {
        await turns.begin(workload);
      }
    }
    turns.end(workload);
    return lines.subarray(0, at);
  }

  async #write(lines: Uint8Array, records: number): Promise<void> {
    const file = this.#open ?? await this.#start();
    const entry = this.#files.at(-1)!;
    try {
      await writeAll(file, lines);
      await file.sync();
    } catch (error) {
      // Otherwise a partly written line would be damage in the middle of a file.
      this.#closeFile();
      throw error;
    }
    entry.bytes += lines.length;
    entry.ownRecords += records;
    if (entry.bytes >= spoolFileBytes) this.#closeFile();
  }

  /** Begins a file. */
  async #start(): Promise<DataFile> {
    const { folder, server } = this.#options;
    const name = nameOf(this.#next);
    const file = await folder.create(name);
    this.#next += 1;
    const header = formatLine(`herd-spool ${formatVersion} ${server}`);
    const entry = { name, bytes: header.length, ownRecords: 0 };
    this.#files.push(entry);
    this.#open = file;
    try {
      await writeAll(file, header);
      await folder.sync();
    } catch (error) {
      this.#closeFile();
      // A full disk would get one more file with each attempt.
      await this.#remove(entry).catch(() => {});
      throw error;
    }
    return file;
  }

  #closeFile(): void {
    this.#open?.close();
    this.#open = undefined;
  }

  async #remove(file: SpoolFile | undefined): Promise<void> {
    if (file === undefined) return;
    await this.#options.folder.remove(file.name);
    this.#files = this.#files.filter((other) => other !== file);
  }

  /** Replaces a file by one without a client's records, if it has some. */
  async #rewrite(
    file: SpoolFile,
    client: ByteString,
    until: Timestamp,
  ): Promise<number> {
    // The one that follows must not be mixed with those of another run.
    this.#closeFile();
    let removed = 0;
    const kept: RecordBatch[] = [];
    for (const batch of await this.#read(file.name)) {
      const result = withoutClient(batch, client, until);
      removed += result.removed;
      if (result.batch.records > 0) kept.push(result.batch);
    }
    if (removed === 0) return 0;
    for (const batch of kept) {
      const own = file.ownRecords > 0 ? batch.records : 0;
      await this.#write(await this.#format(batch), own);
    }
    this.#closeFile();
    await this.#remove(file);
    return removed;
  }

  async #read(name: string): Promise<RecordBatch[]> {
    const { folder } = this.#options;
    const report = new Report();
    const times = new ReportTimes();
    let writer = new BatchWriter();
    const writers = [writer];
    let damages = 0;
    const file = await folder.open(name);
    try {
      await readLines(file, {
        onLine(bytes, start, end) {
          if (isOwnText(bytes, start + checksumBytes)) return;
          const textStart = start + checksumBytes;
          if (!readReport(bytes, textStart, end, anyServer, report)) {
            damages += 1;
            return;
          }
          if (writer.add(report, times.read(report))) return;
          writer = new BatchWriter();
          writer.add(report, times);
          writers.push(writer);
        },
        onDamage() {
          damages += 1;
        },
      }, this.#options);
    } finally {
      file.close();
    }
    this.#damages += damages;
    return writers.map(({ batch }) => batch)
      .filter(({ records }) => records > 0);
  }
}

/** A spool may have records of a server that the herd does not have any more. */
const anyServer = () => "";

function nameOf(number: number): string {
  return `spool-${number}`;
}

/** Longest header line, in bytes. */
const maxHeaderBytes = 128 + lineOverheadBytes;

async function checkHeader(folder: DataFolder, name: string): Promise<void> {
  const head = allocateBuffer(maxHeaderBytes);
  const file = await folder.open(name);
  let filled = 0;
  try {
    while (filled < head.length) {
      const count = await file.read(head.subarray(filled));
      if (count === null) break;
      filled += count;
    }
  } finally {
    file.close();
  }
  const version = textOf(head, 0, filled).match(headerPattern)?.[1];
  if (Number(version ?? 0) > formatVersion) {
    throw new SetupError(
      `${folder.path}/${name} has the format ${version}, and this server knows ` +
        `formats up to ${formatVersion}: use a newer server`,
    );
  }
}

async function writeAll(file: DataFile, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await file.write(bytes.subarray(written));
  }
}
