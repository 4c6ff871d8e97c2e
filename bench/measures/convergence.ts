/**
 * How soon a herd is one again after a fault.
 *
 * - A server killed, or frozen: how long the worst update took from Hill to
 *   Campbell when Smith fails, over which the shortest way goes. Nobody may be
 *   without an update in the end.
 * - Clients: how long a server takes from its start with an empty memory until it
 *   knows so many.
 * - Simulated herds, in which servers crash and links are cut by chance: how long
 *   after the last fault all servers know the same.
 *
 * A frozen server is watched for longer than the time-out of a link, and the
 * simulation is the same every time: once is enough for both.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import { measureFault } from "../convergence/faults.ts";
import { RestartedHerd } from "../convergence/restart.ts";
import type { Convergence } from "../../research/herds/convergence.ts";
import { Process } from "../processes.ts";

const killed = { signal: "SIGKILL", watchedMs: 1_000 } as const;

/** Silence is found out after five to seven seconds. */
const frozen = { signal: "SIGSTOP", watchedMs: 8_000 } as const;

/** Short restarts differ by more than they take longer: so there are more. */
const restarts = [
  { clients: 0, times: 3 },
  { clients: 1_000, times: 3 },
  { clients: 10_000, times: 1 },
  { clients: 100_000, times: 1 },
];

const simulations = [
  { servers: 5, herds: 100 },
  { servers: 10, herds: 40 },
  { servers: 20, herds: 20 },
  { servers: 40, herds: 10 },
];

async function measureRestarts(context: Context): Promise<void> {
  await using herd = await RestartedHerd.start(context);
  for (const { clients, times } of restarts) {
    if (clients > 0) await herd.fill(clients);
    const readyMs = await herd.measure(clients, times);
    context.add("herd", `${clients} clients`, { readyMs });
  }
}

/** All sizes at once: their time is not the machine's. */
async function simulate({ add }: Context): Promise<void> {
  const outcomes = await Promise.all(
    simulations.map(async ({ herds, servers }) => {
      await using simulation = new Process({
        program: Deno.execPath(),
        args: [
          "run",
          "research/herds/convergence.ts",
          `${servers}`,
          `${herds}`,
        ],
        cores: [],
      });
      const json = await simulation.output();
      // Why it has failed it has said on stderr.
      if (json === "") throw new Error(`${servers} servers: not simulated`);
      const found: Convergence = JSON.parse(json);
      return { servers, found };
    }),
  );
  for (const { found, servers } of outcomes) {
    add("herd", `simulated, ${servers} servers`, { ...found });
  }
}

/** Faults, and what comes after. */
export const convergence: Measure = {
  name: "convergence",
  title: "how soon a herd is one again after a fault",
  async run(context) {
    const { add, round } = context;
    add("herd", "server killed", { ...await measureFault(context, killed) });
    if (round === 1) {
      add("herd", "server frozen", { ...await measureFault(context, frozen) });
    }
    await measureRestarts(context);
    if (round === 1) await simulate(context);
  },
};
