/**
 * What the language allows, each with its unit and its reason.
 *
 * @module
 */

/** Longest line, in bytes without its LF. Longer ones end the connection. */
export const maxLineBytes = 64 * 1024;

/**
 * Longest line between servers, in bytes without its LF: the AT line of the
 * longest IAMAT has at most 90 bytes more, with a name of 64 bytes.
 */
export const maxPeerLineBytes = maxLineBytes + 90;

/** How much of a line that is too long comes back in the refusal, in bytes. */
export const tooLongEchoBytes = 1024;

/** Latitudes end at the poles, in degrees. */
export const maxLatitudeDegrees = 90;

/** Longitudes end where they meet, in degrees. */
export const maxLongitudeDegrees = 180;

/**
 * Integer digits of a time. Fifteen digits of seconds stay exact in a double,
 * and reach past the year 31,000,000.
 */
export const maxTimeIntegerDigits = 15;

/** Largest search radius, in kilometres: Google's own limit is 50 km. */
export const maxRadiusKm = 50;

/** Most places in one answer: a page of Google's Nearby Search is 20. */
export const maxPlaces = 20;
