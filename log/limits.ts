/**
 * Limits of the log, each with its unit and reason.
 *
 * @module
 */

/**
 * Logged lines are passed to the system after at most this time, in
 * milliseconds.
 */
export const flushIntervalMs = 100;

/** When this many bytes are pending, they are written at once. */
export const flushBytes = 128 * 1024;

/**
 * After a failed write, the next attempt is made after this time, in
 * milliseconds: soon after space has been freed, without putting load on a
 * failing disk.
 */
export const retryIntervalMs = 1_000;

/**
 * The log checks this often, in milliseconds, that its path still leads to the
 * open file: seldom enough to cost nothing, often enough that a file that was
 * removed takes only seconds of lines with it.
 */
export const fileCheckIntervalMs = 2_000;

/**
 * Above this many pending bytes, connections stop reading until the disk has
 * caught up.
 */
export const maxPendingBytes = 1024 * 1024;

/**
 * Above this many pending bytes, long replies wait. So clients with long
 * replies wait for the disk before other clients do.
 */
export const maxPendingLongBytes = 512 * 1024;

/** Default size at which a log file is full, in bytes. */
export const defaultMaxFileBytes = 64 * 1024 * 1024;

/** Default number of full files kept besides the current one. */
export const defaultKeptFiles = 5;

/**
 * Longest text in a field of an event, in bytes. Longer texts are truncated.
 */
export const maxEventFieldLength = 500;
