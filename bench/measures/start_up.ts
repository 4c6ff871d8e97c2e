/**
 * How long a server takes to come up: from running `deno` until it says that it
 * is ready, and linked with both of its neighbours, while the other four servers
 * of the herd are running.
 *
 * The runtime has compiled the modules before and kept the result, as it does
 * after the first run on any machine. The one that starts may use all cores: the
 * others have nothing to do.
 *
 * @module
 */
import type { Context, Measure } from "../context.ts";
import { Process } from "../processes.ts";
import { median } from "../results.ts";
import { serverCommand, serverNames, startHerd } from "../servers.ts";

const starter = "Campbell";
const neighbours = ["Singleton", "Smith"];

/** Starts in a round; what counts is their median. */
const starts = 3;

async function startOnce(
  { folder }: Context,
  basePort: number,
): Promise<number> {
  const startMs = performance.now();
  await using server = new Process({
    ...serverCommand(starter, basePort, folder),
    cores: [],
  });
  const [, linked] = await server.saying(
    / is ready: .* linked with (.*), log in /,
  );
  const tookMs = performance.now() - startMs;
  const absent = neighbours.find((name) => !linked.split(", ").includes(name));
  if (absent !== undefined) {
    throw new Error(`${starter} was ready without ${absent}`);
  }
  return tookMs;
}

/** Until a server is listening and linked. */
export const startUp: Measure = {
  name: "start-up",
  title: "how long a server takes to come up",
  async run(context) {
    const { add, cores, folder } = context;
    const others = serverNames.filter((name) => name !== starter);
    await using herd = await startHerd(cores, folder, others);
    const { basePort } = herd;
    await startOnce(context, basePort);
    const milliseconds: number[] = [];
    for (let start = 0; start < starts; start++) {
      milliseconds.push(await startOnce(context, basePort));
    }
    add("herd", "listening and linked", { milliseconds: median(milliseconds) });
  },
};
