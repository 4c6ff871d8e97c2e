// @ts-check
/**
 * One SQLite file of a history: the reports of one UTC day of their effective
 * times.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { bytesOf, linesOf, textOf } from "./blocks.js";

/** @import { Block, Entry } from "./blocks.js" */

/**
 * @typedef {object} Day A file that is open.
 * @property {number} day Its UTC day, counted from 1970-01-01.
 * @property {number | null | undefined} inode What tells it from another file
 * that takes its place.
 * @property {DatabaseSync} database
 * @property {Map<string, number>} numbers The numbers of some clients, by ID.
 * @property {number} numberBytes What this map takes, about.
 * @property {Map<string, import("node:sqlite").StatementSync>} statements
 */

/** "HERD" in ASCII: tells the files apart from those of other programs. */
export const applicationId = 0x48455244;

/** The version of the tables. */
export const formatVersion = 1;

/** The first bytes of each SQLite file, and where its header has the ID. */
const signature = "SQLite format 3\0";
const headerBytes = 100;
const applicationIdAt = 68;

/** Another process may lock a file this long, in milliseconds. */
const busyTimeoutMs = 1_000;

/** SQLite's messages for a damaged file; Deno does not pass its codes on. */
const damages = /malformed|not a database|file is encrypted/;

/** Most bytes of a day's map of clients. */
const maxNumberBytes = 8 * 1024 * 1024;

/** What an entry of this map takes besides the ID. */
const numberOverheadBytes = 64;

const dayMs = 86_400_000;

/** A client's number is not used again: readers may still know it. */
const tables = `
  BEGIN;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
  CREATE TABLE clients (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE
  ) STRICT;
  CREATE TABLE blocks (
    seq INTEGER PRIMARY KEY,
    client INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    heard_from INTEGER NOT NULL,
    heard_to INTEGER NOT NULL,
    records INTEGER NOT NULL,
    lines BLOB NOT NULL
  ) STRICT;
  CREATE INDEX blocks_by_time ON blocks (client, first);
  CREATE TABLE counts (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    records INTEGER NOT NULL,
    starts INTEGER NOT NULL
  ) STRICT;
  INSERT INTO counts VALUES (1, 0, 0);
  COMMIT;
`;

/**
 * The name of a day's file.
 *
 * @param {number} day
 */
export function fileNameOf(day) {
  return `${new Date(day * dayMs).toISOString().slice(0, 10)}.sqlite`;
}

/**
 * The day of a file; undefined if it is none of a history.
 *
 * @param {string} name
 */
export function dayOfFileName(name) {
  if (!/^\d{4}-\d\d-\d\d\.sqlite$/.test(name)) return undefined;
  const day = Date.parse(name.slice(0, 10)) / dayMs;
  return Number.isInteger(day) && fileNameOf(day) === name ? day : undefined;
}

/**
 * Opens a file, which is created if it does not exist.
 *
 * @param {string} path
 * @param {number} day
 * @returns {Day}
 * @throws {Error} If it cannot be used.
 */
