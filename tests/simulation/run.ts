/**
 * Runs one simulated herd, and checks its invariants.
 *
 * @module
 */
import type { CoverageCounts } from "./coverage.ts";
import type { Violation } from "./crossings.ts";
import { checkDeletions, latestDeletions } from "./deletions.ts";
import { checkDetour } from "./detour.ts";
import { drawPlan } from "./draw.ts";
import {
  checkDigests,
  checkExpiry,
  checkLinks,
  checkReports,
  difference,
  newestOf,
  visibleClients,
} from "./invariants.ts";
import { checkPatience } from "./patience.ts";
import { hasExpiry, type Plan } from "./plan.ts";
import { World } from "./world.ts";

/** The result of a simulated herd. */
export interface Outcome {
  readonly seed: number;
  readonly servers: number;
  /** Whether reports expire in it. */
  readonly hasExpiry: boolean;
  /** Reports that servers have accepted. */
  readonly reports: number;
  /** Events of the virtual clock. */
  readonly events: number;
  readonly violations: readonly Violation[];
  /** Time from healing until all servers were equal; undefined if never. */
  readonly convergedAfterMs: number | undefined;
  /** The rows of the coverage that occurred in it. */
  readonly coverage: CoverageCounts;
}

/** Default interval at which servers are compared. */
const defaultCheckEveryMs = 50;

/**
 * After this time all links are stable: dead ones have timed out, so have one or
 * two handshakes, and the longest wait before dialling is over.
 */
const relinkMs = 15_000;

/**
 * A herd must converge within this time after healing. Where reports expire,
 * servers may differ until the next comparison. In all other herds new links
 * suffice: the limit is so short that no comparison, which comes every 30 s,
 * covers up that a report was lost on a link that stayed.
 */
function convergenceLimitMs(plan: Plan): number {
  if (plan.clocks !== undefined) return wrongClocksMs;
  return hasExpiry(plan) ? 60_000 : relinkMs;
}

/**
 * Until servers know that clocks were set back, and the next comparison sends what
 * was refused.
 */
const wrongClocksMs = 75_000;

/** For this time after `relinkMs`, no link may be lost. */
const quietMs = 3_000;

/**
 * Runs the herd of a seed to its end.
 *
 * @param onEvent Receives a description of each event.
 */
export async function runSeed(
  seed: number,
  onEvent: (text: string) => void = () => {},
): Promise<Outcome> {
  return { seed, ...await runPlan(drawPlan(seed), onEvent) };
}

/**
 * Runs the herd of a plan to its end.
 *
 * @param checkEveryMs The precision of `convergedAfterMs`.
 */
export async function runPlan(
  plan: Plan,
  onEvent: (text: string) => void = () => {},
  checkEveryMs: number = defaultCheckEveryMs,
): Promise<Omit<Outcome, "seed">> {
  const world = new World(plan, onEvent);
  let convergedAfterMs: number | undefined;
  try {
    convergedAfterMs = await runWorld(world, onEvent, checkEveryMs);
  } catch (error) {
    const detail = error instanceof Error ? `${error.stack}` : `${error}`;
    world.violations.push({ rule: "an exception", detail });
  }
  return {
    servers: plan.servers.length,
    hasExpiry: hasExpiry(plan),
    reports: world.reports.size,
    events: world.time.eventCount,
    violations: world.violations,
    convergedAfterMs,
    coverage: world.coverage.counts,
  };
}

/** Runs a herd, and checks it. Resolves to its time to converge. */
async function runWorld(
  world: World,
  onEvent: (text: string) => void,
  checkEveryMs: number,
): Promise<number | undefined> {
  const { plan, time, violations } = world;
  await time.run(plan.healAtMs);
  world.heal();
  onEvent(`${time.elapsedMs.toFixed(1)} healed`);
  // Reports of the last moment count too.
  await time.run(plan.healAtMs + 1);
  // A server that is stopping may lose its folder after that.
  const mayLose = plan.folders?.stops.some(({ losesFolders }) => losesFolders);
  const held = [...world.servers.values()]
    .filter(({ isOpen }) => isOpen || !mayLose)
    .map(({ router }) => [...router.records()]);
  const survived = newestOf([...held.flat(), ...world.kept]);
  const deletions = latestDeletions(world);
  const convergedAfterMs = await untilConverged(world, checkEveryMs);
  if (convergedAfterMs === undefined) {
    violations.push({ rule: "no convergence", detail: difference(world) });
  } else {
    checkReports(world, survived);
    // Before, a link that is dead may not have timed out.
    await time.run(plan.healAtMs + relinkMs);
    const { linksLost } = world;
    const visibleBefore = visibleClients(world);
    await time.run(time.elapsedMs + quietMs);
    checkLinks(world, linksLost);
    checkExpiry(world, visibleBefore);
    checkDigests(world);
    await checkDeletions(world, deletions);
    await checkPatience(world);
    await checkDetour(world);
  }
  return convergedAfterMs;
}

async function untilConverged(
  world: World,
  checkEveryMs: number,
): Promise<number | undefined> {
  const { plan, time } = world;
  const healedAtMs = time.elapsedMs;
  const endMs = healedAtMs + convergenceLimitMs(plan);
  while (time.elapsedMs < endMs) {
    if (difference(world) === "") return time.elapsedMs - healedAtMs;
    await time.run(time.elapsedMs + checkEveryMs);
  }
  return undefined;
}
