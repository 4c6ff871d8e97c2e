/**
 * Limits of what is read, with units and reasons. The programs that open the
 * ports keep to those that are about whole messages.
 *
 * @module
 */

/** Longest ID of a client, in bytes, as by default at the client port. */
export const maxIdBytes = 1_024;

/** Longest topic in a message of OwnTracks, in bytes, as in MQTT. */
export const maxTopicBytes = 65_535;

/** Longest position, both numbers with their signs, in bytes: the same. */
export const maxPositionBytes = 64;

/** Longest time, in bytes: the same. */
export const maxTimeBytes = 64;

/**
 * Largest body, in bytes, after gzip. The largest batch that an app sends is
 * 1,000 points of Overland, which have 300 KiB.
 */
export const maxBodyBytes = 4 * 1024 * 1024;

/** Most points in one message: ten times as many as any app sends. */
export const maxPoints = 10_000;

/** Most points of a message for which the answer gives the reason: 6 KiB. */
export const maxNamedReasons = 100;

/**
 * Most objects and lists in one another in JSON. The deepest messages of apps
 * have seven, and each takes a call of the parser on the stack.
 */
export const maxJsonDepth = 32;

/**
 * Most values in one JSON text. `maxPoints` points with 25 values each fit. It
 * bounds the memory that a text of small values takes, to about 20 MiB.
 */
export const maxJsonValues = 262_144;

/**
 * Most values in one point of a large message, and in other members of its outer
 * two levels: 100 times as many as a point has. Also the most members of an
 * object on these levels, as each search for a key looks at all of them.
 */
export const maxValuesInStep = 4_096;

/**
 * Longest string, run of digits or white space in a JSON text, in bytes. A
 * picture of an OwnTracks card has some 10 KiB. A reader looks at each a few
 * times, and the work between two steps must end after some milliseconds.
 */
export const maxJsonTokenBytes = 64 * 1024;

/** White space before a JSON text, in bytes. No program sends any. */
export const maxLeadingBytes = 1_024;

/**
 * A text of at most this many bytes is read in one step: in a third of a
 * millisecond.
 */
export const maxStepBytes = 16 * 1024;

/** Longest line of a stream of JSON, in bytes, as at the client port. */
export const maxJsonLineBytes = 64 * 1024;

/**
 * Most keys of a query and a form together. It is ten times as many as
 * GPSLogger sends when it sends everything.
 */
export const maxParameters = 256;

/**
 * Most bytes of a query and a form together: about 50 times as many as GPSLogger
 * sends when it sends everything. They are read in one step, in half a
 * millisecond.
 */
export const maxParameterBytes = 64 * 1024;

/** Longest line of NMEA 0183, in bytes. The standard says 82. */
export const maxNmeaLineBytes = 256;

/** Longest exponent that is written out; a position has fewer digits. */
export const maxExponent = 400;

/** Most decimals of a number that is computed from another unit. */
export const maxComputedDecimals = 8;

/** Longest tracker ID, in bytes. OwnTracks' have two characters. */
export const maxTrackerIdBytes = 16;

/**
 * From this integer on, a time is in milliseconds: it is a time in 1973, and
 * would be the year 5138 in seconds.
 */
export const minMilliseconds = 100_000_000_000;

/**
 * A time that is further ahead of the server's clock, in seconds, is replaced
 * by the time of arrival: the clock of the device is wrong.
 */
export const maxAheadSeconds = 24 * 60 * 60;
