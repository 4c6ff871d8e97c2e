/**
 * The numbers of the links, each with its unit and its reason.
 *
 * @module
 */

/** A neighbour says who it is within this time, in milliseconds, or goes. */
export const handshakeTimeoutMs = 5_000;

/**
 * Connections to the peer port that are not linked yet. A neighbour's takes
 * milliseconds to become a link, so even a large herd that starts all at once
 * has room. The user may set another.
 */
export const defaultMaxHalfOpenLinks = 256;

/** A connection attempt, and then the handshake, may each take this long. */
export const dialTimeoutMs = 2_000;

/**
 * A server that starts is ready when it has dialled its neighbours. One that
 * hangs is waited for no longer than this, in milliseconds.
 */
export const firstDialWaitMs = 1_000;

/** Shortest wait before dialling again, in milliseconds. */
export const backoffFloorMs = 50;

/** Longest wait before dialling again, in milliseconds. */
export const backoffCapMs = 2_000;

/**
 * A link that lasted this long, in milliseconds, was a good one: the next
 * dialling starts again from the shortest wait.
 */
export const stableAfterMs = 5_000;

/**
 * A reply waits for the neighbours' sockets to take the update, so that who
 * has the reply can ask a neighbour. It waits no longer than this, in
 * milliseconds: a link that falls behind further is stalled, and nobody waits
 * for it until it has caught up.
 */
export const stallAfterMs = 100;

/**
 * Most bytes that go to a neighbour in one write. Large enough to fill a
 * socket's buffer, small enough that live reports soon overtake a catch-up.
 */
export const maxWriteBytes = 256 * 1024;

/** Most bytes of a catch-up in one write; live reports come in between. */
export const antiEntropyWriteBytes = 64 * 1024;

/**
 * So many writes of news in a row, and then a catch-up has its turn all the
 * same: a herd that is busy for hours has to get over it too.
 */
export const maxNewsWrites = 8;

/** A link on which nothing was written for so long, in milliseconds, pings. */
export const pingAfterMs = 1_000;

/**
 * A neighbour that is silent for this long, in milliseconds, is given up: five
 * pings are missing, so it is frozen, cut off, or busy beyond use.
 */
export const defaultLinkTimeoutMs = 5_000;

/** Neighbours compare what they know this often, in milliseconds. */
export const compareEveryMs = 30_000;

/**
 * A node of the digest tree with no more reports than this is listed rather
 * than divided: a list of so many is about as long as a line of digests.
 */
export const maxListedReports = 16;

/**
 * What is held back for a neighbour is announced at the second chore, and
 * forgotten reports are looked for at every chore: this often, in milliseconds.
 * Long enough that the neighbour has the reports by then from others, short
 * enough that it hardly waits if the others have died.
 */
export const maintenanceEveryMs = 50;

/** Most fingerprints in one line: below the limit of a line, in items. */
export const maxLineIds = 1_024;

/**
 * How many reports that came in lately are remembered by their fingerprint, so
 * that what is announced need not be asked for: 2 MiB for a second and more of
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
 * of it (1 / n) adds no new clients: nobody displaces the clients of others. 1
 * turns that off, for a herd whose clients all come by one gateway.
 */
export const defaultTableShares = 16;

/**
 * What one source may hold of a table that is half full, as a fraction of its
 * limits. It is less where the shares of one source at all servers would be more
 * than half of a table.
 */
export function sourceShareOf(tableShares: number, servers: number): number {
  return tableShares === 1 ? 1 : 1 / Math.max(tableShares, 2 * servers);
}

/**
 * New clients that a connection may add beyond the share of its source: enough
 * for a phone or a car behind an address that others have filled.
 */
export const maxClientsBeyondShare = 4;

/**
 * A server says that it stores nothing when this many reports of its clients in
 * a row have expired on arrival. One alone may come of two clocks.
 */
export const expiredOnArrivalForAlarm = 3;

/**
 * How far the clocks of two servers may differ, in seconds, before one of them
 * is taken to be wrong.
 */
export const maxClockSkewSeconds = 60;

/** Horizons ahead of the clock that are kept until the clock reaches them. */
export const maxWaitingHorizons = 16;

/**
 * When there is no room, the herd forgets the reports heard longest ago: one
 * in so many of those sampled, and at least one.
 */
export const expiredFraction = 1 / 64;

/** How many reports are sampled to find those heard longest ago. */
export const sampledReports = 1_024;

/**
 * How many reports are looked at in one turn to find expired ones: about a
 * millisecond's work, and more than come in between two turns.
 */
export const sweptReports = 4_096;

/**
 * How many reports are looked at for one page of a selection: about a
 * millisecond's work, however few of them match.
 */
export const maxPageReports = 4_096;

/**
 * Once a link was given up for a better one, its neighbour has this long, in
 * milliseconds, to send what was under way.
 */
export const drainTimeoutMs = 2_000;

/** A stranger that was refused has this long, in ms, to read why. */
export const refusalLingerMs = 1_000;

/**
 * Lines of a neighbour between two looks at the clock: a fifth of a millisecond
 * of work.
 */
export const linesPerPiece = 64;
