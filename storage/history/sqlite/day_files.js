// @ts-check
/**
 * The SQLite files of a history, one for each UTC day of the reports' effective
 * times. `worker.js` uses them in a thread of their own.
 *
 * @module
 */
import { backup } from "node:sqlite";
import { blocksOf, bytesOf, textOf } from "./blocks.js";
import {
  all,
  dayOfFileName,
  fileNameOf,
  hasRecord,
  inodeOf,
  insertBlocks,
  isDamage,
  isOwnFile,
  isThere,
  openDay,
  prepare,
  run,
  sizeOf,
} from "./day_file.js";
import { deleteBlocks, removeUnused, replaceBlock } from "./deletion.js";

/** @import { BlockLimits, Entry } from "./blocks.js" */
/** @import { Day } from "./day_file.js" */
/** @import { DeletionStep, PartlyDeleted } from "./deletion.js" */

/**
 * @typedef {object} FileLimits
 * @property {string} folder The folder of the files. It exists.
 * @property {number} maxOpenDays Most files that are open.
 * @property {number} deletionBlocks Blocks between two pauses of a deletion.
 */

/**
 * @typedef {object} BlockQuery
 * @property {string} client
 * @property {number} day
 * @property {number} from The earliest time, in nanoseconds since the day began.
 * @property {number} to The latest time.
 * @property {boolean} isNewestFirst
 * @property {[first: number, seq: number]} past Only blocks after this one.
 * @property {number} maxBlocks Most blocks.
 * @property {number} maxBytes Most bytes, but for the last block.
 */

/**
 * @typedef {object} ReadBlock
 * @property {number} first
 * @property {number} seq
 * @property {Uint8Array} lines
 */

/** The files of a day besides the first one are SQLite's own. */
const suffixes = ["", "-wal", "-shm"];

/** The files of one server. */
export class DayFiles {
  /** @type {FileLimits & BlockLimits} */
  #options;
  /** @type {(file: string, name: string, reason: string) => void} */
  #onSetAside;
  /** Those that are open; the one that was used last is the last one.
   * @type {Map<number, Day>} */
  #open = new Map();
  /** The records and the size of each file, by day.
   * @type {Map<number, { records: number, bytes: number }>} */
  #sizes = new Map();
  /** The days of a batch that were written, if it failed at another one.
   * @type {Set<number>} */
  #written = new Set();

  /**
   * @param {FileLimits & BlockLimits} options
   * @param {(file: string, name: string, reason: string) => void} onSetAside
   * Called when a damaged file was renamed.
   */
  constructor(options, onSetAside) {
    this.#options = options;
    this.#onSetAside = onSetAside;
  }

