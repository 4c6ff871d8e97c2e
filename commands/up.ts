/**
 * `herd up`: runs every server of the herd in one process.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  readArguments,
  refusePositionals,
} from "../cli/arguments.ts";
import { denoName, denoRun } from "../cli/command_line.ts";
import { print } from "../cli/print.ts";
import type { HerdServer } from "../server/herd_server.ts";
import { findServer } from "../peers/topology.ts";
import { formatPort } from "../runtime/network.ts";
import { quoteWord } from "../runtime/shell.ts";
import {
  dashboardOf,
  printPermissions,
  runServers,
} from "../server/run_servers.ts";
import { network } from "../server.ts";
import { labelledPorts, portsOf } from "../server/settings/ports.ts";
import {
  openPorts,
  readSettings,
  serverFlags,
  type Settings,
} from "../server/settings/settings.ts";
import { formatCount, formatMemory } from "../cli/numbers.ts";

const help = `Runs every server of the herd until Ctrl-C.

Usage: herd up [flags]

${describeFlags(serverFlags)}`;

export async function up(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, serverFlags);
  if (parsed.flags.has("help")) return print(help);
  refusePositionals(parsed, "up");
  const settings = await readSettings(parsed, openPorts);
  const names = settings.topology.servers.map(({ name }) => name);
  if (parsed.flags.has("print-permissions")) {
    return printPermissions(settings, names, ["main.ts", "up", ...args]);
  }
  await runServers(
    settings,
    names,
    network,
    (servers) => describe(servers, settings, parsed.flags),
    "The herd has stopped.",
    parsed.flags,
  );
}

function describe(
  servers: readonly HerdServer[],
  settings: Settings,
  flags: Arguments["flags"],
): string {
  const { logDirectory, topology } = settings;
  const ports = servers.map(({ name }) => {
    const self = findServer(topology, name)!;
    return new Map(
      [...labelledPorts(settings, self)]
        .filter(([, [{ kind }]]) => kind.serves !== "devices")
        .map(([label, ports]) => [label, ports.map(formatPort).join(" ")]),
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
    const linked = linkedNeighbours.join(", ") || "no neighbour yet";
    return [
      `  ${name.padEnd(nameWidth)}`,
      ...columns,
      `linked with ${linked}`,
    ].join("  ");
  });
  const count = formatCount(servers.length, "server");
  const dashboard = dashboardOf(settings, servers[0].name);
  const watched = dashboard === undefined ? [] : [`Watch it at ${dashboard}`];
  const notes = [...watched, ...gatewayLines(servers, settings)];
  const memory = formatMemory(servers[0].maxTableBytes);
  return `The herd is up: ${count}, tables of ${memory}, logs in ${logDirectory}/

${rows.join("\n")}
${notes.length === 0 ? "" : `\n${notes.join("\n")}\n`}
In another terminal, report a position and query what is near it:

${sampleCommands(servers[0], flags).map((line) => `  ${line}`).join("\n")}

Every other server has the report too. Ctrl-C stops the herd.`;
}

/** Where the gateways of each kind are: of the first server and of the last. */
function gatewayLines(
  servers: readonly HerdServer[],
  settings: Settings,
): string[] {
  const ports = servers.flatMap(({ name }) =>
    portsOf(settings, findServer(settings.topology, name)!)
      .filter(({ kind }) => kind.serves === "devices")
      .map((port) => ({
        kind: port.kind.name,
        text: `${formatPort(port)} (${name})`,
      }))
  );
  return [...Map.groupBy(ports, ({ kind }) => kind)].map(([kind, ofKind]) => {
    const ends = new Set([ofKind[0].text, ofKind.at(-1)!.text]);
    return `Phones report by ${kind} to ${[...ends].join(" ... ")}`;
  });
}

const sampleLines = [
  "IAMAT me +34.068930-118.445127 now",
  "WHATSAT me 10 5",
];

/** Commands that send `sampleLines` to a server. */
function sampleCommands(
  { clientPorts: [{ address, isEncrypted }], name }: HerdServer,
  flags: Arguments["flags"],
): string[] {
  if (isEncrypted) {
    // Only our own programs accept the word now.
    const input = sampleLines.map((line) => `${line.replace("now", "%s")}\\n`);
    return [
      `printf '${
        input.join("")
      }' "$(date +%s)" | openssl s_client -quiet -connect ${address}`,
    ];
  }
  const shared = ["base-port", "config", "host"]
    .filter((flag) => flags.has(flag))
    .map((flag) => quoteWord(`--${flag}=${flags.get(flag)}`));
  const send = [programWith(shared), "send", name, ...shared].join(" ");
  return sampleLines.map((line) => `${send} '${line}'`);
}

/**
 * The command that runs `herd` with these flags. The task has permission for the
 * ports of the default herd only.
 */
function programWith(flags: readonly string[]): string {
  if (Deno.build.standalone) return quoteWord(Deno.execPath());
  return flags.length === 0
    ? `${denoName()} task`
    : denoRun(["--allow-net", "--allow-read"], ["main.ts"], denoName());
}
