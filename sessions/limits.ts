/**
 * The numbers of the client port, each with its unit and its reason.
 *
 * @module
 */

/**
 * Questions of one client that are under way at once. Google answers within a
 * second; more in parallel would let one client take all of its quota.
 */
export const maxQuestionsInFlight = 16;

/** Replies that wait behind an unanswered question before reading stops. */
export const maxRepliesWaiting = 1024;

/**
 * A client that was told that its line is too long has this long, in
 * milliseconds, to read that before the connection is gone.
 */
export const refusalLingerMs = 2_000;

/**
 * When the server stops, a client has this long, in milliseconds, to take its
 * answers and end its side.
 */
export const stopLingerMs = 1_000;
