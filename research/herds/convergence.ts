/**
 * How long herds take to be one again after much went wrong: counted in the
 * simulation, in its own time, which is the same on any machine. Also a program,
 * so that several sizes may run at once; it prints JSON.
 *
 *     simulated.ts SERVERS HERDS
 *
 * @module
 */
import { herdOf } from "./shape.ts";
import { Random } from "../../runtime/random.ts";
import {
  drawFault,
  drawReports,
  punctualClients,
} from "../../tests/simulation/draw.ts";
import { planPeace } from "../../tests/simulation/peace.ts";
import type { Fault, Plan } from "../../tests/simulation/plan.ts";
import { type Outcome, runPlan } from "../../tests/simulation/run.ts";

/** What became of many herds of one size. */
export interface Convergence {
  /**
   * From the end of all faults until every server knew the newest report of
   * each client, in virtual milliseconds: half of the herds, and the last one.
   */
  readonly convergedP50Ms: number;
  readonly convergedMostMs: number;
  /** Herds that never did, or broke another rule of the simulation. */
  readonly diverged: number;
  readonly herds: number;
}

/** Servers crash and come back, links are cut, or carry nothing for a while. */
const faultKinds = [
  "kill",
  "power loss",
  "cut",
  "block both ways",
] as const;

/** For each server, so many things go wrong. */
const faultsAServer = 2;

/** What goes wrong goes wrong for so long: from, up to. */
const faultMs = [100, 3_000] as const;

/** Then all of it ends. */
const healAtMs = 5_000;

/** So many clients report, from this time on. */
const clients = 1_000;
const loadFromMs = 1_000;

/** A report comes this often, on average. */
const reportEveryMs = 20;

/** As exact as the times are. */
const lookEveryMs = 1;

/** What is to happen to a herd under load, until all faults end at once. */
export function planFaults(servers: number, seed: number): Plan {
  const random = new Random(seed);
  const shape = herdOf(servers);
  const faults = Array.from(
    { length: servers * faultsAServer },
    (): Fault =>
      drawFault(shape, {
        kind: random.pick(faultKinds),
        atMs: random.between(0, healAtMs),
        forMs: random.between(...faultMs),
      }, random),
  );
  const reports = drawReports({
    servers: shape.servers.map(({ name }) => name),
    clients: punctualClients(clients),
    fromMs: loadFromMs,
    untilMs: healAtMs,
    everyMs: reportEveryMs,
  }, random);
  return { ...planPeace(seed, shape), faults, reports, healAtMs };
}

/** How one simulated herd has ended. */
export type Ending = Pick<Outcome, "convergedAfterMs" | "violations">;

/** What became of herds, at least one of which has converged. */
export function sumUp(endings: readonly Ending[]): Convergence {
  const times = endings
    .map(({ convergedAfterMs }) => convergedAfterMs)
    .filter((time) => time !== undefined)
    .sort((one, other) => one - other);
  if (times.length === 0) throw new Error("no simulated herd converged");
  return {
    convergedP50Ms: times[Math.floor((times.length - 1) / 2)],
    convergedMostMs: times.at(-1)!,
    diverged: endings.filter(({ violations }) => violations.length > 0).length,
    herds: endings.length,
  };
}

/** Runs herds of so many servers, one for each seed from 1 on. */
export async function measureConvergence(
  servers: number,
  herds: number,
): Promise<Convergence> {
  const endings: Ending[] = [];
  for (let seed = 1; seed <= herds; seed++) {
    const plan = planFaults(servers, seed);
    endings.push(await runPlan(plan, undefined, lookEveryMs));
  }
  return sumUp(endings);
}

if (import.meta.main) {
  const [servers, herds] = Deno.args.map(Number);
  console.log(JSON.stringify(await measureConvergence(servers, herds)));
}
