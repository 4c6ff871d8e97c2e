/**
 * Runs a simulated herd so that nothing that its servers do ends unnoticed.
 *
 * @module
 */
import type { Violation } from "./crossings.ts";
import type { Plan } from "./plan.ts";
import { type Outcome, runPlan } from "./run.ts";

/**
 * Runs a herd to its end as a plan says. A promise that is rejected and that no
 * code handles is a violation, too. One herd runs at a time.
 *
 * @param onEvent Told what happens, for a person.
 */
export async function runGuarded(
  plan: Plan,
  onEvent?: (text: string) => void,
): Promise<Outcome> {
  const rejections: Violation[] = [];
  const notice = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    const detail = `${event.reason}`;
    rejections.push({ rule: "an unhandled rejection", detail });
  };
  addEventListener("unhandledrejection", notice);
  try {
    const outcome = await runPlan(plan, onEvent);
    return {
      ...outcome,
      seed: plan.seed,
      violations: [...outcome.violations, ...rejections],
    };
  } finally {
    removeEventListener("unhandledrejection", notice);
  }
}
