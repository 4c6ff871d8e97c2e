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
import { printPermissions } from "../server/settings/requirements.ts";
import { formatPort } from "../runtime/network.ts";
import { dashboardOf, runServers } from "../server.ts";
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
  await runServers(settings, names, (servers) => describe(servers, settings));
  print("The herd has stopped.");
}

function describe(
  servers: readonly HerdServer[],
  settings: Settings,
): string {
  const { logDirectory } = settings;
  const widest = (texts: string[]) =>
    Math.max(...texts.map((text) => text.length));
  const nameWidth = widest(servers.map((server) => server.name));
  const clientWidth = widest(servers.map(clientsOf));
  const peerWidth = widest(servers.map(peersOf));
  const rows = servers.map((server) => {
    const name = server.name.padEnd(nameWidth);
    const clients = clientsOf(server).padEnd(clientWidth);
    const peers = peersOf(server).padEnd(peerWidth);
    const linked = server.linkedNeighbours.join(", ") || "nobody";
    return `  ${name}  clients ${clients}  peers ${peers}  linked with ${linked}`;
  });
  const count = formatCount(servers.length, "server");
  return `The herd is up: ${count}, logs in ${logDirectory}/

${rows.join("\n")}

Watch it at ${dashboardOf(settings, servers[0].name)}

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

function clientsOf({ clientPorts }: HerdServer): string {
  return clientPorts.map(formatPort).join(" ");
}

function peersOf({ peerPort }: HerdServer): string {
  return formatPort(peerPort);
}
