/**
 * Limits of links and of the report store, each with its unit and reason.
 *
 * @module
 */

/** Deadline of the handshake on an accepted connection, in milliseconds. */
export const handshakeTimeoutMs = 5_000;

/**
 * Default limit on accepted connections whose handshake is pending. A handshake
 * takes milliseconds, so this suffices even when a large herd starts at once.
 */
export const defaultMaxHalfOpenLinks = 256;

/**
 * The fewest such connections that the user can permit, and how many are left
 * while the system lacks descriptors. With fewer, neighbours that connect at
 * the same time could refuse each other.
 */
export const minHalfOpenLinks = 16;

/**
 * Deadline of a connection attempt, and then of its handshake, in
 * milliseconds.
 */
export const dialTimeoutMs = 2_000;

/**
 * A starting server waits at most this long, in milliseconds, for its first
 * attempts to dial its neighbours.
 */
export const firstDialWaitMs = 1_000;

/** Shortest wait before dialling again, in milliseconds. */
export const backoffFloorMs = 50;

/** Longest wait before dialling again, in milliseconds. */
export const backoffCapMs = 2_000;

/**
 * After a link that lasted at least this long, in milliseconds, dialling starts
 * again with the shortest wait.
 */
export const stableAfterMs = 5_000;

/**
 * A reply waits until the neighbours' sockets have taken the report, so that a
 * client with a reply can query a neighbour. A link that delays replies for
 * this long, in milliseconds, is stalled: replies do not wait for it until its
 * outbox is empty.
 */
export const stallAfterMs = 100;

/**
 * Most bytes in one write to a neighbour. Large enough to fill a socket's
 * buffer, small enough that new reports soon overtake a catch-up.
 */
export const maxWriteBytes = 256 * 1024;

/** Most bytes of a catch-up in one write; new reports go in between. */
export const antiEntropyWriteBytes = 64 * 1024;

/**
 * Most bytes of a catch-up that a neighbour has not confirmed by ECHOED. So the
 * buffers of a socket never fill up with a catch-up, and new reports and the
 * later replies do not wait for it. Over a link with a round trip of 100
 * ms that is 5 MB a second.
 */
export const maxUnconfirmedBytes = 512 * 1024;

/** An ECHO is sent after this many bytes of a catch-up. */
export const echoEveryBytes = 64 * 1024;

/**
 * Most bytes that wait for one neighbour after the next write: new reports,
 * announcements and requests. Over it they are dropped, and a comparison repairs
 * that when the neighbour reads again. Enough for seconds of a busy herd.
 */
export const maxOutboxBytes = 16 * 1024 * 1024;

/**
 * What an entry of the outbox takes besides its text, in bytes: about what V8
 * needs for an entry of a map and two strings.
 */
export const outboxEntryBytes = 128;

/**
 * Most reports that are held back for one neighbour. They are announced after 50
 * to 100 ms, so this is enough for 300,000 reports a second. Over it, all that
 * waits for the neighbour is dropped.
 */
export const maxAnnouncements = 2 ** 15;

/** Requested reports that are looked up for one write: about a millisecond. */
export const wantedPerPiece = 256;

/**
 * Records that one piece of a comparison looks at: about half a millisecond.
 */
export const recordsPerPiece = 1_024;

/**
 * Most reports that a list in parts has. Only a leaf is listed in parts, and a
 * table that is full has far fewer clients in each leaf. A neighbour that sends
 * more breaks the protocol.
 */
export const maxListedInParts = 2 ** 16;

/**
 * Most reports of a neighbour's lists that are kept until they are compared.
 * Beyond that, the neighbour is sent lists instead.
 */
export const maxKeptEntries = 2 ** 16;

/**
 * Most keys of the digest tree that a neighbour tells on one connection. Each
 * is smaller than the last, and each server of the herd has drawn one.
 */
export const maxKeysOfLink = 256;

/**
 * Reports that get their place in the digest tree at once when its key has
 * changed, and the interval, in milliseconds: about a millisecond's work in four.
 */
export const rebuiltReports = 2_048;
export const rebuildEveryMs = 4;

/**
 * After this many consecutive writes of new reports, a write also has lines of
 * the catch-up, so that a catch-up ends even while the herd is busy for hours.
 */
export const maxNewsWrites = 8;

/**
 * Two servers have one name if so many times within `warnEveryMs` a connection
 * of an earlier incarnation replaced a later one. One alone may be a connection
 * that was late.
 */
export const minAlternations = 3;

/** A warning about a neighbour is repeated after this time, in milliseconds. */
export const warnEveryMs = 60_000;

/** A link that has written nothing for this long, in milliseconds, pings. */
export const pingAfterMs = 1_000;

/**
 * Default time after which a link with a silent neighbour ends, in
 * milliseconds. Five pings are missing then, so the neighbour is frozen,
 * unreachable or overloaded.
 */
export const defaultLinkTimeoutMs = 5_000;

/** Neighbours compare their digests at this interval, in milliseconds. */
export const compareEveryMs = 30_000;

