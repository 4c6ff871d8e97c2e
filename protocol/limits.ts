/**
 * Limits of the protocol, with units and reasons.
 *
 * @module
 */

/** Most bytes of a line, without its LF. A longer one ends the connection. */
export const maxLineBytes = 64 * 1024;

/**
 * Most bytes of a report's attributes: all that the gateways read fit, and a
 * record in the table stays small.
 */
export const maxAttributesBytes = 256;

/**
 * Most bytes of a line between servers, without its LF. The AT line of the
 * longest IAMAT has at most 90 bytes more, if the server's name has 64 bytes.
 * A space and attributes may follow it.
 */
export const maxPeerLineBytes = maxLineBytes + 90 + 1 + maxAttributesBytes;

/** How many bytes of a line that is too long the reply repeats. */
export const tooLongEchoBytes = 1024;

/** Largest latitude in degrees, north or south. */
export const maxLatitudeDegrees = 90;

/** Largest longitude in degrees, east or west. */
export const maxLongitudeDegrees = 180;

/**
 * Most integer digits of a time. Seconds of fifteen digits are exact in a
 * double, and reach beyond the year 31,000,000.
 */
export const maxTimeIntegerDigits = 15;

/**
 * Latest time at which a server can have heard a report, in POSIX seconds: the
 * year 33658. A later one can only be a mistake of the sender.
 */
export const maxHeardSeconds = 10 ** 12;

/** Largest search radius in kilometres, as in Google's Nearby Search. */
export const maxRadiusKm = 50;

/** Most places in one answer, as on a page of Google's Nearby Search. */
export const maxPlaces = 20;
