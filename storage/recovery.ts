/**
 * Reads a data folder at the start of its server.
 *
 * @module
 */
import { isDeletion, readDeletion } from "../protocol/deletion.ts";
import { type FindServer, readReport, Report } from "../protocol/report.ts";
import type { ReplicaRecords } from "../replica/records.ts";
import type { EmitEvent } from "../runtime/events.ts";
import { SetupError } from "../runtime/setup_error.ts";
import type { DataFolder } from "./data_folder.ts";
import {
  type Alive,
  checksumBytes,
  type FileHeader,
  type FileKind,
  formatVersion,
  isOwnText,
  parseAlive,
  parseEnd,
  parseHeader,
  parseHorizon,
  textOf,
} from "./file_line.ts";
import {
  type FilePlan,
  planFiles,
  snapshotName,
  tailName,
} from "./file_names.ts";
import { readLines, type TurnTaker } from "./line_reader.ts";
import { maxLoggedDamages } from "./limits.ts";

/** What recovery needs. */
export interface RecoveryOptions extends TurnTaker {
  readonly folder: DataFolder;
  /** The server's name. */
  readonly server: string;
  /** Takes the records. */
  readonly records: ReplicaRecords;
  /** The names of the herd's servers. */
  readonly findServer: FindServer;
  /** For how long deletions are kept, in seconds. */
  readonly forgetSeconds: number;
  /** The time of day, in POSIX seconds. */
  readonly nowSeconds: () => number;
  readonly emit: EmitEvent;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/** What was read. */
export interface Recovered {
  readonly plan: FilePlan;
  /** Size of the snapshot, in bytes; 0 for none. */
  readonly snapshotBytes: number;
  readonly snapshotRecords: number;
  /** Size of the tails, in bytes. */
  readonly tailBytes: number;
  readonly tailRecords: number;
  /** How many records were stored. */
  readonly restored: number;
  /** How many damaged places there were, without incomplete last lines. */
  readonly damages: number;
  /** Whether a tail has deletions, so that earlier records are to be removed. */
  readonly hasDeletions: boolean;
}

/**
 * Stores the records of a folder in the replica.
 *
 * @throws {SetupError} If the folder belongs to another server, is of a later
 * version, or is so old that its records may have been deleted.
 */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  return await new Recovery(options).run();
}

/** The counts of one file. */
interface FileCounts {
  readonly bytes: number;
  readonly records: number;
}

class Recovery {
  readonly #options: RecoveryOptions;
  readonly #report = new Report();
  #restored = 0;
  /** Records of servers that the herd does not have. */
  #foreign = 0;
  #damages = 0;
  #torn = 0;
  #hasDeletions = false;
  #alive: Alive | undefined;

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  async run(): Promise<Recovered> {
    const { emit, folder } = this.#options;
    const plan = planFiles(await folder.names());
    const none = { bytes: 0, records: 0 };
    const snapshot = plan.snapshot === undefined
      ? none
      : await this.#read("snapshot", plan.snapshot);
    let tails = none;
    for (const number of plan.tails) {
      const { bytes, records } = await this.#read("tail", number);
      tails = { bytes: tails.bytes + bytes, records: tails.records + records };
    }
    this.#takeAges();
    if (snapshot.bytes + tails.bytes > 0) {
      emit("info", "server", "data read", {
        folder: folder.path,
        records: snapshot.records + tails.records,
        restored: this.#restored,
        bytes: snapshot.bytes + tails.bytes,
        damagedPlaces: this.#damages,
        incompleteLines: this.#torn,
        foreignRecords: this.#foreign,
      });
    }
    return {
      plan,
      snapshotBytes: snapshot.bytes,
      snapshotRecords: snapshot.records,
      tailBytes: tails.bytes,
      tailRecords: tails.records,
      restored: this.#restored,
      damages: this.#damages,
      hasDeletions: this.#hasDeletions,
    };
  }

