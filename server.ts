/**
 * The program `server.ts NAME`: runs one server until a signal.
 *
 * @module
 */
import { formatMemory } from "./cli/numbers.ts";
import {
  type Arguments,
  describeFlags,
  readArguments,
  UsageError,
} from "./cli/arguments.ts";
import { runProgram } from "./cli/exit.ts";
import { print } from "./cli/print.ts";
import { findServer, type Topology } from "./peers/topology.ts";
import { formatPort, type Network } from "./runtime/network.ts";
import { createTcp } from "./runtime/tcp.ts";
import {
  dashboardOf,
  printPermissions,
  runServers,
} from "./server/run_servers.ts";
import { labelledPorts } from "./server/settings/ports.ts";
import {
  namesOf,
  readSettings,
  serverFlags,
  serverNamed,
} from "./server/settings/settings.ts";

/** The network of servers: TCP. */
export const network: Network = createTcp({
  listen: (options) => Deno.listen(options),
  connect: (options) => Deno.connect(options),
});

const help = `Runs one server of the herd until SIGINT or SIGTERM.

Usage: server.ts NAME [flags]

NAME is Hill, Jaquez, Smith, Campbell or Singleton, or a server of the herd file
that --config names.

${describeFlags(serverFlags)}`;

/** Runs `server.ts NAME` or `herd serve NAME`. */
export async function serve(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, serverFlags);
  if (parsed.flags.has("help")) return print(help);
  const settings = await readSettings(parsed);
  const name = readName(parsed, settings.topology);
  if (parsed.flags.has("print-permissions")) {
    return printPermissions(settings, [name], ["server.ts", ...args]);
  }
  const ports = labelledPorts(settings, findServer(settings.topology, name)!);
  const dashboard = dashboardOf(settings, name);
  await runServers(
    settings,
    [name],
    network,
    ([server]) =>
      `${name} is ready: ` + [
        ...[...ports].map(([label, ports]) =>
          `${label} on ${ports.map(formatPort).join(" and ")}`
        ),
        `linked with ${
          server.linkedNeighbours.join(", ") || "no neighbour yet"
        }`,
        `table of ${formatMemory(server.maxTableBytes)}`,
        `log in ${server.logPath}`,
        ...dashboard === undefined ? [] : [`dashboard at ${dashboard}`],
      ].join(", "),
    `${name} has stopped.`,
    parsed.flags,
  );
}

function readName({ positionals }: Arguments, topology: Topology): string {
  if (positionals.length === 0) {
    throw new UsageError(`expected a server's name: ${namesOf(topology)}`);
  }
  if (positionals.length > 1) {
    throw new UsageError(`expected one name, found ${positionals.join(" ")}`);
  }
  return serverNamed(topology, positionals[0]).name;
}

if (import.meta.main) {
  await runProgram(
    "server.ts",
    () => serve(Deno.args),
    "server.ts",
    ["net", "write"],
  );
}
