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

/** Such a piece is sent in parts of this many positions, one in a turn. */
export const livePartLines = 250;

/**
 * Most bytes of reports that are read for such a piece: a hundred times as many
 * as ordinary reports take.
 */
export const maxLiveBytes = 1024 * 1024;

/** Most positions in a snapshot. */
export const maxSnapshotPositions = 100_000;

/** Most positions in one piece of a snapshot. */
export const snapshotPieceLines = 500;

/** A piece of a snapshot ends after this time, in milliseconds. */
export const snapshotPieceMs = 1;

/** A piece of a snapshot ends when it has as many bytes as this. */
export const snapshotPieceBytes = 32 * 1024;

/** How many reports of a snapshot are read at a time. */
export const selectedLines = 64;

/**
 * Most bytes of an ID that the page gets. A longer one is cut; the page gets the
 * whole ID when its user wants to see it.
 */
export const maxShownIdBytes = 160;

/** Most characters of an ID that the page gets, with those of escapes. */
export const maxShownIdLength = 200;

/** Bytes of an ID that the page gets if the ID has too many escapes. */
export const escapedIdBytes = 48;

/**
 * The hash of a long ID is of this many bytes, half of them from its beginning
 * and half from its end: as many as an ID may have at a server with the usual
 * limits.
 */
export const hashedIdBytes = 1_024;

/**
 * Most searches for whole IDs at a time, of all pages. Each looks at all
 * clients.
 */
export const maxSearches = 4;

/**
 * Most answers about histories at a time, of all ports of the process: each
 * holds a page of up to half a megabyte.
 */
export const maxHistoryAnswers = 32;

/** Most records of one import, which are in memory at once. */
export const maxImportRecords = 5_000;

/** Most bytes of one import: 5,000 records of the usual size, twice over. */
export const maxImportBytes = 1024 * 1024;

/** Bytes of an ID that are escaped at a time: well below a millisecond. */
export const escapedPieceBytes = 4_096;

/** Events of the log that a new page receives. */
export const keptEvents = 100;

/**
 * Interval between two batches of events, in milliseconds, if they come in
 * bursts. Of more than `keptEvents` in it, a page gets the last ones.
 */
export const eventsEveryMs = 100;

/** Most fields of an event that the page gets. */
export const maxEventFields = 16;

/** Most characters of the value of a field that the page gets. */
export const maxFieldLength = 200;

/** Most characters of a name in an event that the page gets. */
export const maxEventNameLength = 80;

/** A snapshot continues when fewer bytes than this are pending in a stream. */
export const comfortableBytes = 128 * 1024;

/** A stream with more pending bytes than this is ended. The page reconnects. */
export const maxWaitingBytes = 1024 * 1024;

/** How long a login is valid, in seconds. */
export const sessionSeconds = 12 * 60 * 60;

/** Most logins of a port. Beyond that the oldest one ends. */
export const maxSessions = 1_000;

/** Most failed attempts to authenticate of one address in `attemptsSeconds`. */
export const maxFailedAttempts = 10;

/** After this time an address may try again, in seconds. */
export const attemptsSeconds = 60;

/**
 * Most addresses whose failed attempts are remembered. Beyond that the one that
 * failed first is forgotten.
 */
export const maxRememberedAddresses = 10_000;
