/**
 * A clock that work moves while it is under way.
 *
 * @module
 */
import { ManualClock } from "../fakes/manual_clock.ts";

/** A manual clock whose elapsed time is set. */
export class StepClock extends ManualClock {
  ms = 0;

  override elapsedMs(): number {
    return this.ms;
  }
}
