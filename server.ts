/**
 * The program of one server: `server.ts NAME`. Gives it TCP, a log and a places
 * service, and runs it until a signal.
 *
 * @module
 */
import {
  type Arguments,
  describeFlags,
  readArguments,
  UsageError,
} from "./cli/arguments.ts";
import { nextSignal, onCrash, runProgram, SetupError } from "./cli/exit.ts";
import { demand, flagsFor, isGranted, missing } from "./cli/permissions.ts";
import { showErrors } from "./cli/stderr_events.ts";
import { HerdServer } from "./herd_server.ts";
import type { LogTrouble } from "./journal/appender.ts";
import { Journal } from "./journal/journal.ts";
import { LogFiles } from "./journal/log_files.ts";
import { findServer, type Topology } from "./peers/topology.ts";
import { Budget } from "./places/budget.ts";
import { readBudgetFile, writeBudgetFile } from "./places/budget_file.ts";
import type { PlacesProvider } from "./places/provider.ts";
import {
  budgetPath,
  needsOf,
  printPermissions,
  refuseWithoutSecret,
  wishesOf,
} from "./requirements.ts";
import { SystemClock } from "./runtime/clock.ts";
import {
  type Connect,
  formatAddress,
  type Listener,
} from "./runtime/network.ts";
import {
  namesOf,
  readSettings,
  serverFlags,
  serverNamed,
  type Settings,
} from "./settings.ts";

/** Opens a port, or says in one line why not. */
function listen(hostname: string, port: number): Listener {
  try {
    const listener = Deno.listen({ hostname, port });
    return {
      async accept() {
        const transport = withoutDelay(await listener.accept());
        const { hostname, port } = transport.remoteAddr;
        return { transport, remote: formatAddress(hostname, port) };
      },
      close: () => listener.close(),
    };
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new SetupError(
        `port ${port} of ${hostname} is taken: is another server running? ` +
          "(--base-port chooses others)",
      );
    }
    throw setupError(
      `cannot listen on ${formatAddress(hostname, port)}`,
      error,
    );
  }
}

const connect: Connect = async (hostname, port, signal) =>
  withoutDelay(await Deno.connect({ hostname, port, signal }));

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

/** Opens the ports, then the log, and puts a server on them. */
async function openServer(
  settings: Settings,
  name: string,
  places: PlacesProvider,
): Promise<HerdServer> {
  const { catchUp, topology } = settings;
  const { clientTtlSeconds, linkTimeoutMs, maxClients, secrets } = settings;
  const self = findServer(topology, name)!;
  const clientHost = settings.host ?? self.host;
  const clock = new SystemClock();
  await using cleanup = new AsyncDisposableStack();
  // Ports first: who finds them taken must leave no trace in the log of the
  // server that has them.
  const clients = listen(clientHost, self.clientPort);
  cleanup.defer(() => clients.close());
  const peers = listen(self.host, self.peerPort);
  cleanup.defer(() => peers.close());
  const placesBudget = places.isRemote
    ? await openBudget(settings, name, clock)
    : undefined;
  // Until the server is there, who starts it is told.
  let onTrouble = (_trouble: LogTrouble) => {};
  const journal = await openJournal(
    settings,
    name,
    clock,
    (trouble) => onTrouble(trouble),
  );
  cleanup.defer(() => journal.close());
  const server = new HerdServer({
    self,
    topology,
    clientHost,
    catchUp,
    secrets,
    linkTimeoutMs,
    maxClients,
    clientTtlSeconds,
    clients,
    peers,
    connect,
    clock,
    journal,
    onLogFailure: settings.onLogFailure,
    places,
    placesTtlSeconds: settings.placesTtlSeconds,
    placesBudget,
  });
  try {
    await server.recordStart();
  } catch (error) {
    throw setupError(`cannot write to ${server.logPath}`, error);
  }
  cleanup.move();
  onTrouble = (trouble) => server.tellLogTrouble(trouble);
  server.open();
  return server;
}

async function openJournal(
  settings: Settings,
  name: string,
  clock: SystemClock,
  onTrouble: (trouble: LogTrouble) => void,
): Promise<Journal> {
  const { logDirectory, logKeptFiles, logMaxBytes } = settings;
  try {
    const files = await LogFiles.open({
      directory: logDirectory,
      name,
      maxFileBytes: logMaxBytes,
      keptFiles: logKeptFiles,
    });
    return new Journal({ clock, onTrouble }, files);
  } catch (error) {
    throw setupError(`cannot write logs to ${logDirectory}`, error);
  }
}

