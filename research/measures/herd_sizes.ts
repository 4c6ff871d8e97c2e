/**
 * What an update costs all servers together, in herds of different sizes. The
 * servers are real, and share the cores for servers as the herd of five does.
 *
 * Every size has the same load: eight connections with sixteen requests in
 * flight on each. They go to one server, or are spread evenly over all servers;
 * with more than eight servers, each has one connection. Every server receives
 * every update. So an update should cost a + b (N - 1), where a is its cost at
 * the server that the client sends it to, and b its cost at each other one.
 *
 * The warm-up grows with the number of servers, because each compiles its own
 * code on the same core. Updates at every server come first, because they run
 * all of the servers' code.
 *
 * @module
 */
import { type HerdLoad, measureWork } from "../../bench/herd_work.ts";
import type { Context, Measure } from "../../bench/measure.ts";
import { writeHerdFile } from "../../bench/servers.ts";
import { topologyOf } from "../../tests/simulation/plan.ts";
import { herdOf } from "../herds/shape.ts";

const serverCounts = [1, 2, 3, 5, 8, 12];

/** Connections of clients, in total. */
const connectionCount = 8;

/** The warm-up of a herd's first load, for each server. */
const warmUpSecondsAServer = 0.25;

/** The servers are warm before the second load. */
const secondWarmUpSeconds = 0.25;

/** The loads of the herd of a size. */
export function loadsOf(servers: number): HerdLoad[] {
  const atOne = Array.from({ length: connectionCount }, () => 0);
  const first = { warmUpSeconds: servers * warmUpSecondsAServer };
  // One server is all servers.
  if (servers === 1) {
    return [{ ...first, point: "1 server, at one", connections: atOne }];
  }
  const atEach = Array.from(
    { length: Math.max(connectionCount, servers) },
    (_, index) => index % servers,
  );
  return [
    { ...first, point: `${servers} servers, at each`, connections: atEach },
    {
      point: `${servers} servers, at one`,
      connections: atOne,
      warmUpSeconds: secondWarmUpSeconds,
    },
  ];
}

async function measureSize(context: Context, count: number): Promise<void> {
  const { neighbours } = topologyOf(herdOf(count));
  const names = [...neighbours.keys()];
  const links = names.flatMap((name) =>
    neighbours.get(name)!
      .filter((other) => name < other.name)
      .map((other) => [name, other.name])
  );
  const herdFile = await writeHerdFile(context.folder, names, links);
  await measureWork(context, names, [herdFile], loadsOf(count));
}

/** Herds of one to twelve servers. */
export const herdSizes: Measure = {
  name: "herd sizes",
  async run(context) {
    for (const count of serverCounts) await measureSize(context, count);
  },
};
