/**
 * One link a pair of neighbours. Both dial, so that whoever starts last is
 * linked at once, and sometimes both get through. Then both must keep the same
 * connection without asking.
 *
 * @module
 */

/** What the rule needs to know of a connection. */
export interface LinkCandidate {
  /** The name of the server that dialled. */
  readonly dialler: string;
  /** The neighbour's incarnation, from its hello. */
  readonly incarnation: string;
}

/**
 * Whether a connection that has just finished its handshake replaces the one
 * in use.
 *
 * - A neighbour with another incarnation has started anew: what we hold is
 *   left over from its former life.
 * - A neighbour that dials twice has given up its first connection.
 * - Otherwise both sides dialled: the connection made by the server whose name
 *   sorts first stays.
 */
export function supersedes(
  fresh: LinkCandidate,
  inUse: LinkCandidate,
): boolean {
  if (fresh.incarnation !== inUse.incarnation) return true;
  if (fresh.dialler === inUse.dialler) return true;
  return fresh.dialler < inUse.dialler;
}
