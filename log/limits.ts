/**
 * The numbers of the log, each with its unit and its reason.
 *
 * @module
 */

/** A line is on its way to the disk within this time, in milliseconds. */
export const flushIntervalMs = 100;

/** This many waiting bytes are written without waiting for the interval. */
export const flushBytes = 128 * 1024;

/**
 * When a write has failed, the next is tried after this time, in milliseconds:
 * soon enough for a person who has made room, seldom enough for a sick disk.
 */
export const retryIntervalMs = 1_000;

/**
 * Above this many waiting bytes, connections stop reading until the disk has
 * caught up.
 */
export const maxPendingBytes = 1024 * 1024;

/** A log file of this size, in bytes, is full. The user may set another. */
export const defaultMaxFileBytes = 64 * 1024 * 1024;

/** Full files kept beside the current one. The user may set another. */
export const defaultKeptFiles = 5;

/** Longest text of a person's or the system's making in an event, in bytes. */
export const maxEventFieldLength = 500;
