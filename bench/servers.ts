/**
 * The herd's own servers under measurement, started as the README starts them.
 *
 * @module
 */
import defaultHerd from "../herd.json" with { type: "json" };
import {
  type Command,
  type Cores,
  freeBasePort,
  Process,
} from "./processes.ts";

/** The servers of the default herd, in the order of their ports. */
export const serverNames: readonly string[] = defaultHerd.servers.map(
  ({ name }) => name,
);

const herdFileFlag = "--config=";

/**
 * Writes a file that describes a herd other than the default one, and returns
 * the flag that names it.
 */
export async function writeHerdFile(
  folder: string,
  names: readonly string[],
  links: readonly (readonly string[])[],
): Promise<string> {
  const path = `${folder}/herd.json`;
  const servers = names.map((name) => ({ name }));
  await Deno.writeTextFile(path, JSON.stringify({ servers, links }));
  return herdFileFlag + path;
}

/** The permission to read the herd file, if a server is given one. */
const herdFilePermission = (flags: readonly string[]) =>
  flags.filter((flag) => flag.startsWith(herdFileFlag))
    .map((flag) => `--allow-read=${flag.slice(herdFileFlag.length)}`);

/**
 * How to run one server, with its log in a folder: of the default herd, unless
 * one of the flags names another.
 */
export function serverCommand(
  name: string,
  basePort: number,
  folder: string,
  flags: readonly string[] = [],
): Omit<Command, "cores"> {
  return {
    program: Deno.execPath(),
    args: [
      "run",
      "--allow-net=127.0.0.1",
      `--allow-write=${folder}`,
      ...herdFilePermission(flags),
      "server.ts",
      name,
      "--base-port",
      `${basePort}`,
      "--log-dir",
      folder,
      // As without a key, but it need not say so each time.
      "--places",
      "gazetteer",
      ...flags,
    ],
  };
}

/** Runs one server; resolves when it listens and has dialled its neighbours. */
export async function startServer(
  name: string,
  basePort: number,
  folder: string,
  cores: readonly number[],
  flags: readonly string[] = [],
): Promise<Process> {
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(
    new Process({ ...serverCommand(name, basePort, folder, flags), cores }),
  );
  await server.untilPrinted(/ is ready: /);
  cleanup.move();
  return server;
}

/** Servers of a herd, in the order in which they were named. */
export interface RunningHerd extends AsyncDisposable {
  readonly basePort: number;
  readonly processes: readonly Process[];
}

/**
 * Runs servers of a herd, the default one unless the flags name another;
 * resolves when they are linked.
 */
export async function startHerd(
  { servers }: Cores,
  folder: string,
  names: readonly string[] = serverNames,
  flags: readonly string[] = [],
): Promise<RunningHerd> {
  await using cleanup = new AsyncDisposableStack();
  const basePort = freeBasePort(Math.max(names.length, serverNames.length));
  const processes: Process[] = [];
  // One after the other: the last one of each pair dials the first.
  for (const name of names) {
    const server = await startServer(name, basePort, folder, servers, flags);
    processes.push(cleanup.use(server));
  }
  const running = cleanup.move();
  return {
    basePort,
    processes,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
