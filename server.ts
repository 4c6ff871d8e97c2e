/**
 * The program of one server: `server.ts NAME`. Gives it TCP and runs it until a
 * signal.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  readArguments,
  UsageError,
} from "./cli/arguments.ts";
import {
  nextSignal,
  onCrash,
  onHangup,
  OutputClosedError,
  runProgram,
  SetupError,
  setupError,
} from "./cli/exit.ts";
import { flagsFor, missingPermissions } from "./cli/permissions.ts";
import { print } from "./cli/print.ts";
import { logErrorsToStderr } from "./cli/stderr_events.ts";
import { note } from "./cli/write.ts";
import process from "node:process";
import type { Admin } from "./admin/admin.ts";
import type { HerdServer } from "./server/herd_server.ts";
import { findServer, type Topology } from "./peers/topology.ts";
import {
  optionalPermissions,
  printPermissions,
} from "./server/settings/requirements.ts";
import { SystemClock } from "./runtime/clock.ts";
import { openHttpPort } from "./runtime/http_port.ts";
import {
  formatAddress,
  formatPort,
  type Listener,
  type ServeHttp,
} from "./runtime/network.ts";
import {
  namesOf,
  readSettings,
  serverFlags,
  serverNamed,
  type Settings,
} from "./server/settings/settings.ts";
import type { TlsSettings } from "./server/settings/tls.ts";
import {
  linkServers,
  type Network,
  openServers,
  requireAllPermissions,
} from "./server/open_servers.ts";
import { planOf } from "./server/status/plan.ts";

/** When all should have ended by itself, in milliseconds after a signal. */
const stopDeadlineMs = 5_000;

/** TCP, as Deno has it. */
const network: Network = {
  listen,
  connect: async (hostname, port, signal) =>
    withoutDelay(await Deno.connect({ hostname, port, signal })),
};

/** Opens a port, or says in one line why not. */
function listen(hostname: string, port: number): Listener {
  const address = formatAddress(hostname, port);
  try {
    const listener = Deno.listen({ hostname, port });
    return {
      address,
      isEncrypted: false,
      async accept() {
        const transport = withoutDelay(await listener.accept());
        const { hostname, port } = transport.remoteAddr;
        return { transport, address: hostname, port };
      },
      close: () => listener.close(),
    };
  } catch (error) {
    throw whyNotOpen(hostname, port, error);
  }
}

/** Opens a port that speaks HTTP, or says in one line why not. */
const serveHttp: ServeHttp = (hostname, port, handler) => {
  try {
    return openHttpPort(hostname, port, handler);
  } catch (error) {
    throw whyNotOpen(hostname, port, error);
  }
};

function whyNotOpen(hostname: string, port: number, error: unknown): Error {
  if (error instanceof Deno.errors.AddrInUse) {
    return new SetupError(
      `port ${port} of ${hostname} is taken: is another server running? ` +
        "(--base-port chooses others)",
    );
  }
  return setupError(
    `cannot listen on ${formatAddress(hostname, port)}`,
    error,
  );
}

/** Replies are small, and nobody should wait for the next one to fill them. */
function withoutDelay(transport: Deno.TcpConn): Deno.TcpConn {
  try {
    transport.setNoDelay();
    return transport;
  } catch (cause) {
    transport.close();
    throw new Deno.errors.ConnectionReset("gone already", { cause });
  }
}

/** What the user should know, though it hinders nothing. */
async function notesOn(
  settings: Settings,
  names: readonly string[],
): Promise<string[]> {
  const { placesNote, tls } = settings;
  const notes = [placesNote, tls && noteOnExpiry(tls)]
    .filter((note) => note !== undefined);
  const unread = await missingPermissions(optionalPermissions(settings, names));
  if (unread.length > 0) {
    notes.push(
      "the places budget counts from 0 at every start; to go on with the " +
        `last count, add ${flagsFor(unread)}`,
    );
  }
  return notes;
}

/** Says so if the certificate is not valid any more. */
function noteOnExpiry({ identity }: TlsSettings): string | undefined {
  const { validUntilMs } = identity.credentials;
  if (validUntilMs > Date.now()) return undefined;
  const day = new Date(validUntilMs).toISOString().slice(0, 10);
  return `the certificate was valid until ${day}: clients will refuse it`;
}

/**
 * Starts servers on TCP that share a places provider: opens them, and links
 * each with its neighbours.
 *
 * @throws {SetupError} As `openServers` does.
 */
export async function startServers(
  settings: Settings,
  names: readonly string[],
): Promise<HerdServer[]> {
  await requireAllPermissions(settings, names);
  const servers = await openServers(settings, names, network);
  await linkServers(servers);
  return servers;
}

