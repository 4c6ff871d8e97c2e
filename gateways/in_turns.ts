/**
 * Does work in steps in several turns of the event loop.
 *
 * @module
 */
import type { Turns, Workload } from "../runtime/turns.ts";
import { isSteps, type Steps } from "./readers/steps.ts";

/**
 * Steps between two looks at the clock: points of some microseconds each, or
 * lines of 64 KiB, of which each takes most of a millisecond.
 */
const stepsPerLook = 4;

/** Does all steps. Must be called in the workload's turn, and ends in one. */
export async function inTurns<Result>(
  work: Result | Steps<Result>,
  turns: Turns,
  workload: Workload,
): Promise<Result> {
  if (!isSteps(work)) return work;
  for (let count = 1;; count++) {
    const step = work.next();
    if (step.done) return step.value;
    if (count % stepsPerLook > 0 || !turns.end(workload)) continue;
    await turns.begin(workload);
  }
}
