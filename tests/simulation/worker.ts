/**
 * Runs simulated herds on a processor of its own, for `workers.ts`: one at a
 * time.
 *
 * @module
 */
/// <reference lib="deno.worker" />
import { drawPlan } from "./draw.ts";
import { runGuarded } from "./guard.ts";
import type { Plan } from "./plan.ts";
import type { Outcome } from "./run.ts";
import { shrink } from "./shrink.ts";

/** What a worker is asked to do with the herd of a seed. */
export interface Task {
  readonly seed: number;
  /** Make the plan smaller that breaks this rule, instead of running it. */
  readonly brokenRule?: string;
}

/** What a worker answers: the outcome, or the smaller plan. */
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
