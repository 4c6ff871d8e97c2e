/**
 * A worker of `workers.ts`, which runs simulated herds one at a time.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { drawPlan } from "./draw.ts";
import { runGuarded } from "./guard.ts";
import type { Plan } from "./plan.ts";
import type { Outcome } from "./run.ts";
import { shrink } from "./shrink.ts";

/** A task for a worker: run the herd of a seed, or shrink its plan. */
export interface Task {
  readonly seed: number;
  /** If present, shrink the plan while it breaks this rule. */
  readonly brokenRule?: string;
}

/** The answer of a worker: the outcome, or the smaller plan. */
export type Answer = Outcome | Plan;

self.onmessage = async ({ data }: MessageEvent<Task>) => {
  const { brokenRule, seed } = data;
  const plan = drawPlan(seed);
  const answer: Answer = brokenRule === undefined
    ? await runGuarded(plan)
    : await shrink(plan, (smaller) => breaks(smaller, brokenRule));
  self.postMessage(answer);
};

async function breaks(plan: Plan, brokenRule: string): Promise<boolean> {
  const { violations } = await runGuarded(plan);
  return violations.some(({ rule }) => rule === brokenRule);
}