  /**
   * Reads the sizes of all files, and writes to the file of a day, so that faults
   * are found at the start.
   *
   * @param {number} today
   */
  start(today) {
    for (const { name } of Deno.readDirSync(this.#options.folder)) {
      const day = dayOfFileName(name);
      if (day === undefined || !isOwnFile(this.#pathOf(day))) continue;
      this.#change(day, () => {});
    }
    this.#change(today, (open) => {
      run(open, "UPDATE counts SET starts = starts + 1", []);
    });
  }

  /** The days that have a file, and the sizes of the files. */
  get state() {
    const sizes = [...this.#sizes.values()];
    return {
      days: this.#days,
      records: sizes.reduce((sum, { records }) => sum + records, 0),
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /**
   * Writes a batch; see `record_batch.ts`.
   *
   * @param {ArrayBuffer} buffer
   * @param {number} length How many of its bytes are used.
   * @param {boolean} isRetry Whether it is the batch that failed last.
   */
  append(buffer, length, isRetry) {
    if (!isRetry) this.#written.clear();
    const bytes = new Uint8Array(buffer, 0, length);
    const view = new DataView(buffer);
    for (const [day, blocks] of blocksOf(bytes, view, this.#options)) {
      if (this.#written.has(day)) continue;
      this.#change(day, (open) => insertBlocks(open, bytes, blocks));
      this.#written.add(day);
    }
    this.#written.clear();
  }

  /**
   * Writes the records of a batch that are not there yet.
   *
   * @param {ArrayBuffer} buffer
   * @param {number} length
   */
  add(buffer, length) {
    const { maxBlockNanoseconds } = this.#options;
    const bytes = new Uint8Array(buffer, 0, length);
    let [added, known] = [0, 0];
    const seen = new Set();
    const isNew = (/** @type {Entry} */ entry) => {
      const text = textOf(bytes, entry.start, entry.end);
      const isKnown = seen.has(text) || this.#change(
        entry.day,
        (open) => hasRecord(open, bytes, entry, maxBlockNanoseconds),
      );
      seen.add(text);
      if (isKnown) known += 1;
      else added += 1;
      return !isKnown;
    };
    const view = new DataView(buffer);
    for (const [day, blocks] of blocksOf(bytes, view, this.#options, isNew)) {
      this.#change(day, (open) => insertBlocks(open, bytes, blocks));
    }
    return { added, known };
  }

  /**
   * Deletes the blocks of a client that were heard before a second, and returns
   * those that were heard in it too.
   *
   * @param {string} client
   * @param {number} seconds
   * @param {() => Promise<void>} pause Lets waiting batches be written.
   */
  async forget(client, seconds, pause) {
    const { deletionBlocks } = this.#options;
    let deleted = 0;
    /** @type {PartlyDeleted[]} */
    const partly = [];
    for (const day of this.#days) {
      /** @type {DeletionStep["last"]} */
      let past = [-1, -1];
      while (past !== undefined && this.#sizes.has(day)) {
        /** @type {[number, number]} */
        const from = past;
        /** @type {DeletionStep} */
        const step = this.#change(
          day,
          (open) => deleteBlocks(open, client, seconds, from, deletionBlocks),
        );
        deleted += step.deleted;
        partly.push(...step.partly);
        past = step.last;
        await pause();
      }
    }
    return { deleted, partly };
  }

  /**
   * Replaces the lines of a block, or removes it.
   *
   * @param {PartlyDeleted} block With the lines that remain.
   * @param {number} removed How many records it has lost.
   */
  replace(block, removed) {
    if (!this.#sizes.has(block.day)) return;
    this.#change(block.day, (open) => replaceBlock(open, block, removed));
  }

  /**
   * Ends a deletion: removes the ID where it has no block, and overwrites what
   * was deleted.
   *
   * @param {string} client
   */
  endDeletion(client) {
    for (const day of this.#days) {
      const isChanged = this.#change(day, (open) => removeUnused(open, client));
      if (!isChanged) continue;
      const open = this.#openDay(day);
      open.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      this.#measure(open);
    }
  }

  /**
   * Deletes the files of earlier days.
   *
   * @param {number} oldest
   */
  retain(oldest) {
    for (const day of this.#days) {
      if (day >= oldest) continue;
      this.#close(day);
      for (const suffix of suffixes) removeIfThere(this.#pathOf(day) + suffix);
      this.#sizes.delete(day);
    }
  }

  /**
   * A part of a client's blocks of a day, in the order of their first times, or
   * from the last to the first.
   *
   * @param {BlockQuery} query
   */
  read({ client, day, from, isNewestFirst, maxBlocks, maxBytes, past, to }) {
    /** @type {ReadBlock[]} */
    const blocks = [];
    if (!isThere(this.#pathOf(day))) return { blocks, isEnd: true };
    const [operator, order] = isNewestFirst ? ["<", "DESC"] : [">", "ASC"];
    // The ID's number may be another one after a deletion.
    const rows = prepare(
      this.#openDay(day),
      "SELECT first, seq, lines FROM blocks " +
        "WHERE client = (SELECT number FROM clients WHERE id = ?) " +
        `AND first BETWEEN ? AND ? AND (first, seq) ${operator} (?, ?) ` +
        `AND last >= ? ORDER BY first ${order}, seq ${order}`,
    ).iterate(
      bytesOf(client),
      from - this.#options.maxBlockNanoseconds,
      to,
      ...past,
      from,
    );
    let bytes = 0;
    for (const row of rows) {
      const block = /** @type {ReadBlock} */ (/** @type {unknown} */ (row));
      blocks.push(block);
      bytes += block.lines.length;
      const isFull = bytes >= maxBytes || blocks.length >= maxBlocks;
      if (isFull) return { blocks, isEnd: false };
    }
    return { blocks, isEnd: true };
  }

  /**
   * Copies the files of some days into a folder, each as it is at one moment.
   *
   * @param {string} folder
   * @param {readonly number[]} days
   */
  async copyTo(folder, days) {
    const names = [];
    for (const day of days) {
      if (!isThere(this.#pathOf(day))) continue;
      const { database } = this.#openDay(day);
      await backup(database, `${folder}/${fileNameOf(day)}`, { rate: -1 });
      names.push(fileNameOf(day));
    }
    return names;
  }

  /**
   * Renames a damaged file, so that it is not used any more.
   *
   * @param {number} day
   * @param {string} reason
   */
  setAside(day, reason) {
    this.#close(day);
    const path = this.#pathOf(day);
    let number = 1;
    while (isThere(`${path}.damaged-${number}`)) number += 1;
    for (const suffix of suffixes) {
      if (!isThere(path + suffix)) continue;
      Deno.renameSync(path + suffix, `${path}.damaged-${number}${suffix}`);
    }
    this.#sizes.delete(day);
    const name = fileNameOf(day);
    this.#onSetAside(name, `${name}.damaged-${number}`, reason);
  }

  /** Closes all files, or those of some days. */
  close(days = [...this.#open.keys()]) {
    for (const day of days) this.#close(day);
  }

  /** The days that have a file, in increasing order. */
  get #days() {
    return [...this.#sizes.keys()].sort((one, other) => one - other);
  }

  /** @param {number} day */
  #pathOf(day) {
    return `${this.#options.folder}/${fileNameOf(day)}`;
  }

  /**
   * Changes a file in one transaction. A damaged file is set aside, and the
   * change is made in a new one.
   *
   * @template Result
   * @param {number} day
   * @param {(open: Day) => Result} change
   * @returns {Result}
   */
  #change(day, change) {
    for (let attempt = 1;; attempt++) {
      try {
        const open = this.#openDay(day);
        open.database.exec("BEGIN IMMEDIATE");
        const result = change(open);
        open.database.exec("COMMIT");
        this.#measure(open);
        return result;
      } catch (error) {
        // Closing it ends the transaction.
        this.#close(day);
        if (!(error instanceof Error)) throw error;
        if (attempt > 1 || !isDamage(error)) {
          error.message = `${fileNameOf(day)}: ${error.message}`;
          throw error;
        }
        this.setAside(day, error.message);
      }
    }
  }

  /**
   * @param {number} day
   * @returns {Day}
   */
  #openDay(day) {
    const path = this.#pathOf(day);
    const known = this.#open.get(day);
    // What is written to a file that was removed or moved would be lost.
    if (known !== undefined && known.inode !== inodeOf(path)) {
      this.#close(day);
    } else if (known !== undefined) {
      this.#open.delete(day);
      this.#open.set(day, known);
      return known;
    }
    for (const [other] of this.#open) {
      if (this.#open.size < this.#options.maxOpenDays) break;
      this.#close(other);
    }
    const open = openDay(path, day);
    this.#open.set(day, open);
    this.#measure(open);
    return open;
  }

  /** @param {number} day */
  #close(day) {
    const open = this.#open.get(day);
    if (open === undefined) return;
    this.#open.delete(day);
    open.database.close();
  }

  /** @param {Day} open */
  #measure(open) {
    const path = this.#pathOf(open.day);
    const [{ records }] = all(open, "SELECT records FROM counts", []);
    this.#sizes.set(open.day, {
      records: Number(records),
      bytes: sizeOf(path) + sizeOf(`${path}-wal`),
    });
  }
}

/** @param {string} path */
function removeIfThere(path) {
  if (isThere(path)) Deno.removeSync(path);
}