export function openDay(path, day) {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  const open = {
    day,
    inode: inodeOf(path),
    database,
    numbers: new Map(),
    numberBytes: 0,
    statements: new Map(),
  };
  try {
    // SQLite takes back what a process has written that ended before all of it
    // was there. Then the file is new again.
    pragma(database, "page_count");
    // Before WAL mode, so that the header of a file is complete.
    if (sizeOf(path) === 0) database.exec(tables);
    else checkHeader(database);
    database.exec(settings);
    return open;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Inserts the blocks of a batch.
 *
 * @param {Day} open
 * @param {Uint8Array} bytes The batch.
 * @param {readonly Block[]} blocks
 */
export function insertBlocks(open, bytes, blocks) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const insert = prepare(
    open,
    "INSERT INTO blocks VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
  );
  // In the order of the index, which has to be changed at fewer places then.
  const numbered = blocks.map((block) => {
    const client = textOf(bytes, block.clientStart, block.clientEnd);
    return { block, number: numberOf(open, client) ?? addClient(open, client) };
  }).sort((one, other) => one.number - other.number);
  let records = 0;
  for (const { block, number } of numbered) {
    const count = block.places.length / 2;
    insert.run(
      number,
      block.first,
      block.last,
      block.heardFrom,
      block.heardTo,
      count,
      linesOf(bytes, view, block),
    );
    records += count;
  }
  run(open, "UPDATE counts SET records = records + ?", [records]);
}

/**
 * Whether a record is there, byte for byte.
 *
 * @param {Day} open
 * @param {Uint8Array} bytes The batch.
 * @param {Entry} entry
 * @param {number} maxBlockNanoseconds
 */
export function hasRecord(
  open,
  bytes,
  { at, client, end, start },
  maxBlockNanoseconds,
) {
  const number = numberOf(open, client);
  if (number === undefined) return false;
  const text = textOf(bytes, start, end);
  const rows = prepare(
    open,
    "SELECT lines FROM blocks WHERE client = ? AND first BETWEEN ? AND ? " +
      "AND last >= ?",
  ).iterate(number, at - maxBlockNanoseconds, at, at);
  for (const row of rows) {
    const lines = /** @type {Uint8Array} */ (row.lines);
    if (textOf(lines).split("\n").includes(text)) return true;
  }
  return false;
}

/**
 * How each file is used. A batch survives a power cut when it is committed. What
 * is deleted, or moved to another page, is overwritten.
 */
const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA secure_delete = ON;
  PRAGMA cache_size = -8192;
  PRAGMA wal_autocheckpoint = 16000;
  PRAGMA journal_size_limit = 67108864;
`;

/**
 * @param {DatabaseSync} database
 * @throws {Error} If this program has not written it, or cannot read it.
 */
function checkHeader(database) {
  if (pragma(database, "application_id") !== applicationId) {
    throw new Error("another program has written it");
  }
  const version = pragma(database, "user_version");
  if (version !== formatVersion) {
    throw new Error(
      `its format is ${version}, and this program has format ${formatVersion}`,
    );
  }
}

/**
 * @param {DatabaseSync} database
 * @param {string} name One that is a number.
 */
function pragma(database, name) {
  const row = database.prepare(`PRAGMA ${name}`).get() ?? {};
  return Number(Object.values(row)[0]);
}

/**
 * A statement, which is kept.
 *
 * @param {Day} open
 * @param {string} sql
 */
export function prepare({ database, statements }, sql) {
  let statement = statements.get(sql);
  if (statement === undefined) {
    statement = database.prepare(sql);
    statements.set(sql, statement);
  }
  return statement;
}

/**
 * @param {Day} open
 * @param {string} sql
 * @param {(number | Uint8Array)[]} values
 */
export function run(open, sql, values) {
  return prepare(open, sql).run(...values);
}

/**
 * @param {Day} open
 * @param {string} sql
 * @param {(number | Uint8Array)[]} values
 */
export function all(open, sql, values) {
  return prepare(open, sql).all(...values);
}

/**
 * A client's number; undefined if it has none.
 *
 * @param {Day} open
 * @param {string} client
 */
export function numberOf(open, client) {
  const known = open.numbers.get(client);
  if (known !== undefined) return known;
  const sql = "SELECT number FROM clients WHERE id = ?";
  const row = prepare(open, sql).get(bytesOf(client));
  if (row === undefined) return undefined;
  keepNumber(open, client, Number(row.number));
  return Number(row.number);
}

/**
 * @param {Day} open
 * @param {string} client
 */
export function addClient(open, client) {
  const sql = "INSERT INTO clients (id) VALUES (?)";
  const number = Number(run(open, sql, [bytesOf(client)]).lastInsertRowid);
  keepNumber(open, client, number);
  return number;
}

/**
 * @param {Day} open
 * @param {string} client
 * @param {number} number
 */
function keepNumber(open, client, number) {
  if (open.numberBytes > maxNumberBytes) {
    open.numbers.clear();
    open.numberBytes = 0;
  }
  open.numbers.set(client, number);
  open.numberBytes += client.length + numberOverheadBytes;
}

/**
 * @param {unknown} error
 * @returns {error is Error}
 */
export function isDamage(error) {
  return error instanceof Error && damages.test(error.message);
}

/**
 * The size of a file; 0 if it does not exist.
 *
 * @param {string} path
 */
export function sizeOf(path) {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/**
 * The number of a file in its file system; undefined if it does not exist.
 *
 * @param {string} path
 */
export function inodeOf(path) {
  try {
    return Deno.statSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** @param {string} path */
export function isThere(path) {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Whether a history has written a file; false if it is another program's, or its
 * header is damaged.
 *
 * @param {string} path
 */
export function isOwnFile(path) {
  const header = new Uint8Array(headerBytes);
  const file = Deno.openSync(path, { read: true });
  try {
    file.readSync(header);
  } finally {
    file.close();
  }
  const view = new DataView(header.buffer);
  return textOf(header, 0, signature.length) === signature &&
    view.getUint32(applicationIdAt) === applicationId;
}
