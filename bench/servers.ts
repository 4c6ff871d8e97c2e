/**
 * The herd's servers under measurement, started as the README starts them.
 *
 * @module
 */
import defaultHerd from "../herd.json" with { type: "json" };
import type { Language } from "./load/requests.ts";
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

/** The ports of a server of the default herd. */
export function portsOf(server: string, basePort: number) {
  const client = basePort + serverNames.indexOf(server);
  return { client, peer: client + 100, admin: client + 200 };
}

/** Open the ports of the gateways. */
export const gatewayFlags = ["--http", "--mqtt"];

/** The port for requests of a language at a server with this client port. */
export function portOf(language: Language, clientPort: number): number {
  switch (language) {
    case "mqtt":
      return clientPort + 500;
    case "owntracks":
    case "overland":
    case "report":
      return clientPort + 400;
    default:
      return clientPort;
  }
}

const herdFileFlag = "--config=";

/** Writes a herd file, and returns the flag that names it. */
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

/**
 * The command that runs one server, with its log in a folder. The server is of
 * the default herd unless a flag names a herd file.
 */
export function serverCommand(
  name: string,
  basePort: number,
  folder: string,
  flags: readonly string[] = [],
): Omit<Command, "cores"> {
  const herdFiles = flags.filter((flag) => flag.startsWith(herdFileFlag))
    .map((flag) => flag.slice(herdFileFlag.length));
  return {
    program: Deno.execPath(),
    args: [
      ...["run", "--allow-net=127.0.0.1", `--allow-write=${folder}`],
      ...herdFiles.map((path) => `--allow-read=${path}`),
      ...["server.ts", name, "--base-port", `${basePort}`],
      // The default without a key, named so that no server prints a hint.
      ...["--log-dir", folder, "--places", "gazetteer"],
      ...flags,
    ],
  };
}

/** Starts one server. Resolves when it is ready. */
export function startServer(
  name: string,
  basePort: number,
  folder: string,
  cores: readonly number[],
  flags: readonly string[] = [],
): Promise<Process> {
  return Process.start(
    { ...serverCommand(name, basePort, folder, flags), cores },
    / is ready: /,
  );
}

/** The running servers of a herd, in the order of their names. */
export interface RunningHerd extends AsyncDisposable {
  readonly basePort: number;
  readonly processes: readonly Process[];
}

/** Starts servers one after another. Resolves when they are linked. */
export async function startHerd(
  { servers }: Cores,
  folder: string,
  names: readonly string[] = serverNames,
  flags: readonly string[] = [],
): Promise<RunningHerd> {
  await using cleanup = new AsyncDisposableStack();
  const basePort = freeBasePort(Math.max(names.length, serverNames.length));
  const processes: Process[] = [];
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
