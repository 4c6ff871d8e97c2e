/**
 * Code that is wrong on purpose, to show that the fuzzer notices.
 *
 * @module
 */
import type { Target } from "../target.ts";

/** A target with a fault in it. */
export interface PlantedFault {
  /** What the code does. */
  readonly fault: string;
  readonly target: Target;
  /** The one input of the corpus from which it is to be found. */
  readonly from: string;
}
