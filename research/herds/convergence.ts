/**
 * How soon simulated herds converge after many faults, in virtual time, which is
 * the same on any machine. It is also a program that prints JSON, so that
 * several sizes can run at once:
 *
 *     convergence.ts SERVERS HERDS
 *
 * @module
 */
import type { Context } from "../../bench/measure.ts";
import { Process } from "../../bench/processes.ts";
import { Random } from "../../runtime/random.ts";
import {
  drawFault,
  drawReports,
  punctualClients,
} from "../../tests/simulation/draw.ts";
import { planPeace } from "../../tests/simulation/peace.ts";
import type { Fault, Plan } from "../../tests/simulation/plan.ts";
import { type Outcome, runPlan } from "../../tests/simulation/run.ts";
import { herdOf } from "./shape.ts";

/** The outcome of many herds of one size. */
export interface Convergence {
  /**
   * The time from the end of all faults until every server knows the newest
   * report of each client, in virtual milliseconds: the median and the longest.
   */
  readonly convergedP50Ms: number;
  readonly convergedMostMs: number;
  /** Herds that did not converge, or broke another rule of the simulation. */
  readonly diverged: number;
  readonly herds: number;
}

const faultKinds = [
  "kill",
  "power loss",
  "cut",
  "block both ways",
] as const;

const faultsAServer = 2;

/** The shortest and the longest fault. */
const faultMs = [100, 3_000] as const;

/** When all faults end. */
const healAtMs = 5_000;

const clients = 1_000;

/** When the first report is sent. */
const loadFromMs = 1_000;

/** The mean time between two reports. */
const reportEveryMs = 20;

/** The precision of the times. */
const lookEveryMs = 1;

/** A herd under load with faults until `healAtMs`. */
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

/** The outcome of one simulated herd. */
export type Ending = Pick<Outcome, "convergedAfterMs" | "violations">;

/** @throws {Error} If no herd has converged. */
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

/** Runs herds of one size. Their seeds are 1, 2, ... */
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

/** The sizes that are simulated, and how many herds of each. */
const simulations = [
  { servers: 5, herds: 100 },
  { servers: 10, herds: 40 },
  { servers: 20, herds: 20 },
  { servers: 40, herds: 10 },
];

/** Takes the samples of all sizes, at once and in the first round only. */
export async function measureSimulations(
  { add, round }: Context,
): Promise<void> {
  if (round > 1) return;
  const outcomes = await Promise.all(
    simulations.map(async ({ herds, servers }) => {
      await using simulation = new Process({
        program: Deno.execPath(),
        args: [
          ...["run", "research/herds/convergence.ts"],
          ...[servers, herds].map(String),
        ],
        cores: [],
      });
      const json = await simulation.output();
      // The reason is on stderr.
      if (json === "") throw new Error(`${servers} servers: not simulated`);
      const found: Convergence = JSON.parse(json);
      return { servers, found };
    }),
  );
  for (const { found, servers } of outcomes) {
    add("herd", `simulated, ${servers} servers`, { ...found });
  }
}

if (import.meta.main) {
  const [servers, herds] = Deno.args.map(Number);
  console.log(JSON.stringify(await measureConvergence(servers, herds)));
}
