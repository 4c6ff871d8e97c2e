/**
 * Runs a simulated herd, and counts unhandled rejections as violations.
 *
 * @module
 */
import type { Violation } from "./crossings.ts";
import type { Plan } from "./plan.ts";
import { type Outcome, runPlan } from "./run.ts";

/**
 * Runs the herd of a plan to its end. An unhandled rejection is a violation too.
 * Only one herd may run at a time.
 *
 * @param onEvent Receives a description of each event.
 */
export async function runGuarded(
  plan: Plan,
  onEvent?: (text: string) => void,
): Promise<Outcome> {
  const rejections: Violation[] = [];
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    const detail = `${event.reason}`;
    rejections.push({ rule: "an unhandled rejection", detail });
  };
  addEventListener("unhandledrejection", onRejection);
  try {
    const outcome = await runPlan(plan, onEvent);
    return {
      ...outcome,
      seed: plan.seed,
      violations: [...outcome.violations, ...rejections],
    };
  } finally {
    removeEventListener("unhandledrejection", onRejection);
  }
}
