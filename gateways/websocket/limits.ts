/**
 * Limits of WebSockets, with units and reasons.
 *
 * @module
 */

/**
 * Largest frame from a client, and largest message of several, in bytes: the
 * same as a line of the client port.
 */
export const maxFrameBytes = 64 * 1024;

/** Largest frame of control, in bytes (RFC 6455, 5.5). */
export const maxControlBytes = 125;

/** Most fragments of a message. Browsers send one or two. */
export const maxFragments = 1_024;

/** How long a closing handshake may take, in milliseconds. */
export const closeMs = 500;

/**
 * A client from which nothing was received for this long is sent a ping, in
 * milliseconds. Proxies close connections after a minute of silence.
 */
export const pingMs = 30_000;

/** Most bytes of a stream in one frame to a client. */
export const maxWriteBytes = 64 * 1024;

/** Time for the answer to a ping, in milliseconds. */
export const answerPingMs = 60_000;
