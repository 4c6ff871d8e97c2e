/**
 * What the five servers of the default herd do for an update, all together.
 *
 * They share the cores for servers, so on a machine with two cores all of them
 * share one. Clients talk to Hill only, or to all five. How often an update
 * crosses a link is counted in the servers' logs once they have ended, from the
 * first line of the load on: what the herd sends while it is still learning the
 * ways that updates take is a part of it.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import { countLog } from "../crossings.ts";
import { runLoad } from "../loads.ts";
import type { Process } from "../processes.ts";
import { serverNames, startHerd } from "../servers.ts";

const [connections, depth] = [8, 16];

const maxWarmUpSeconds = 1;

/** At how many of the five servers clients are, by point. */
const points = { "8x16 at one": 1, "8x16 at each": serverNames.length };

/** So large that no log becomes full, in bytes: else a part would be lost. */
const logMaxBytes = 2 ** 40;

function load(
  { cores, secondsAPoint }: Context,
  basePort: number,
  processes: readonly Process[],
  servers: number,
) {
  return runLoad(cores, {
    language: "iamat",
    connections,
    depth,
    warmUpSeconds: Math.min(maxWarmUpSeconds, secondsAPoint),
    seconds: secondsAPoint,
    ports: Array.from({ length: servers }, (_, index) => basePort + index),
  }, processes);
}

async function measure(
  context: Context,
  point: string,
  servers: number,
): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: context.folder });
  let outcome;
  {
    await using herd = await startHerd(context.cores, folder, serverNames, [
      "--log-max-bytes",
      `${logMaxBytes}`,
    ]);
    outcome = await load(context, herd.basePort, herd.processes, servers);
  }
  const counted = { updates: 0, crossings: 0 };
  for (const name of serverNames) {
    await countLog(`${folder}/${name}.log`, counted);
  }
  context.add("herd", point, {
    updatesPerSecond: outcome.answersPerSecond,
    cpuUs: outcome.serverCpuUs,
    crossings: counted.crossings / counted.updates,
  });
  await Deno.remove(folder, { recursive: true });
}

/** Updates to one server of five, and to all. */
export const herdOfFive: Measure = {
  name: "herd of five",
  title: "what the five servers make of updates, all together",
  async run(context) {
    for (const [point, servers] of Object.entries(points)) {
      await measure(context, point, servers);
    }
  },
};
