/**
 * A mistake that is made in a copy of the code on purpose.
 *
 * @module
 */

/** One rule that the code does not follow any more. */
export interface Mutation {
  /** What the code does not do any more. */
  readonly without: string;
  readonly file: string;
  /** Stands there once. */
  readonly code: string;
  readonly instead: string;
  /** What the simulation says. */
  readonly noticed: string;
  /** Which herds are run: some of these seeds show the mistake. */
  readonly firstSeed?: number;
  readonly seeds?: number;
  /** The file of the corpus that is run instead. */
  readonly scenario?: string;
}
