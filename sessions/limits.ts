/**
 * The numbers of the client port, each with its unit and its reason.
 *
 * @module
 */

import { maxLineBytes } from "../protocol/limits.ts";

/** What clients may take up of a server. Whoever runs it may choose others. */
export interface ClientLimits {
  /** Longest line, in bytes without its LF. Longer ones end the connection. */
  readonly maxLineBytes: number;
  /** Longest ID of a client, in bytes. */
  readonly maxIdBytes: number;
  /** Longest position, in bytes. */
  readonly maxPositionBytes: number;
  /** Longest time, in bytes. */
  readonly maxTimeBytes: number;
  /** Connections in all. Who comes when there are so many is turned away. */
  readonly maxConnections: number;
  /** Connections of one address; `Infinity` for no limit. */
  readonly maxConnectionsPerAddress: number;
  /** Replies that wait behind an unanswered question before reading stops. */
  readonly maxRepliesWaiting: number;
  /**
   * Bytes of replies that wait, for an answer before them or for the client to
   * read, before reading stops and no further question is asked.
   */
  readonly maxReplyBytesWaiting: number;
  /**
   * The same of all clients together. When there are more, those who have most
   * are disconnected.
   */
  readonly maxReplyBytesInTotal: number;
  /** A client that takes nothing of its replies for this long is disconnected. */
  readonly slowConsumerMs: number;
  /** A client that says nothing for this long is; `Infinity` for never. */
  readonly idleMs: number;
  /**
   * Questions of one client that are under way at once; further ones wait, and
   * what stands behind them does not.
   */
  readonly maxQueriesInFlight: number;
  /** The same of all clients together. */
  readonly maxQueriesInTotal: number;
}

/** The limits of a server whose users chose none. */
export const defaultClientLimits: ClientLimits = {
  maxLineBytes,
  // Every server of the herd keeps it, and most IDs have less than 40.
  maxIdBytes: 1_024,
  // 1 cm needs 27 bytes, and 1 ns 20: the rest is digits without a meaning.
  maxPositionBytes: 64,
  maxTimeBytes: 64,
  // At 8 kB an idle connection in plain text that is 80 MB.
  maxConnections: 10_000,
  maxConnectionsPerAddress: Infinity,
  maxRepliesWaiting: 1024,
  // A full page of places has some 50 kB; the largest body that is taken from a
  // service fits.
  maxReplyBytesWaiting: 16 * 1024 * 1024,
  maxReplyBytesInTotal: 256 * 1024 * 1024,
  slowConsumerMs: 30_000,
  idleMs: Infinity,
  // Google answers within a second; more in parallel would let one client take
  // all turns at it.
  maxQueriesInFlight: 16,
  // Of these, 32 are being asked at a time; each takes a few kB until then.
  maxQueriesInTotal: 4096,
};

/**
 * Connections of one address where other machines can reach the port: some
 * networks have hundreds of phones behind one address.
 */
export const remoteConnectionsPerAddress = 1_000;

/**
 * All connections are looked at this often, in milliseconds, for those that
 * stand still.
 */
export const heartbeatMs = 1_000;

/**
 * What a reply that waits takes besides its text, in bytes, about: its place in
 * the order, and the question that it answers. It counts as part of the reply,
 * so that many questions without an answer are not for nothing.
 */
export const slotBytes = 512;

/**
 * Bytes from which on ready replies go out in more than one write, each logged
 * as it goes.
 */
export const maxWriteBytes = 1024 * 1024;

/**
 * A client that was told that its line is too long has this long, in
 * milliseconds, to read that before the connection is gone.
 */
export const refusalLingerMs = 2_000;

/**
 * When the server stops, what a client has asked is answered if that can be
 * done within this time, in milliseconds. Together with the lingering here and
 * that of the links, a server has stopped within five seconds.
 */
export const stopAnswerMs = 2_000;

/**
 * When the server has ended its side, a client has this long, in milliseconds,
 * to take its answers and end its own.
 */
export const stopLingerMs = 500;

/**
 * So many batches of replies are kept for the next connection that needs one:
 * more are only in use at a time when clients are slow to take their answers.
 */
export const keptReplyBatches = 64;
