/**
 * Runs servers for `server.ts` and `herd up`, with their administration ports
 * and the renewal of certificates.
 *
 * @module
 */
import process from "node:process";
import type { Admin, AdminAddress } from "../admin/admin.ts";
import type { Gate } from "../admin/gate.ts";
import { BackgroundNotes } from "../cli/background_notes.ts";
import { commandFor, denoRun, withoutFlags } from "../cli/command_line.ts";
import {
  nextSignal,
  onCrash,
  onHangup,
  OutputClosedError,
} from "../cli/exit.ts";
import { print } from "../cli/print.ts";
import { logErrorsToStderr } from "../cli/stderr_events.ts";
import { note } from "../cli/write.ts";
import {
  connectedParts,
  findServer,
  type Topology,
} from "../peers/topology.ts";
import { type Clock, SystemClock } from "../runtime/clock.ts";
import { TrustedProxies } from "../runtime/forwarded.ts";
import {
  flagsFor,
  flagsOf,
  grantablePath,
  missingPermissions,
} from "../runtime/permissions.ts";
import type { Network } from "../runtime/network.ts";
import { serveConnections } from "../runtime/http_port.ts";
import { createNonce } from "../runtime/identity.ts";
import { listenSecurely } from "../runtime/secure_network.ts";
import { PortInUseError, SetupError } from "../runtime/setup_error.ts";
import type { HerdServer } from "./herd_server.ts";
import {
  linkServers,
  openServers,
  requireAllPermissions,
} from "./open_servers.ts";
import { createAccess } from "./identities.ts";
import { findOtherPorts } from "./other_ports.ts";
import { portsOf, type ServerPort } from "./settings/ports.ts";
import {
  noteOnLocalClients,
  noteOnPlainTokens,
  optionalPermissions,
  refuseOpenPorts,
  refuseWithoutSecret,
  requiredPermissions,
} from "./settings/requirements.ts";
import type { Settings } from "./settings/settings.ts";
import type { TlsSettings } from "./settings/tls.ts";
import { planOf } from "./status/plan.ts";

/** Longest time that stopping may take, in milliseconds. */
const stopDeadlineMs = 5_000;

/**
 * Runs servers until a signal arrives or one of them stops by itself, and then
 * stops them all.
 *
 * @param network Used to listen and to dial.
 * @param describe Formats the text that is printed when they are ready.
 * @param stopped The text that is printed when they have stopped.
 * @param flags The flags of the settings.
 * @throws {SetupError} If they cannot start.
 */
export async function runServers(
  settings: Settings,
  names: readonly string[],
  network: Network,
  describe: (servers: readonly HerdServer[]) => string,
  stopped: string,
  flags: ReadonlyMap<string, string>,
): Promise<void> {
  try {
    await runUntilStopped(settings, names, network, describe, stopped);
  } catch (error) {
    if (!(error instanceof PortInUseError)) throw error;
    const advice = await adviceOnPorts(error, settings, names, network, flags);
    throw new SetupError(`${error.message}: ${advice}`, { cause: error });
  }
}

/**
 * What to do about a port that is in use: a command that works as it is, or the
 * herd file that fixes the port.
 */
async function adviceOnPorts(
  error: PortInUseError,
  settings: Settings,
  names: readonly string[],
  network: Network,
  flags: ReadonlyMap<string, string>,
): Promise<string> {
  const isWhole = names.length === settings.topology.servers.length;
  const question = `is this ${
    names.length === 1 ? "server" : "herd"
  } running already?`;
  const others = await findOtherPorts(error, settings, names, network, flags);
  if (others === undefined) {
    const { config } = settings;
    return config === undefined
      ? question
      : `${question} Another port can be chosen in ${config}`;
  }
  const args = [
    ...withoutFlags(Deno.args, [...others.flags.keys()]),
    ...[...others.flags].map(([name, value]) => `--${name}=${value}`),
  ];
  const needs = [
    ...requiredPermissions(others.settings, names),
    ...optionalPermissions(others.settings, names),
  ];
  const condition = isWhole ? "" : ", which its neighbours have to use too";
  return `${question} To run it on other ports${condition}: ` +
    commandFor(args, needs, []);
}

