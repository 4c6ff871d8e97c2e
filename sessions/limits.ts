/**
 * Limits and times of the client port, with units and reasons.
 *
 * @module
 */

import { maxLineBytes } from "../protocol/limits.ts";
import { reservedDescriptors } from "../runtime/descriptors.ts";

/** The limits of clients. An operator can change each of them. */
export interface ClientLimits {
  /** Longest line, in bytes without its LF. Longer ones end the connection. */
  readonly maxLineBytes: number;
  /** Longest ID of a client, in bytes. */
  readonly maxIdBytes: number;
  /** Longest position, in bytes. */
  readonly maxPositionBytes: number;
  /** Longest time, in bytes. */
  readonly maxTimeBytes: number;
  /** Connections of all clients. Further ones are refused. */
  readonly maxConnections: number;
  /** Connections of one address; `Infinity` for no limit. */
  readonly maxConnectionsPerAddress: number;
  /** Replies that wait for an unanswered query before reading stops. */
  readonly maxRepliesWaiting: number;
  /**
   * Bytes of one client's replies that wait for an earlier answer or for the
   * client to read. At this limit, reading stops and no further query is
   * started.
   */
  readonly maxReplyBytesWaiting: number;
  /**
   * The same for all clients together. Above this limit, the clients with most
   * bytes are disconnected.
   */
  readonly maxReplyBytesInTotal: number;
  /** A client that reads none of its replies for this time is disconnected. */
  readonly slowConsumerMs: number;
  /**
   * A client that sends nothing for this time is disconnected; or `Infinity`.
   */
  readonly idleMs: number;
  /**
   * A whole command that comes without its LF is answered when nothing has
   * followed it for this time; or `Infinity`. A part of a command can be a whole
   * one too, so a line that comes in pieces may be misunderstood.
   */
  readonly partialLineMs: number;
  /**
   * Queries of one client that run at once. Further queries wait, but the
   * requests after them do not.
   */
  readonly maxQueriesInFlight: number;
  /** The same for all clients together. */
  readonly maxQueriesInTotal: number;
  /**
   * Reports of one connection in a second, and of all connections of one
   * identity; or `Infinity`. Beyond that, reading waits.
   */
  readonly maxReportsPerSecond: number;
  /** The same for queries. */
  readonly maxQueriesPerSecond: number;
}

/** The default limits. */
export const defaultClientLimits: ClientLimits = {
  maxLineBytes,
  // Every server of the herd keeps it, and most IDs have less than 40.
  maxIdBytes: 1_024,
  // 1 cm needs 27 bytes, and 1 ns 20: further digits have no meaning.
  maxPositionBytes: 64,
  maxTimeBytes: 64,
  // 80 MB, at 8 kB for each idle connection without TLS.
  maxConnections: 10_000,
  maxConnectionsPerAddress: Infinity,
  maxRepliesWaiting: 1024,
  // Some eighty full pages of places.
  maxReplyBytesWaiting: 4 * 1024 * 1024,
  // Replies take about twice this, which a machine of 512 MB has room for.
  maxReplyBytesInTotal: 128 * 1024 * 1024,
  slowConsumerMs: 30_000,
  idleMs: Infinity,
  partialLineMs: Infinity,
  // Google answers within a second. A higher limit would let one client use all
  // of its permits.
  maxQueriesInFlight: 16,
  // At most 32 are sent to the service at once. The others take a few kB each.
  maxQueriesInTotal: 4096,
  maxReportsPerSecond: Infinity,
  maxQueriesPerSecond: Infinity,
};

/**
 * The default for `maxConnectionsPerAddress` if other machines can reach the
 * port. Some networks have hundreds of phones at one address.
 */
export const remoteConnectionsPerAddress = 1_000;

/**
 * When this share of the permitted connections is in use, in total or from one
 * address, each new connection ends the one that has been idle longest. The
 * rest gives connections time to end by themselves.
 */
export const fullShare = 0.9;

/**
 * A connection makes room for another if nothing was received or sent for this
 * long, in milliseconds: a phone that reports every few minutes keeps its own.
 */
export const minIdleMs = 600_000;

/**
 * While the system lacks descriptors, the limit on connections is the number of
 * open ones, but at least this: half of the descriptors that are released then.
 */
export const minConnections = reservedDescriptors / 2;

/**
 * Most memory of all clients' unfinished lines and buffers for reading, in bytes.
 * Above it, the clients with the longest unfinished lines are disconnected. With
 * 10,000 connections that is 6 KiB for each.
 */
export const maxReceivedBytes = 64 * 1024 * 1024;

/** Milliseconds between heartbeats, which find connections without progress. */
export const heartbeatMs = 1_000;

/**
 * Approximate memory of a waiting reply besides its text, in bytes: its slot
 * and its query. It counts as part of the reply, so that queries without an
 * answer count too.
 */
export const slotBytes = 512;

/**
 * Most bytes of replies in one write. Each write is logged separately. To copy
 * and log this much of places takes six tenths of a millisecond.
 */
export const maxWriteBytes = 64 * 1024;

/**
 * A chunk of at most this many bytes is not timed, because to read the clock
 * would take a good part of its time.
 */
export const untimedBytes = 2 * 1024;

/** What a chunk that is not timed counts as, in milliseconds. */
export const untimedMs = 0.01;

/** A write of this many bytes waits for a turn. A shorter one takes no time. */
export const longWriteBytes = 4 * 1024;

/** Time to read the reply to a line that is too long, in milliseconds. */
export const refusalLingerMs = 2_000;

/**
 * How long a stopping server waits for answers, in milliseconds. With
 * `stopLingerMs` and the times of the links, a server stops within five
 * seconds.
 */
export const stopAnswerMs = 2_000;

/**
 * Time for a client to read its replies and end its side after a stopping
 * server has ended its own, in milliseconds.
 */
export const stopLingerMs = 500;

/**
 * How many unused batches of replies are kept. More are in use at once only if
 * clients are slow to read.
 */
export const keptReplyBatches = 64;

/**
 * Lines of a client between two looks at the clock: a fifth of a millisecond of
 * work.
 */
export const linesPerPiece = 64;
