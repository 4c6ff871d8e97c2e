/**
 * Planted faults: intentionally wrong code, which the fuzzer must find.
 *
 * @module
 */
import type { Target } from "../target.ts";

/** A target with a fault in it. */
export interface PlantedFault {
  /** What the code does wrong. */
  readonly fault: string;
  readonly target: Target;
  /** The only input of the corpus from which the search begins. */
  readonly from: string;
}
