/**
 * What an update costs all servers together, in herds of different sizes: real
 * servers that share the cores for servers, as in the herd of five.
 *
 * The load is the same in all of them, eight connections with sixteen requests
 * on their way on each: spread over all servers as evenly as can be, and to one.
 * Where there are more servers than that, each has one connection. Whoever is
 * told of an update, all learn of it; so an update should cost a + b (N - 1),
 * where a is what it costs the server that the client talks to, and b what it
 * costs each other one.
 *
 * The warm-up is long, and longer for more servers: each has its own code to
 * compile, and all of that on the same core. Updates at every server come first,
 * as they have all servers do all that there is to do.
 *
 * @module
 */
import type { Context, Measure } from "../../bench/context.ts";
import { topologyOf } from "../../tests/simulation/plan.ts";
import { herdOf } from "../herds/shape.ts";
import { type HerdLoad, measureWork } from "../../bench/herd_work.ts";
import { writeHerdFile } from "../../bench/servers.ts";

const serverCounts = [1, 2, 3, 5, 8, 12];

/** Of clients, in sum. */
const connectionCount = 8;

/** The first load of a herd begins so long before it counts, for each server. */
const warmUpSecondsAServer = 0.25;

/** The second one finds its servers warm. */
const secondWarmUpSeconds = 0.25;

/** The loads of a herd of so many servers. */
export function loadsOf(servers: number): HerdLoad[] {
  const atOne = Array.from({ length: connectionCount }, () => 0);
  const first = { warmUpSeconds: servers * warmUpSecondsAServer };
  // One server is each of them.
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
  await measureWork(context, {
    names,
    flags: [herdFile],
    loads: loadsOf(count),
  });
}

/** One server, and up to twelve. */
export const herdSizes: Measure = {
  name: "herd sizes",
  title: "what an update costs herds of one server and more",
  async run(context) {
    for (const count of serverCounts) await measureSize(context, count);
  },
};
