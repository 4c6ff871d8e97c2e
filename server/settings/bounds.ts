/**
 * Between which numbers a user may choose.
 *
 * @module
 */

/** The least and the most that a number may be. */
export type Bounds = readonly [least: number, most: number];

/**
 * How long a neighbour may be silent, in milliseconds. Less, and a server that
 * is only busy would be given up; more than an hour is as good as never.
 */
export const linkTimeoutMsBounds: Bounds = [3_000, 3_600_000];

/**
 * Connections to the peer port that are not linked yet: fewer, and neighbours
 * that come together could not all be let in.
 */
export const maxHalfOpenLinksBounds: Bounds = [16, 10_000];

/** How many clients a server remembers: more fit into no memory. */
export const maxClientsBounds: Bounds = [1, 100_000_000];

/** How long a client is remembered, in seconds: up to some thirty years. */
export const clientTtlSecondsBounds: Bounds = [1, 1_000_000_000];

/**
 * For how long answers of a places service are kept, in seconds: at most 30
 * days, the longest that Google's terms know for anything of theirs.
 */
export const placesTtlSecondsBounds: Bounds = [0, 30 * 24 * 60 * 60];

/** Requests to a places service on one day. None at all is the gazetteer. */
export const placesBudgetBounds: Bounds = [1, 1_000_000_000];

/** Longest line of a client, in bytes: neighbours take no longer ones. */
export const maxLineBytesBounds: Bounds = [1024, 64 * 1024];

/** Connections of clients, in all or of one address. */
export const maxConnectionsBounds: Bounds = [1, 1_000_000];

/** Requests of a client that are unanswered before reading stops. */
export const maxRepliesWaitingBounds: Bounds = [1, 65_536];

/** Bytes of reply that a client has not read, before reading stops. */
export const maxReplyBytesWaitingBounds: Bounds = [1024, 2 ** 30];

/** The same of all clients together: up to more than fits most machines. */
export const maxReplyBytesInTotalBounds: Bounds = [2 ** 20, 2 ** 40];

/** How long a client may take nothing of its replies, in milliseconds. */
export const slowConsumerMsBounds: Bounds = [1_000, 3_600_000];

/** How long a client may say nothing, in milliseconds: up to 30 days. */
export const idleMsBounds: Bounds = [1_000, 30 * 24 * 3_600_000];

/** Questions of one client that are under way at once. */
export const maxQueriesInFlightBounds: Bounds = [1, 1024];

/** The same of all clients together. */
export const maxQueriesInTotalBounds: Bounds = [1, 1_000_000];
