/**
 * Limits and times of MQTT, with units and reasons.
 *
 * @module
 */

/**
 * Largest packet, in bytes, with its header: the same as a request by HTTP
 * before gzip. MQTT 5 tells it to the client as Maximum Packet Size.
 */
export const maxPacketBytes = 1024 * 1024;

/**
 * Largest CONNECT, in bytes. It comes before anything is known about the
 * client, and has a will, a name and a token of a few KiB at most.
 */
export const maxConnectBytes = 64 * 1024;

/** Longest client ID, in bytes. The longest that libraries make up have 40. */
export const maxClientIdBytes = 256;

/**
 * Longest topic name or filter, in bytes. An ID has at most 1,024 bytes, and
 * percent-encoded three times as many.
 */
export const maxTopicBytes = 4_096;

/** Most levels of a filter. IDs have two or three. */
export const maxFilterLevels = 32;

/** Most filters in a packet, and of a client. OwnTracks has three. */
export const maxFilters = 64;

/** Most properties in a packet of MQTT 5. Libraries send up to ten. */
export const maxProperties = 64;

/**
 * Most messages with QoS 2 that a client may have begun and not released. MQTT
 * 5 tells it to the client as Receive Maximum. Libraries have 20 by default.
 */
export const maxUnreleased = 1_024;

/** Longest payload of a will that is kept, in bytes: a position has 200. */
export const maxWillBytes = 4_096;

/** Time from the connection to a whole CONNECT, in milliseconds. */
export const connectMs = 10_000;

/** The keep-alive time is exceeded after this part of it. The standards say so. */
export const keepAliveFactor = 1.5;

/** Most bytes of all filters of a client, and of all clients together. */
export const maxFilterBytes = 8 * 1024;
export const maxFilterBytesInAll = 16 * 1024 * 1024;

/** Time between two messages about one client to a subscriber, in milliseconds. */
export const deliveryMs = 1_000;

/**
 * How often changes are delivered, in milliseconds. Many changes in one write
 * take a tenth of the time of as many writes.
 */
export const deliveryTickMs = 50;

/** What a noted change takes in memory besides its ID, in bytes. */
export const changeBytes = 128;

/**
 * Most memory of the changes that are noted for a subscriber, in bytes: some
 * 25,000 clients. Beyond it the changes are dropped, and the newest reports are
 * sent from the beginning again. For all subscribers together it is sixteen
 * times as much.
 */
export const maxChangesBytes = 4 * 1024 * 1024;
export const maxChangesBytesInAll = 64 * 1024 * 1024;

/** Most bytes of messages in one write to a subscriber. */
export const deliveryBytes = 64 * 1024;

/** Most reports that are read from the replica in one turn. */
export const reportsPerPage = 256;
