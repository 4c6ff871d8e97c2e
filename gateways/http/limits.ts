/**
 * Limits and times of the HTTP gateway, with units and reasons.
 *
 * @module
 */

/** Most bytes of the head of a request: as many as common servers accept. */
export const maxHeadBytes = 16 * 1024;

/**
 * Most bytes of a head that is kept, with its fields, because the next request of
 * the connection is likely to have the same: twice as many as apps send.
 */
export const maxKeptHeadBytes = 1024;

/** Most header fields of a request: browsers send about twenty. */
export const maxFields = 100;

/** Most bytes of the line before a chunk. Programs send fewer than ten. */
export const maxChunkLineBytes = 256;

/** Largest body as it is sent, with gzip, in bytes. */
export const maxCompressedBytes = 1024 * 1024;

/**
 * Bytes that are parsed in one turn: a fifth of a millisecond of work, or some
 * hundreds of requests if they are very short.
 */
export const pieceBytes = 8 * 1024;

/** From the first byte of a request to the end of its head, in milliseconds. */
export const headMs = 10_000;

/** The parts in which this time is counted, in milliseconds. */
export const headPartMs = 500;

/**
 * How long a body may make no progress, in milliseconds: longer than a phone
 * takes to find a network again.
 */
export const bodyQuietMs = 30_000;

/**
 * How long a connection is kept between requests, in milliseconds, as common
 * servers do. Phones that report once a minute keep theirs.
 */
export const keepAliveMs = 75_000;

/**
 * Time for the other side to read the last answer, in milliseconds: it may
 * still be sending, and would lose the answer by a reset.
 */
export const lingerMs = 2_000;

/** The radius of a query that gives none, in kilometres. */
export const defaultRadiusKm = "10";

/** The bound of a query that gives none: the most that there can be. */
export const defaultBound = "20";

/**
 * Most bytes of an answer with friends of OwnTracks: some 300 friends. The rest
 * comes with the next answers.
 */
export const maxFriendsAnswerBytes = 64 * 1024;

/** Clients that are read from the replica in one page for friends. */
export const friendsPerPage = 256;

/**
 * Friends between two looks at the clock: a third of a millisecond of work.
 */
export const friendsPerPiece = 32;

/** What a phone takes in memory besides its IDs and patterns, in bytes. */
export const phoneBytes = 1024;

/** What a friend that is noted for a phone takes besides its ID, in bytes. */
export const friendBytes = 64;

/**
 * Most memory of one phone, in bytes: some 2,500 friends. Beyond it what has
 * changed is dropped, and the phone is sent all its friends again.
 */
export const maxPhoneBytes = 256 * 1024;

/**
 * Most memory of all phones, in bytes: about 12,000 phones with two patterns.
 * Beyond it the one that has been silent longest is forgotten.
 */
export const maxPhonesBytes = 16 * 1024 * 1024;

/**
 * How long a phone is remembered after its last report, in milliseconds. The app
 * forgets its friends when the phone ends the app. A phone that is not remembered
 * is sent all its friends again.
 */
export const phoneSilenceMs = 60 * 60 * 1_000;
