/**
 * A mistake that is made on purpose in a copy of the code.
 *
 * @module
 */

/** A change that removes one rule from the code. */
export interface Mutation {
  /** The removed rule. */
  readonly without: string;
  readonly file: string;
  /** The code to replace, which must occur once. */
  readonly code: string;
  readonly instead: string;
  /** The broken rule that the simulation must print. */
  readonly noticed: string;
  /** The first seed, and the number of seeds; some of them find the mistake. */
  readonly firstSeed?: number;
  readonly seeds?: number;
  /** A file of the corpus to run instead of seeds. */
  readonly scenario?: string;
}
