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