async function runUntilStopped(
  settings: Settings,
  names: readonly string[],
  network: Network,
  describe: (servers: readonly HerdServer[]) => string,
  stopped: string,
): Promise<void> {
  await using stderr = new BackgroundNotes(Deno.stderr, new SystemClock());
  logErrorsToStderr(stderr);
  // SIGHUP makes servers read their files again if they have any. Otherwise it
  // means that the terminal was closed.
  const hasFiles = hasRenewedFiles(settings);
  const stop = hasFiles ? nextSignal() : nextSignal("SIGHUP");
  let servers: readonly HerdServer[] = [];
  renewOnHangup(settings, () => servers, stderr);
  await requireAllPermissions(settings, names);
  await using admin = await openAdmin(settings, names, network, () => servers);
  const opened = await openUntil(stop, settings, names, network);
  if (opened === undefined) return;
  servers = opened;
  admin?.attach(servers, planOf(settings.topology));
  onCrash((reason) => {
    for (const server of servers) server.recordCrash(reason);
  });
  await linkServers(servers);
  for (const text of await notesOn(settings, names)) note(text);
  try {
    print(describe(servers));
  } catch (error) {
    // Servers go on if the output pipe is closed, as they do if it is closed
    // later.
    if (!(error instanceof OutputClosedError)) {
      await stopAll(servers, "stdout", stderr);
      throw error;
    }
  }
  const reason = await Promise.race([
    stop,
    ...servers.map(({ stopping }) => stopping),
  ]);
  await stopAll(servers, reason, stderr);
  if (servers.some(({ failure }) => failure !== undefined)) Deno.exitCode = 1;
  print(stopped);
}

/**
 * Opens servers; undefined if a signal arrives first, for example while a disk
 * hangs.
 */
async function openUntil(
  stop: Promise<Deno.Signal>,
  settings: Settings,
  names: readonly string[],
  network: Network,
): Promise<readonly HerdServer[] | undefined> {
  const opening = new AbortController();
  stop.then((signal) => opening.abort(new Error(`${signal} ended the wait`)));
  try {
    return await openServers(settings, names, network, opening.signal);
  } catch (error) {
    if (!(error instanceof SetupError) || !opening.signal.aborted) throw error;
    note(error.message);
    return undefined;
  }
}

/** Stops servers. Ends the program if that takes longer than the deadline. */
async function stopAll(
  servers: readonly HerdServer[],
  reason: string,
  stderr: BackgroundNotes,
): Promise<void> {
  const deadline = setTimeout(async () => {
    stderr.note(
      `not all servers had stopped ${stopDeadlineMs} ms after ${reason}`,
    );
    await stderr.flush();
    Deno.exit(1);
  }, stopDeadlineMs);
  await Promise.all(servers.map((server) => server.stop(reason)));
  clearTimeout(deadline);
}

/** Notes for the user about the settings, which do not prevent the start. */
async function notesOn(
  settings: Settings,
  names: readonly string[],
): Promise<string[]> {
  const { identity, placesNote, tls, topology } = settings;
  const notes = [
    placesNote,
    tls && noteOnExpiry(tls),
    ...identity?.notes ?? [],
    noteOnPlainTokens(settings, names),
    noteOnLocalClients(settings, names),
    noteOnParts(topology),
  ].filter((note) => note !== undefined);
  const unread = await missingPermissions(optionalPermissions(settings, names));
  if (unread.length > 0) {
    notes.push(
      "the places budget counts from 0 at every start; to continue the " +
        `last count, add ${flagsFor(unread)}`,
    );
  }
  return notes;
}

/** Most parts of a herd, and most servers of each, that a note names. */
const mostNamed = 5;

/** A note if some servers cannot reach others over links. */
export function noteOnParts(topology: Topology): string | undefined {
  const parts = connectedParts(topology);
  if (parts.length === 1) return undefined;
  const named = (items: readonly string[], separator: string) =>
    items.slice(0, mostNamed).join(separator) +
    (items.length > mostNamed ? ` and ${items.length - mostNamed} more` : "");
  const groups = parts.map((servers) => named(servers, ", "));
  return "the herd file has no links between these servers, so reports do not " +
    `pass between them: ${named(groups, "; ")}`;
}

/** A note if the certificate has expired. */
function noteOnExpiry({ identity }: TlsSettings): string | undefined {
  const { validUntilMs } = identity.credentials;
  if (validUntilMs > Date.now()) return undefined;
  const day = new Date(validUntilMs).toISOString().slice(0, 10);
  return `the certificate expired on ${day}: clients will refuse it`;
}