  async #read(kind: FileKind, number: number): Promise<FileCounts> {
    const { folder, signal } = this.#options;
    const name = kind === "snapshot" ? snapshotName(number) : tailName(number);
    let records = 0;
    let announced: number | undefined;
    const file = await folder.open(name);
    try {
      const { bytes, tornAt } = await readLines(file, {
        onLine: (bytes, start, end) => {
          signal?.throwIfAborted();
          const textStart = start + checksumBytes;
          if (isOwnText(bytes, textStart)) {
            announced ??= this.#takeOwn(name, textOf(bytes, start, end));
            return;
          }
          records += 1;
          this.#restore(bytes, textStart, end, kind);
        },
        onDamage: (offset) => this.#onDamage(name, offset),
      }, this.#options);
      if (kind === "snapshot") {
        const isWhole = tornAt === undefined && announced !== undefined;
        if (!isWhole) this.#onDamage(name, tornAt ?? bytes);
      } else if (tornAt !== undefined) {
        this.#torn += 1;
      }
      return { bytes, records };
    } finally {
      file.close();
    }
  }

  #restore(
    bytes: Uint8Array,
    start: number,
    end: number,
    kind: FileKind,
  ): void {
    const { findServer, records } = this.#options;
    const record = this.#report;
    const isKnown = readReport(bytes, start, end, findServer, record) ||
      readDeletion(bytes, start, end, record);
    if (!isKnown) {
      this.#foreign += 1;
      return;
    }
    if (records.restore(record)) this.#restored += 1;
    if (kind === "tail" && isDeletion(record)) this.#hasDeletions = true;
  }

  /** Takes a text of the folder's own; returns the count of an `end`. */
  #takeOwn(name: string, text: string): number | undefined {
    const header = parseHeader(text);
    if (header !== undefined) this.#check(name, header);
    const alive = parseAlive(text);
    if (alive !== undefined) this.#note(alive);
    const horizon = parseHorizon(text);
    if (horizon !== undefined) this.#options.records.restoreHorizon(horizon);
    return parseEnd(text);
  }

  #check(name: string, header: FileHeader): void {
    const { folder, server } = this.#options;
    if (header.version > formatVersion) {
      throw new SetupError(
        `${folder.path}/${name} has format ${header.version}, and this program ` +
          `knows up to ${formatVersion}: start the later version that wrote it, ` +
          "or give another --data-dir",
      );
    }
    if (header.server !== server) {
      throw new SetupError(
        `${folder.path} has the data of the server ${header.server}, not of ` +
          `${server}: give ${server} another --data-dir`,
      );
    }
    // A server that was killed soon after has written no other time.
    if (this.#alive === undefined) {
      const contacts = new Map<string, number>();
      this.#note({ at: header.createdAt, table: 0, contacts });
    }
  }

  #note(alive: Alive): void {
    if (this.#alive === undefined || alive.at >= this.#alive.at) {
      this.#alive = alive;
    }
  }

  /** Adds the time in which the server was stopped to the records' ages. */
  #takeAges(): void {
    const alive = this.#alive;
    if (alive === undefined) return;
    const { folder, forgetSeconds, nowSeconds, records } = this.#options;
    const stopped = Math.max(0, Math.floor(nowSeconds()) - alive.at);
    if (stopped > forgetSeconds) {
      const days = (seconds: number) => Math.floor(seconds / 86_400);
      throw new SetupError(
        `${folder.path} was last written ${
          days(stopped)
        } days ago, longer than ` +
          `deletions are kept (--forget-days=${
            days(forgetSeconds)
          }): clients in ` +
          "it may be forgotten since. Remove the folder, or raise --forget-days",
      );
    }
    const contacts = [...alive.contacts]
      .map(([name, seconds]): [string, number] => [name, seconds + stopped]);
    records.restoreAges({
      table: alive.table + stopped,
      contacts: new Map(contacts),
    });
  }

  #onDamage(name: string, offset: number): void {
    const { emit, folder } = this.#options;
    this.#damages += 1;
    if (this.#damages > maxLoggedDamages) return;
    emit("error", "server", "data damaged", {
      file: `${folder.path}/${name}`,
      offset,
    });
  }
}
