/**
 * Limits of the history, each with its unit and reason.
 *
 * @module
 */

/**
 * Reports are passed on after this time, in milliseconds. With the time to write
 * them, a killed process loses less than a second of them.
 */
export const historyWriteMs = 500;

/**
 * Most bytes of a batch. A batch is written in one transaction, and its reports
 * are in memory twice meanwhile.
 */
export const maxBatchBytes = 4 * 1024 * 1024;

/** A buffer for a batch begins with this size, in bytes. */
export const firstBatchBytes = 64 * 1024;

/**
 * Most bytes of reports that wait in memory to be written: seven seconds of
 * 30,000 reports a second. Reports beyond that are lost to the history, and
 * counted.
 */
export const maxWaitingBytes = 32 * 1024 * 1024;

/**
 * After a failure, the next attempt to write is made after this time, in
 * milliseconds: soon after space was freed, without load on a failing disk.
 */
export const historyRetryMs = 1_000;

/** Most deletions that wait to be repeated. Further ones are repeated at the next start. */
export const maxWaitingDeletions = 10_000;

/**
 * So many records are added in one piece, between which reports are written. Each
 * is looked for first: some take a millisecond, if their client has thousands in
 * the same second.
 */
export const addedAtOnce = 250;

/** An answer waits this long, in milliseconds, for reports to be written before. */
export const maxReadWaitMs = 1_000;

/**
 * Longest time between the first and the last report of a block, in seconds. A
 * search for a time reads the blocks that begin within this time before it.
 */
export const maxBlockSeconds = 60;

/** Most bytes of a block: all of it is read for one report. */
export const maxBlockBytes = 64 * 1024;

/** Most open day files of a writer or a reader: each has a cache of its own. */
export const maxOpenDays = 4;

/** Blocks are read in pieces of about this size, in bytes. */
export const readPieceBytes = 1024 * 1024;

/** Blocks that a deletion searches before waiting reports are written. */
export const deletionBlocks = 256;

/**
 * Records that are read between two checks whether the turn is over: about a tenth
 * of a millisecond's work.
 */
export const recordsPerTurnCheck = 64;
