/**
 * Limits of the places services, each with its unit and reason.
 *
 * @module
 */

/**
 * Every query is answered within this time, in milliseconds, even if the
 * service does not answer.
 */
export const answerDeadlineMs = 10_000;

/**
 * Largest body accepted from a service, in bytes: five times a page of 20
 * places. To parse a hostile body of this size takes about 10 ms, during which
 * the server does nothing else.
 */
export const maxBodyBytes = 256 * 1024;

/** A body is read in chunks of up to this size, in bytes. */
export const chunkBytes = 64 * 1024;

/** Most concurrent requests to a service; further ones wait in order. */
export const maxRequestsInFlight = 32;

/**
 * Most requests for one query. An error that persists through three retries,
 * within two seconds, will hardly be gone before the deadline.
 */
export const maxAttempts = 4;

/**
 * Longest delay before the second attempt, in milliseconds. It doubles with
 * each further attempt. Each delay is shortened by a random part of up to one
 * half, so that requests that failed together are not repeated together.
 */
export const firstRetryMs = 250;

/**
 * Size of the cache for --places-ttl, in bytes: about a thousand pages of 20
 * places. The oldest answers are evicted.
 */
export const maxKeptAnswerBytes = 64 * 1024 * 1024;

/** Approximate memory for a cached answer besides its text, in bytes. */
export const keptAnswerOverheadBytes = 512;

/**
 * Digits after the dot of a coordinate or a radius that a search keeps. Ten are
 * hundredths of a millimetre.
 */
export const maxFractionDigits = 20;

/**
 * Longest search whose answer is shared and cached, in characters. Two
 * coordinates with the precision of satellite navigation take 30. Without a
 * limit, meaningless digits could fill the memory.
 */
export const maxSharedSearchLength = 200;

/**
 * Shortest key that is removed from a service's text, in characters. Google's
 * keys have 39; a few letters could be part of any word.
 */
export const minRedactedKeyLength = 6;
