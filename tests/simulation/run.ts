/**
 * Runs one simulated herd from its seed, and judges it.
 *
 * @module
 */
import type { CoverageCounts } from "./coverage.ts";
import type { Violation } from "./crossings.ts";
import { drawPlan } from "./draw.ts";
import {
  clientsShown,
  difference,
  judgeDigests,
  judgeForgetting,
  judgeKnowledge,
  judgeLinks,
  newestOf,
} from "./judge.ts";
import { isForgetful, type Plan } from "./plan.ts";
import { World } from "./world.ts";

/** What became of a simulated herd. */
export interface Outcome {
  readonly seed: number;
  readonly servers: number;
  /** Whether its servers forget clients. */
  readonly isForgetful: boolean;
  /** Reports that clients were answered for. */
  readonly reports: number;
  /** Things that happened in it. */
  readonly events: number;
  readonly violations: readonly Violation[];
  /** From healing until all servers knew the same; undefined if never. */
  readonly convergedAfterMs: number | undefined;
  /** What has occurred in it. */
  readonly coverage: CoverageCounts;
}

/** Time that a herd has to converge after it has healed. */
const patienceMs = 60_000;

/** How often servers are looked at, unless it is to be exact. */
const usualLookEveryMs = 50;

/**
 * Time until every link is what it will be: a dead one has been silent for long
 * enough, a handshake or two have timed out, and the longest wait is over.
 */
const relinkMs = 15_000;

/** For that time after it nothing may happen. */
const quietMs = 3_000;

/**
 * Runs the herd of a seed to its end.
 *
 * @param onEvent Told what happens, for a person.
 */
export async function runSeed(
  seed: number,
  onEvent: (text: string) => void = () => {},
): Promise<Outcome> {
  return { seed, ...await runPlan(drawPlan(seed), onEvent) };
}

/**
 * Runs a herd to its end as a plan says.
 *
 * @param lookEveryMs How exact `convergedAfterMs` is.
 */
export async function runPlan(
  plan: Plan,
  onEvent: (text: string) => void = () => {},
  lookEveryMs: number = usualLookEveryMs,
): Promise<Omit<Outcome, "seed">> {
  const world = new World(plan, onEvent);
  let convergedAfterMs: number | undefined;
  try {
    convergedAfterMs = await live(world, onEvent, lookEveryMs);
  } catch (error) {
    const detail = error instanceof Error ? `${error.stack}` : `${error}`;
    world.violations.push({ rule: "an exception", detail });
  }
  return {
    servers: plan.servers.length,
    isForgetful: isForgetful(plan),
    reports: world.reports.size,
    events: world.time.eventCount,
    violations: world.violations,
    convergedAfterMs,
    coverage: world.coverage.counts,
  };
}

/** Runs a herd to its end, and judges it. Returns how long it took to agree. */
async function live(
  world: World,
  onEvent: (text: string) => void,
  lookEveryMs: number,
): Promise<number | undefined> {
  const { plan, time, violations } = world;
  await time.run(plan.healAtMs);
  world.heal();
  onEvent(`${time.elapsedMs.toFixed(1)} healed`);
  // What is told in the last moment counts too.
  await time.run(plan.healAtMs + 1);
  const held = [...world.servers.values()].map((
    { replica },
  ) => [...replica.lines()]);
  const survived = newestOf(held.flat());
  const convergedAfterMs = await untilConverged(world, lookEveryMs);
  if (convergedAfterMs === undefined) {
    violations.push({ rule: "no convergence", detail: difference(world) });
  } else {
    judgeKnowledge(world, survived);
    // Until then a link that died before may not have been given up.
    await time.run(plan.healAtMs + relinkMs);
    const { linksLost } = world;
    const shown = clientsShown(world);
    await time.run(time.elapsedMs + quietMs);
    judgeLinks(world, linksLost);
    judgeForgetting(world, shown);
    judgeDigests(world);
  }
  return convergedAfterMs;
}

async function untilConverged(
  world: World,
  lookEveryMs: number,
): Promise<number | undefined> {
  const { time } = world;
  const healedAtMs = time.elapsedMs;
  while (time.elapsedMs < healedAtMs + patienceMs) {
    if (difference(world) === "") return time.elapsedMs - healedAtMs;
    await time.run(time.elapsedMs + lookEveryMs);
  }
  return undefined;
}
