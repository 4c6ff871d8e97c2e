/**
 * What `server.ts` and `herd up` have in common: they run servers until a signal,
 * with the administration ports and the renewal of certificates.
 *
 * @module
 */
import process from "node:process";
import type { Admin } from "../admin/admin.ts";
import {
  nextSignal,
  onCrash,
  onHangup,
  OutputClosedError,
} from "../cli/exit.ts";
import { print } from "../cli/print.ts";
import { logErrorsToStderr } from "../cli/stderr_events.ts";
import { note } from "../cli/write.ts";
import { findServer } from "../peers/topology.ts";
import { SystemClock } from "../runtime/clock.ts";
import {
  flagsFor,
  flagsOf,
  grantablePath,
  missingPermissions,
} from "../runtime/permissions.ts";
import { quoteWord } from "../runtime/shell.ts";
import type { Network } from "../runtime/network.ts";
import { serveHttp } from "../runtime/tcp.ts";
import type { HerdServer } from "./herd_server.ts";
import {
  linkServers,
  openServers,
  requireAllPermissions,
} from "./open_servers.ts";
import { portsOf, type ServerPort } from "./settings/ports.ts";
import {
  optionalPermissions,
  refuseWithoutSecret,
  requiredPermissions,
} from "./settings/requirements.ts";
import type { Settings } from "./settings/settings.ts";
import type { TlsSettings } from "./settings/tls.ts";
import { planOf } from "./status/plan.ts";

/** When all should have ended by itself, in milliseconds after a signal. */
const stopDeadlineMs = 5_000;

/**
 * Runs servers until a signal asks them to stop, or one of them has stopped by
 * itself: what `server.ts` and `herd up` have in common.
 *
 * @param network Where they listen and dial.
 * @param describe What to print when they are ready.
 */
export async function runServers(
  settings: Settings,
  names: readonly string[],
  network: Network,
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

/** Opens the administration ports; nothing, if they are not to be served. */
async function openAdmin(
  settings: Settings,
  names: readonly string[],
): Promise<Admin | undefined> {
  const { admin } = settings;
  if (admin === undefined) return undefined;
  const { Admin } = await import("../admin/admin.ts");
  return Admin.open({
    addresses: names.flatMap((name) =>
      adminPorts(settings, name)
        .map(({ hostname, port }) => ({ name, hostname, port }))
    ),
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

/** Where a server's dashboard is; undefined if it has none. */
export function dashboardOf(
  settings: Settings,
  name: string,
): string | undefined {
  const [port] = adminPorts(settings, name);
  return port && `http://${port.address}/`;
}

function adminPorts(settings: Settings, name: string): ServerPort[] {
  return portsOf(settings, findServer(settings.topology, name)!)
    .filter(({ kind }) => kind.name === "admin");
}

/**
 * What `deno run` takes besides permissions: without these, a program may still
 * fetch code from a few hosts and any package, and run it.
 */
const noOtherCode = ["--frozen", "--no-remote"];

/**
 * Prints the command that runs these servers with the narrowest permissions,
 * as one line for a shell.
 *
 * @param command The program and its arguments, as they were given.
 * @throws {SetupError} If a secret is missing.
 */
export function printPermissions(
  settings: Settings,
  names: readonly string[],
  command: readonly string[],
): void {
  refuseWithoutSecret(settings, names);
  const needs = [
    ...requiredPermissions(settings, names),
    ...optionalPermissions(settings, names),
  ];
  const words = [
    "deno",
    "run",
    ...noOtherCode,
    ...flagsOf(needs),
    ...command.filter((word) => !/^--print-permissions(=|$)/.test(word)),
  ];
  print(words.map(quoteWord).join(" "));
  for (const need of needs) {
    if (!("path" in need) || grantablePath(need.path) === need.path) continue;
    note(
      `${need.path}: Deno's flags end a path at a comma, so the folder around ` +
        "it is granted; without a comma it would be narrower",
    );
  }
  const { unread } = settings;
  if (unread.length > 0) {
    note(
      "what the environment says was not looked at: if it holds a key or a " +
        `secret, run this again with ${flagsFor(unread)}`,
    );
  }
}
