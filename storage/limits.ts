/**
 * Limits of the data folder, each with its unit and reason.
 *
 * @module
 */

/**
 * Records are passed to the system after this time, in milliseconds: short, so
 * that a killed process has lost little, and long enough that many reports of a
 * busy client take one line. A power cut takes what is not synced.
 */
export const writeIntervalMs = 200;

/** Files are read in pieces of this size, in bytes. */
export const readBytes = 1024 * 1024;

/**
 * Longest line of a file, in bytes: more than any record takes. Without a limit,
 * damage could make one line of a whole file.
 */
export const maxFileLineBytes = 256 * 1024;

/**
 * After so many records of a file or a walk it is checked whether the turn is
 * over: about a tenth of a millisecond's work.
 */
export const recordsPerCheck = 64;

/** Records are written in pieces of about this size, in bytes. */
export const pieceBytes = 256 * 1024;

/**
 * Bytes of a snapshot between two syncs. Records wait during a sync, so none may
 * take long.
 */
export const snapshotSyncBytes = 8 * 1024 * 1024;

/**
 * A new snapshot is written when the tails have this many times the size of the
 * last one. With the old snapshot, the new one and the tail that grows meanwhile,
 * the folder has at most about four times the bytes of all records.
 */
export const tailFactor = 1;

/**
 * Tails with fewer bytes than this are not worth a new snapshot. They take about
 * a second to read.
 */
export const minTailBytes = 32 * 1024 * 1024;

/** Most tails: each start of the server begins one. */
export const maxTails = 16;

/**
 * What was deleted is gone from the folder after this time, in milliseconds, and
 * the writing of a snapshot: a report is personal data.
 */
export const maxDeletedMs = 3_600_000;

/**
 * After a failure, the next attempt to write is made after this time, in
 * milliseconds: soon after space was freed, without load on a failing disk.
 */
export const retryIntervalMs = 1_000;

/** The same for a snapshot that could not be written. */
export const snapshotRetryMs = 60_000;

/**
 * The folder says at least this often, in milliseconds, that its server ran: the
 * age of a folder is counted in days.
 */
export const aliveIntervalMs = 60_000;

/**
 * If the clock was set by more than this, in seconds, the folder says so at once.
 * Otherwise a folder that was begun by a wrong clock would seem to be old after a
 * crash.
 */
export const maxAliveErrorSeconds = 60;

/**
 * So many damaged places of the folder are logged at a start, each with file and
 * offset. All are counted.
 */
export const maxLoggedDamages = 10;
