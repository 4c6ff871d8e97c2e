/**
 * How much the administration port shows, and how often.
 *
 * @module
 */

/** Pages that may listen to events at a time: each costs time and memory. */
export const maxListeners = 32;

/** Between two status events, in milliseconds. */
export const statusEveryMs = 1_000;

/** A link that comes or goes is shown after this, with others that do so. */
export const linkChangeMs = 50;

/** Between two pieces of positions, in milliseconds. */
export const positionsEveryMs = 250;

/** Most positions in a piece: more would only be dots upon dots. */
export const maxLivePositions = 1_000;

/** Most clients of those known when a page comes: so many dots make a map. */
export const maxSnapshotPositions = 100_000;

/** How many of them are read at a time: about a millisecond of work. */
export const snapshotPieceLines = 500;

/** Events of the log that a page is shown when it comes. */
export const keptEvents = 100;

/** A snapshot goes on when less than this waits for a page, in bytes. */
export const comfortableBytes = 256 * 1024;

/** A page that leaves so many bytes waiting is disconnected, and comes anew. */
export const maxWaitingBytes = 1024 * 1024;
