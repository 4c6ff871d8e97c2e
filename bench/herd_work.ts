/**
 * What the servers of a herd do for an update, all together: how many they take,
 * what one costs them, and how often it crosses a link.
 *
 * They share the cores for servers, so on a machine with two cores all of them
 * share one. How often an update crosses a link is counted in the servers' logs,
 * from the first line of a load on: what the herd sends while it is still
 * learning the ways that updates take is a part of it.
 *
 * @module
 */
import type { Context } from "./context.ts";
import { countLog } from "./crossings.ts";
import { runLoad } from "./loads.ts";
import { startHerd } from "./servers.ts";

/** What clients do to a herd. */
export interface HerdLoad {
  /** Its name in the results. */
  readonly point: string;
  /** Connections of clients, each by the index of the server that it goes to. */
  readonly connections: readonly number[];
  /** Before anything is measured it goes on for so long. */
  readonly warmUpSeconds: number;
}

/** Servers, and what they are loaded with, one load after the other. */
export interface LoadedHerd {
  readonly names: readonly string[];
  /** Flags of every server, such as which herd it is. */
  readonly flags: readonly string[];
  readonly loads: readonly HerdLoad[];
}

/** Requests on their way at any time, on each connection. */
const depth = 16;

/** So large that no log becomes full, in bytes: else a part would be lost. */
const logMaxBytes = 2 ** 40;

/** After a load there is so much time for all of it to reach the logs, in ms. */
const settleMs = 200;

/** Counts what was written into logs since it last did. */
class LogReader {
  readonly #countedTo: Map<string, number>;

  constructor(paths: readonly string[]) {
    this.#countedTo = new Map(paths.map((path) => [path, 0]));
  }

  /** Links that an update has crossed, on average. */
  async crossingsAnUpdate(): Promise<number> {
    const counted = { updates: 0, crossings: 0 };
    for (const [path, from] of this.#countedTo) {
      this.#countedTo.set(path, await countLog(path, counted, from));
    }
    return counted.crossings / counted.updates;
  }
}

/** Starts a herd, takes a sample of each load, and ends it. */
export async function measureWork(
  context: Context,
  herd: LoadedHerd,
): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: context.folder });
  await measureIn(folder, context, herd);
  // Logs of several herds would be gigabytes.
  await Deno.remove(folder, { recursive: true });
}

async function measureIn(
  folder: string,
  { add, cores, secondsAPoint }: Context,
  { flags, loads, names }: LoadedHerd,
): Promise<void> {
  const logs = new LogReader(names.map((name) => `${folder}/${name}.log`));
  await using herd = await startHerd(cores, folder, names, [
    ...flags,
    `--log-max-bytes=${logMaxBytes}`,
  ]);
  const { basePort, processes } = herd;
  for (const { connections, point, warmUpSeconds } of loads) {
    const { answersPerSecond, serverCpuUs } = await runLoad(cores, {
      language: "iamat",
      connections: 1,
      depth,
      warmUpSeconds,
      seconds: secondsAPoint,
      ports: connections.map((server) => basePort + server),
    }, processes);
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    add("herd", point, {
      updatesPerSecond: answersPerSecond,
      cpuUs: serverCpuUs,
      crossings: await logs.crossingsAnUpdate(),
    });
  }
}
