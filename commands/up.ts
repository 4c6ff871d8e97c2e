/**
 * `herd up`: every server of the herd in one process and one terminal.
 *
 * @module
 */
import {
  describeFlags,
  readArguments,
  refusePositionals,
} from "../cli/arguments.ts";
import { print } from "../cli/print.ts";
import type { HerdServer } from "../server/herd_server.ts";
import { findServer } from "../peers/topology.ts";
import { formatPort } from "../runtime/network.ts";
import {
  dashboardOf,
  printPermissions,
  runServers,
} from "../server/run_servers.ts";
import { network } from "../server.ts";
import { labelledPorts } from "../server/settings/ports.ts";
import {
  readSettings,
  serverFlags,
  type Settings,
} from "../server/settings/settings.ts";
import { formatCount } from "../cli/numbers.ts";

const help = `Runs every server of the herd until Ctrl-C.

Usage: herd up [flags]

${describeFlags(serverFlags)}`;

/** Runs the command. */
export async function up(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, serverFlags);
  if (parsed.flags.has("help")) return print(help);
  refusePositionals(parsed, "up");
  const settings = await readSettings(parsed, true);
  const names = settings.topology.servers.map(({ name }) => name);
  if (parsed.flags.has("print-permissions")) {
    return printPermissions(settings, names, ["main.ts", "up", ...args]);
  }
  await runServers(
    settings,
    names,
    network,
    (servers) => describe(servers, settings),
  );
  print("The herd has stopped.");
}

function describe(
  servers: readonly HerdServer[],
  settings: Settings,
): string {
  const { logDirectory, topology } = settings;
  const ports = servers.map(({ name }) => {
    const self = findServer(topology, name)!;
    return new Map(
      [...labelledPorts(settings, self)].map(([label, ports]) => [
        label,
        ports.map(formatPort).join(" "),
      ]),
    );
  });
  const widest = (texts: string[]) =>
    Math.max(...texts.map((text) => text.length));
  const nameWidth = widest(servers.map((server) => server.name));
  const rows = servers.map(({ linkedNeighbours, name }, index) => {
    const columns = [...ports[index]].map(([label, text]) => {
      const width = widest(ports.map((texts) => texts.get(label) ?? ""));
      return `${label} ${text.padEnd(width)}`;
    });
    const linked = linkedNeighbours.join(", ") || "nobody";
    return [
      `  ${name.padEnd(nameWidth)}`,
      ...columns,
      `linked with ${linked}`,
    ].join("  ");
  });
  const count = formatCount(servers.length, "server");
  const dashboard = dashboardOf(settings, servers[0].name);
  return `The herd is up: ${count}, logs in ${logDirectory}/

${rows.join("\n")}
${dashboard === undefined ? "" : `\nWatch it at ${dashboard}\n`}
In another terminal, tell one of them where you are, and ask what is near:

  printf '${sample}' | ${talkTo(servers[0])}

Any other server knows too. Ctrl-C stops the herd.`;
}

const sample =
  "IAMAT me +34.068930-118.445127 1520023934.9\\nWHATSAT me 10 5\\n";

/** A program that sends its input to a server, and shows what comes back. */
function talkTo(
  { clientPorts: [{ address, isEncrypted }] }: HerdServer,
): string {
  if (isEncrypted) return `openssl s_client -quiet -connect ${address}`;
  const [, host, port] = address.match(/^\[?(.*?)\]?:(\d+)$/)!;
  return `nc -N ${host} ${port}`;
}
