/**
 * What an update costs with more servers, and with more clients.
 *
 * The cost of more servers is counted in the simulation, in the first round
 * only, because it is the same every time. The cost of more clients is measured
 * in each round.
 *
 * @module
 */
import type { Context, Measure } from "../../bench/measure.ts";
import { Process } from "../../bench/processes.ts";
import type { Accepted } from "../herds/accept.ts";
import { measureSpread } from "../herds/spread.ts";

const serverCounts = [2, 5, 10, 20, 40];

const clientCounts = [1_000, 10_000, 100_000, 1_000_000];

const updates = 500_000;

async function measureClients(
  { add, cores }: Context,
  clients: number,
): Promise<void> {
  await using process = new Process({
    program: Deno.execPath(),
    args: ["run", "research/herds/accept.ts", `${clients}`, `${updates}`],
    cores: cores.servers.slice(0, 1),
  });
  const { acceptUs }: Accepted = await process.json();
  add("herd", `${clients} clients`, { acceptUs });
}

/** More servers, and more clients. */
export const growth: Measure = {
  name: "growth",
  async run(context) {
    if (context.round === 1) {
      for (const count of serverCounts) {
        const { crossings, hops, hopsMean } = await measureSpread(count);
        context.add("herd", `${count} servers`, { crossings, hopsMean, hops });
      }
    }
    for (const clients of clientCounts) {
      await measureClients(context, clients);
    }
  },
};
