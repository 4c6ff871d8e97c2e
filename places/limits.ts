/**
 * The numbers of the places rooms, each with its unit and its reason.
 *
 * @module
 */

/**
 * A question is answered within this time after it is asked, in milliseconds,
 * come what may.
 */
export const answerDeadlineMs = 10_000;

/** Largest body taken from a service, in bytes. A page of 20 is some 50 kB. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** Requests to a service under way at once; further ones wait in order. */
export const maxRequestsInFlight = 32;

/**
 * Requests made for one question, at most: what has not passed after three
 * more tries, within two seconds, will hardly pass before the deadline.
 */
export const maxAttempts = 4;

/**
 * Longest wait before the second attempt, in milliseconds. It doubles with
 * each further one; of each, a random half is left out, so that those who
 * failed together do not come again together.
 */
export const firstRetryMs = 250;

/**
 * Answers kept for --places-ttl, in bytes. What does not fit goes, the oldest
 * first: some thousand pages of 20.
 */
export const maxKeptAnswerBytes = 64 * 1024 * 1024;

/** What an answer that is kept takes beside its text, in bytes, about. */
export const keptAnswerOverheadBytes = 512;

/**
 * Longest search whose answer is shared and kept, in characters. Positions that
 * a satellite can tell apart take 30; without a limit, digits that say nothing
 * would fill the memory.
 */
export const maxSharedSearchLength = 200;

/**
 * Shortest key, in characters, that is looked for in what a service says.
 * Google's have 39; one of a few letters could be part of any word.
 */
export const minRedactedKeyLength = 6;