/** Opens the administration ports; undefined if they are switched off. */
async function openAdmin(
  settings: Settings,
  names: readonly string[],
  network: Network,
  servers: () => readonly HerdServer[],
): Promise<Admin | undefined> {
  const { admin } = settings;
  if (admin === undefined) return undefined;
  const clock = new SystemClock();
  const { tls, trustedProxies } = settings;
  const { Admin } = await import("../admin/admin.ts");
  const addresses = names.flatMap((name) =>
    adminPorts(settings, name).map((port) => ({ ...port, name }))
  );
  const isEncrypted = addresses.some((port) => port.isEncrypted);
  return Admin.open({
    addresses,
    names: admin.names,
    proxies: new TrustedProxies(trustedProxies),
    gates: await openGates(settings, addresses, clock, servers),
    isEncrypted,
    serveHttp: (hostname, port, handler, onLimit) => {
      const plain = network.listen(hostname, port);
      const listener = isEncrypted
        ? listenSecurely(plain, tls!.identity, clock)
        : plain;
      return serveConnections(listener, {
        handler,
        clock,
        onLimit,
        relieve: () => servers().some((server) => server.relieve()),
      });
    },
    clock,
    process: {
      memoryBytes: () => Deno.memoryUsage().rss,
      cpuSeconds: () => {
        const { system, user } = process.cpuUsage();
        return (system + user) / 1e6;
      },
    },
  });
}

/** The gates of administration ports; undefined if no tokens are required. */
async function openGates(
  settings: Settings,
  addresses: readonly AdminAddress[],
  clock: Clock,
  servers: () => readonly HerdServer[],
): Promise<ReadonlyMap<string, Gate> | undefined> {
  if (settings.identity?.tokens === undefined) return undefined;
  const { Gate } = await import("../admin/gate.ts");
  const gates = new Map<string, Gate>();
  for (const { name, port } of addresses) {
    const access = await createAccess(settings, {
      clock,
      rates: undefined,
      countRefusal: (refusal) =>
        servers().find((server) => server.name === name)
          ?.countRefusal(refusal),
    });
    gates.set(name, new Gate({ access, clock, port, createId: createNonce }));
  }
  return gates;
}

/** Whether there are files that are read again at SIGHUP. */
function hasRenewedFiles({ gateways, identity, tls }: Settings): boolean {
  return tls !== undefined || identity !== undefined ||
    gateways.nmeaSenders !== undefined;
}

/**
 * Reads certificates, the files of identities and the addresses that may report
 * by NMEA again at each SIGHUP.
 */
function renewOnHangup(
  settings: Settings,
  servers: () => readonly HerdServer[],
  stderr: BackgroundNotes,
): void {
  if (!hasRenewedFiles(settings)) return;
  const { gateways: { nmeaSenders }, identity, tls } = settings;
  onHangup(async () => {
    if (tls !== undefined) {
      const fault = await faultOfRenewal(tls);
      const expiry = noteOnExpiry(tls);
      if (fault === undefined && expiry !== undefined) stderr.note(expiry);
      const { validUntilMs } = tls.identity.credentials;
      for (const server of servers()) server.recordRenewal(validUntilMs, fault);
    }
    if (identity !== undefined) {
      const fault = await faultOfRenewal(identity);
      for (const server of servers()) server.recordIdentities(fault);
    }
    if (nmeaSenders !== undefined) {
      const fault = await faultOfRenewal(nmeaSenders);
      for (const server of servers()) server.recordAddresses(fault);
    }
  });
}

/** Reads files again. Returns why that has failed, or undefined. */
async function faultOfRenewal(
  files: { renew(): Promise<void> },
): Promise<string | undefined> {
  try {
    await files.renew();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The URL of a server's dashboard; undefined if it has none. */
export function dashboardOf(
  settings: Settings,
  name: string,
): string | undefined {
  const [port] = adminPorts(settings, name);
  const scheme = port?.isEncrypted ? "https" : "http";
  return port && `${scheme}://${port.address}/`;
}

function adminPorts(settings: Settings, name: string): ServerPort[] {
  return portsOf(settings, findServer(settings.topology, name)!)
    .filter(({ kind }) => kind.name === "admin");
}

/**
 * Prints the command that runs these servers with no more permissions than they
 * need, as one line for a shell.
 *
 * @param command The program and its arguments.
 * @throws {SetupError} If a secret is missing.
 */
export function printPermissions(
  settings: Settings,
  names: readonly string[],
  command: readonly string[],
): void {
  refuseWithoutSecret(settings, names);
  refuseOpenPorts(settings, names);
  const needs = [
    ...requiredPermissions(settings, names),
    ...optionalPermissions(settings, names),
  ];
  const words = command.filter((word) =>
    !/^--print-permissions(=|$)/.test(word)
  );
  print(denoRun(flagsOf(needs), words));
  for (const need of needs) {
    if (!("path" in need) || grantablePath(need.path) === need.path) continue;
    note(
      `${need.path}: Deno's flags end a path at a comma, so the folder above ` +
        "it is granted; a path without a comma is granted alone",
    );
  }
  const { unread } = settings;
  if (unread.length > 0) {
    note(
      "some variables were not read: if they hold a key or a secret, run this " +
        `again with ${flagsFor(unread)}`,
    );
  }
}
