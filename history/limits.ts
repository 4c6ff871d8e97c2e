/**
 * Limits on answers about positions of the past, with units and reasons.
 *
 * @module
 */

/**
 * Most records of one answer. A page is made and read within some milliseconds,
 * and a day of a phone that reports every ten seconds takes nine.
 */
export const maxPageRecords = 1_000;

/**
 * Most bytes of the records of one answer, which are in memory at once: records
 * have 100 to 600 bytes, unless IDs are very long.
 */
export const maxPageBytes = 512 * 1024;

/** Records that are written in one turn: about half a millisecond of work. */
export const pieceRecords = 25;

/** Longest cursor, in bytes. Those of histories have about 90. */
export const maxCursorBytes = 256;
