/**
 * Limits of the history in PostgreSQL, each with its unit and reason.
 *
 * @module
 */

/**
 * Most bytes of a client's ID. It is a part of the key, and a row of PostgreSQL's
 * index has at most 2,704 bytes. `1_reports.sql` has the same limit.
 */
export const maxRecordedIdBytes = 2_048;

/**
 * Most rows of a statement. Rows cost ten times less together than one by one,
 * and on a busy machine each statement waits for its turn. One takes about 25
 * milliseconds.
 */
export const rowsPerStatement = 2_000;

/** Rows between two looks at the clock: less than half a millisecond's work. */
export const rowsPerCheck = 128;

/**
 * The part of a batch that is not inserted after this time, in milliseconds, is
 * put into the spool. With the time that reports wait before, a killed process
 * loses less than a second of them.
 */
export const appendMs = 300;

/**
 * If no statement ends within this time, in milliseconds, the batch is put into
 * the spool without waiting for it.
 */
export const stallMs = 400;

/** Longest wait for a connection, in milliseconds. */
export const connectTimeoutMs = 5_000;

/** The same at the start of a server, which waits for it. */
export const startTimeoutMs = 2_000;

/**
 * Longest wait for the end of a statement, in milliseconds. A working database
 * may take seconds to write a checkpoint.
 */
export const statementTimeoutMs = 10_000;

/** The same for a deletion, which may have millions of rows. */
export const deletionTimeoutMs = 60_000;

/**
 * If old days cannot be dropped because they are being read, the next attempt is
 * made after this time, in milliseconds. Each attempt stops inserting for up to
 * half a second.
 */
export const dropRetryMs = 600_000;

/** The longest wait for a statement once the server stops, in milliseconds. */
export const stoppingTimeoutMs = 1_500;

/** Shortest and longest wait before the next attempt to connect, in milliseconds. */
export const [retryFloorMs, retryCapMs] = [250, 10_000];

/** The spool is read after this time, in milliseconds, when the database works. */
export const replayIntervalMs = 250;

/**
 * A file of the spool is full at this size, in bytes. It is read as a whole, and
 * removed when its records are in the database.
 */
export const spoolFileBytes = 4 * 1024 * 1024;

/** Most bytes of a spool in the data folder, by default: about 8 million reports. */
export const defaultSpoolBytes = 1024 * 1024 * 1024;

/** The same in memory: about half a million reports. */
export const defaultMemorySpoolBytes = 64 * 1024 * 1024;

/**
 * A day that the database does not take is asked for again after this time, in
 * milliseconds.
 */
export const refusedDayMs = 60_000;