/**
 * A node of the digest tree with at most this many reports is listed rather
 * than divided: such a list is about as long as a line of digests.
 */
export const maxListedReports = 16;

/**
 * Ports that systems usually choose for the dialling end of a connection. A peer
 * port among them may be taken when its server starts, even by a neighbour of
 * the same host that dials it.
 */
export const leastEphemeralPort = 32_768;
export const mostEphemeralPort = 60_999;

/**
 * Interval of maintenance, in milliseconds. It frees expired reports, and its
 * second run after a report is held back announces that report. Long enough for
 * the neighbour to get the report by another link, short enough to cause little
 * delay if that link is down.
 */
export const maintenanceEveryMs = 50;

/** Most report IDs in one line, so that it stays below the line limit. */
export const maxLineIds = 1_024;

/**
 * How many fingerprints of recently received reports are kept, so that reports
 * announced later need not be requested: 2 MiB, enough for at least a second in
 * a busy herd.
 */
export const recentReports = 2 ** 18;

/** Most clients that a server remembers, if its table has room for them. */
export const defaultMaxClients = 5_000_000;

/** Memory for records is taken in blocks of 1 MiB. */
export const leastTableBytes = 2 ** 20;

/**
 * Most bytes of the table of reports. With usual lines that is room for 1.5
 * million clients, and a machine of 512 MB has room for the table.
 */
export const defaultMaxTableBytes = 256 * 1024 * 1024;

/**
 * Once a table is half full, a source of reports that holds more than this part
 * of it (1 / n) adds no new clients, so that no source displaces the clients of
 * others. 1 turns that off, for a herd whose clients all come by one gateway.
 */
export const defaultTableShares = 16;

/**
 * The share of a source in a table that is half full, as a fraction of its
 * limits. It is less where the shares of one source at all servers would be
 * more than half of a table.
 */
export function sourceShareOf(tableShares: number, servers: number): number {
  return tableShares === 1 ? 1 : 1 / Math.max(tableShares, 2 * servers);
}

/**
 * New clients that a connection may add beyond the share of its source: enough
 * for a phone or a car that shares its address with many others.
 */
export const maxClientsBeyondShare = 4;

/**
 * A server reports that it stores nothing when this many reports of its clients
 * in a row have expired on arrival. A single one may be due to different
 * clocks.
 */
export const expiredOnArrivalForAlarm = 3;

/**
 * How far the clocks of two servers may differ, in seconds, before one of them
 * is considered wrong.
 */
export const maxClockSkewSeconds = 60;

/**
 * A server's clock differs from the median of its own and its neighbours' from
 * this many seconds on: far more than the error
 * that NTP leaves and the delay of a message.
 */
export const clockDiffersFromSeconds = 5;

/** It agrees again within this many seconds, so that it does not flap. */
export const clockAgreesWithinSeconds = 4;

/** A server tells its neighbours its clock every so many heartbeats. */
export const clockEveryHeartbeats = 5;

/**
 * The clock of a neighbour is the furthest that it has told in this epoch and
 * the last one. Each has this many seconds, and so at least one message.
 */
export const ticksOfClockEpoch = 8;

/**
 * How many days a deletion is kept by default: longer than a link or a server is
 * usually away, and as long as many laws give for an answer to a person who
 * wants to be forgotten.
 */
export const defaultForgetDays = 30;

// The setting is in days, and clocks are in seconds.
export { secondsPerDay } from "../protocol/time.ts";

/**
 * Heartbeats of a link after which a server tells again how long it was apart
 * from others: a minute, which is short against the least `--forget-days`.
 */
export const heartbeatsPerSeen = 60;

/**
 * The part of the table that deletions may take. Only operators make them, but
 * a server that has the secret could flood them. A 16th of a table of the
 * default size holds more than 100,000.
 */
export const deletionShare = 1 / 16;

/** Horizons ahead of the clock that are kept until the clock reaches them. */
export const maxWaitingHorizons = 16;

/**
 * When the store is full, this fraction of the sampled reports expires, oldest
 * first, and at least one report.
 */
export const expiredFraction = 1 / 64;

/** How many reports are sampled to find the oldest ones. */
export const sampledReports = 1_024;

/**
 * How many reports one run of maintenance examines to find expired ones: about
 * a millisecond's work, and more than are added between two runs.
 */
export const sweptReports = 4_096;

/**
 * How many reports are examined for one page of a selection: about a
 * millisecond's work, however few of them match.
 */
export const maxPageReports = 4_096;

/**
 * How many bytes of reports are examined for one page of a selection: about a
 * millisecond's work, however long the clients' IDs are.
 */
export const maxPageBytes = 512 * 1024;

/**
 * A link that drains waits at most this long, in milliseconds, for the end of
 * the neighbour's stream.
 */
export const drainTimeoutMs = 2_000;

/** A refused connection stays open this long, in milliseconds, to be read. */
export const refusalLingerMs = 1_000;

/**
 * Lines of a neighbour between two looks at the clock: a fifth of a millisecond
 * of work.
 */
export const linesPerPiece = 64;
