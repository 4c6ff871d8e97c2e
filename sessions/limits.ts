/**
 * The numbers of the client port, each with its unit and its reason.
 *
 * @module
 */

/**
 * Questions of one client that are under way at once; further ones wait, and
 * what stands behind them does not. Google answers within a second; more in
 * parallel would let one client take all turns at it.
 */
export const maxQuestionsInFlight = 16;

/** Replies that wait behind an unanswered question before reading stops. */
export const maxRepliesWaiting = 1024;

/**
 * Bytes of replies that wait, for an answer before them or for the client to
 * read, before reading stops and no further question is asked. A full page of
 * places has some 50 kB; the largest body that is taken from a service fits.
 */
export const maxReplyBytesWaiting = 16 * 1024 * 1024;

/**
 * Bytes from which on ready replies go out in more than one write, each logged
 * as it goes.
 */
export const maxWriteBytes = 1024 * 1024;

/**
 * A client that was told that its line is too long has this long, in
 * milliseconds, to read that before the connection is gone.
 */
export const refusalLingerMs = 2_000;

/**
 * When the server stops, what a client has asked is answered if that can be
 * done within this time, in milliseconds. Together with the lingering here and
 * that of the links, a server has stopped within five seconds.
 */
export const stopAnswerMs = 2_000;

/**
 * When the server has ended its side, a client has this long, in milliseconds,
 * to take its answers and end its own.
 */
export const stopLingerMs = 500;

/**
 * So many batches of replies are kept for the next connection that needs one:
 * more are only in use at a time when clients are slow to take their answers.
 */
export const keptReplyBatches = 64;
