/**
 * The numbers of the links, each with its unit and its reason.
 *
 * @module
 */

/** A neighbour says who it is within this time, in milliseconds, or goes. */
export const handshakeTimeoutMs = 5_000;

/** A connection attempt that has not succeeded by then counts as failed. */
export const dialTimeoutMs = 5_000;

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
export const catchUpWriteBytes = 64 * 1024;

/**
 * Once a link was given up for a better one, its neighbour has this long, in
 * milliseconds, to send what was under way.
 */
export const retireTimeoutMs = 2_000;

/** A stranger that was refused has this long, in ms, to read why. */
export const refusalLingerMs = 1_000;