/** A server's budget, if it has one, with what is left of today's. */
async function openBudget(
  settings: Settings,
  name: string,
  clock: SystemClock,
): Promise<Budget | undefined> {
  const { placesBudget: requestsPerDay } = settings;
  if (requestsPerDay === undefined) return undefined;
  const path = budgetPath(settings, name);
  try {
    return new Budget({
      requestsPerDay,
      clock,
      kept: await isGranted({ name: "read", path })
        ? readBudgetFile(path)
        : undefined,
      keep: (count) => writeBudgetFile(path, count),
    });
  } catch (error) {
    throw setupError("cannot go on with the places budget", error);
  }
}

/** What the user should know, though it hinders nothing. */
async function notesOn(
  settings: Settings,
  names: readonly string[],
): Promise<string[]> {
  const { placesNote } = settings;
  const notes = placesNote === undefined ? [] : [placesNote];
  const unread = await missing(wishesOf(settings, names));
  if (unread.length > 0) {
    notes.push(
      "the places budget counts from 0 at every start; to go on with the " +
        `last count, add ${flagsFor(unread)}`,
    );
  }
  return notes;
}

/** An error of the system as one line. */
function setupError(what: string, error: unknown): SetupError {
  const why = error instanceof Error ? error.message : String(error);
  return new SetupError(`${what}: ${why}`, { cause: error });
}

/**
 * Starts servers that share a places provider. Says so if a secret or a
 * permission is missing, before anything is begun. Resolves when all listen and
 * have dialled their neighbours.
 *
 * @throws {SetupError} If a secret or a permission is missing, a port is taken,
 * or the log cannot be written. None of the servers runs then.
 */
export async function startServers(
  settings: Settings,
  names: readonly string[],
): Promise<HerdServer[]> {
  refuseWithoutSecret(settings, names);
  await demand(needsOf(settings, names));
  const places = await settings.places.load();
  const servers: HerdServer[] = [];
  try {
    for (const name of names) {
      servers.push(await openServer(settings, name, places));
    }
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop("another failed")));
    throw error;
  }
  await Promise.all(servers.map((server) => server.link()));
  return servers;
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
  showErrors();
  const stop = nextSignal();
  const servers = await startServers(settings, names);
  onCrash((reason) => {
    for (const server of servers) server.recordCrash(reason);
  });
  for (const note of await notesOn(settings, names)) console.error(note);
  console.log(describe(servers));
  const reason = await Promise.race([
    stop,
    ...servers.map(({ stopping }) => stopping),
  ]);
  await Promise.all(servers.map((server) => server.stop(reason)));
  if (servers.some(({ failure }) => failure !== undefined)) Deno.exitCode = 1;
}

const help = `Runs one server of the herd until SIGINT or SIGTERM.

Usage: server.ts NAME [flags]

NAME is one of the herd's servers: Hill, Jaquez, Smith, Campbell, Singleton,
or those of the file that --config names.

${describeFlags(serverFlags)}`;

/** The program `server.ts NAME`, and `herd serve NAME` too. */
export async function serve(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, serverFlags);
  if (parsed.flags.has("help")) return console.log(help);
  const settings = await readSettings(parsed);
  const name = readName(parsed, settings.topology);
  if (parsed.flags.has("print-permissions")) {
    return printPermissions(settings, [name], ["server.ts", ...args]);
  }
  await runServers(
    settings,
    [name],
    ([server]) =>
      `${name} is ready: clients on ${server.clientAddress}, peers on ` +
      `${server.peerAddress}, linked with ` +
      `${server.linkedNeighbours.join(", ") || "nobody yet"}, ` +
      `log in ${server.logPath}`,
  );
}

function readName({ words }: Arguments, topology: Topology): string {
  if (words.length === 0) {
    throw new UsageError(`which server? one of ${namesOf(topology)}`);
  }
  if (words.length > 1) {
    throw new UsageError(`expected one name, found ${words.join(" ")}`);
  }
  return serverNamed(topology, words[0]).name;
}

if (import.meta.main) {
  await runProgram("server.ts", () => serve(Deno.args));
}
