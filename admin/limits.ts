/**
 * Limits and intervals of the administration port.
 *
 * @module
 */

/** Most event streams that are open at a time: each takes time and memory. */
export const maxStreams = 32;

/** Interval between two status events, in milliseconds. */
export const statusEveryMs = 1_000;

/**
 * After a link changes, the status is sent after this time, in milliseconds.
 * Changes of other links in that time are in the same status.
 */
export const linkChangeMs = 50;

/** Interval between two pieces of new positions, in milliseconds. */
export const positionsEveryMs = 250;

/** Most positions in such a piece: more dots would cover each other. */
export const maxLivePositions = 1_000;

/** Most positions in a snapshot. */
export const maxSnapshotPositions = 100_000;

/** Positions of a snapshot read at a time: about a millisecond of work. */
export const snapshotPieceLines = 500;

/** Events of the log that a new page receives. */
export const keptEvents = 100;

/** A snapshot continues when fewer bytes than this are pending in a stream. */
export const comfortableBytes = 256 * 1024;

/** A stream with more pending bytes than this is ended. The page reconnects. */
export const maxWaitingBytes = 1024 * 1024;
