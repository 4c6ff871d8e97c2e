/**
 * Limits and times that gateways have in common, with units and reasons.
 *
 * @module
 */

/** Most bytes of an example of a message that was not taken. */
export const maxExampleBytes = 256;

/**
 * How much of a message is read for an example, in bytes. Credentials are
 * removed before it is cut to `maxExampleBytes`.
 */
export const scannedExampleBytes = 1024;

/**
 * Sightings that are taken between two looks at the clock: a third of a
 * millisecond of work.
 */
export const sightingsPerPiece = 64;

/**
 * Messages of one connection between two looks at the clock: a third of a
 * millisecond of work.
 */
export const messagesPerPiece = 64;

/** Time for a client to read the last message, in milliseconds. */
export const goodbyeMs = 500;