/** Opens the administration ports; nothing, if they are not to be served. */
async function openAdmin(
  { admin, topology }: Settings,
  names: readonly string[],
): Promise<Admin | undefined> {
  if (admin === undefined) return undefined;
  const { Admin } = await import("./admin/admin.ts");
  return Admin.open({
    addresses: names.map((name) => ({
      name,
      hostname: admin.host,
      port: findServer(topology, name)!.adminPort,
    })),
    names: admin.names,
    serveHttp,
    clock: new SystemClock(),
    process: {
      memoryBytes: () => Deno.memoryUsage().rss,
      cpuSeconds: () => {
        const { system, user } = process.cpuUsage();
        return (system + user) / 1e6;
      },
    },
  });
}

/** Takes renewed certificates whenever the program is told to, by SIGHUP. */
function renewOnHangup(
  { tls }: Settings,
  servers: () => readonly HerdServer[],
): void {
  if (tls === undefined) return;
  onHangup(async () => {
    let fault: string | undefined;
    try {
      await tls.renew();
      const expiry = noteOnExpiry(tls);
      if (expiry !== undefined) note(expiry);
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
    }
    const { validUntilMs } = tls.identity.credentials;
    for (const server of servers()) server.recordRenewal(validUntilMs, fault);
  });
}

/**
 * Runs servers until a signal asks them to stop, or one of them has stopped by
 * itself: what `server.ts` and `herd up` have in common.
 *
 * @param describe What to print when they are ready.
 */
export async function runServers(
  settings: Settings,
  names: readonly string[],
  describe: (servers: readonly HerdServer[]) => string,
): Promise<void> {
  logErrorsToStderr();
  // With a certificate it says that there is a new one; without, that the
  // terminal is gone.
  const stop = settings.tls === undefined ? nextSignal("SIGHUP") : nextSignal();
  let servers: readonly HerdServer[] = [];
  renewOnHangup(settings, () => servers);
  await requireAllPermissions(settings, names);
  await using admin = await openAdmin(settings, names);
  servers = await openServers(settings, names, network);
  admin?.attach(servers, planOf(settings.topology));
  onCrash((reason) => {
    for (const server of servers) server.recordCrash(reason);
  });
  await linkServers(servers);
  for (const text of await notesOn(settings, names)) note(text);
  try {
    print(describe(servers));
  } catch (error) {
    // Who serves does not end because nobody watches: it would not, either, if
    // its reader had left a moment later. What cannot be written is missed.
    if (!(error instanceof OutputClosedError)) {
      await stopAll(servers, "stdout");
      throw error;
    }
  }
  const reason = await Promise.race([
    stop,
    ...servers.map(({ stopping }) => stopping),
  ]);
  await stopAll(servers, reason);
  if (servers.some(({ failure }) => failure !== undefined)) Deno.exitCode = 1;
}

/** Stops servers in the orderly way, or ends the program if that lasts. */
async function stopAll(
  servers: readonly HerdServer[],
  reason: string,
): Promise<void> {
  const isLate = setTimeout(() => {
    note(`not all had ended ${stopDeadlineMs} ms after ${reason}`);
    Deno.exit(1);
  }, stopDeadlineMs);
  await Promise.all(servers.map((server) => server.stop(reason)));
  clearTimeout(isLate);
}

const help = `Runs one server of the herd until SIGINT or SIGTERM.

Usage: server.ts NAME [flags]

NAME is one of the herd's servers: Hill, Jaquez, Smith, Campbell, Singleton,
or those of the file that --config names.

${describeFlags(serverFlags)}`;

/** The program `server.ts NAME`, and `herd serve NAME` too. */
export async function serve(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, serverFlags);
  if (parsed.flags.has("help")) return print(help);
  const settings = await readSettings(parsed);
  const name = readName(parsed, settings.topology);
  if (parsed.flags.has("print-permissions")) {
    return printPermissions(settings, [name], ["server.ts", ...args]);
  }
  await runServers(
    settings,
    [name],
    ([server]) =>
      `${name} is ready: ` +
      `clients on ${server.clientPorts.map(formatPort).join(" and ")}, ` +
      `peers on ${formatPort(server.peerPort)}, linked with ` +
      `${server.linkedNeighbours.join(", ") || "nobody yet"}, ` +
      `log in ${server.logPath}` +
      (settings.admin === undefined
        ? ""
        : `, dashboard at ${dashboardOf(settings, name)}`),
  );
}

/** Where a server's dashboard is. */
export function dashboardOf(
  { admin, topology }: Settings,
  name: string,
): string {
  const { adminPort } = findServer(topology, name)!;
  return `http://${formatAddress(admin!.host, adminPort)}/`;
}

function readName({ positionals }: Arguments, topology: Topology): string {
  if (positionals.length === 0) {
    throw new UsageError(`which server? one of ${namesOf(topology)}`);
  }
  if (positionals.length > 1) {
    throw new UsageError(`expected one name, found ${positionals.join(" ")}`);
  }
  return serverNamed(topology, positionals[0]).name;
}

if (import.meta.main) {
  await runProgram("server.ts", () => serve(Deno.args));
}
