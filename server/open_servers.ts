/**
 * Opens servers as their settings say: ports, log, budget, replica and server.
 *
 * @module
 */
import type { Access } from "../identity/access.ts";
import { makeTreeKey } from "../peers/tree_key.ts";
import {
  type CreateGateways,
  type Descriptors,
  type DevicePort,
  HerdServer,
} from "./herd_server.ts";
import type { LogFailure } from "../log/appender.ts";
import { LogWriter } from "../log/log_writer.ts";
import { type Guard, LogFiles } from "../log/log_files.ts";
import { limitsAt } from "./settings/client_limits.ts";
import {
  FloodReplica,
  type FloodReplicaOptions,
} from "../peers/flood_replica.ts";
import {
  leastTableBytes,
  secondsPerDay,
  sourceShareOf,
} from "../peers/limits.ts";
import type { PortKind } from "../peers/port_kinds.ts";
import { ServerNames } from "../peers/server_names.ts";
import { findServer } from "../peers/topology.ts";
import { Budget } from "../places/budget.ts";
import { readBudgetFile, writeBudgetFile } from "../places/budget_file.ts";
import type { PlacesProvider } from "../places/provider.ts";
import {
  budgetPath,
  optionalPermissions,
  refuseHistoryWithoutFolder,
  refuseOpenPorts,
  refuseWithoutSecret,
  requiredPermissions,
} from "./settings/requirements.ts";
import type { ReplicaRecords } from "../replica/records.ts";
import type { Replica } from "../replica/replica.ts";
import { type Clock, secondsOf, SystemClock } from "../runtime/clock.ts";
import {
  DescriptorReserve,
  isOutOfDescriptors,
} from "../runtime/descriptors.ts";
import {
  createHashKey,
  createNonce,
  createProver,
} from "../runtime/identity.ts";
import { LimitCounts } from "../runtime/limit_counts.ts";
import type { Connect, Listener, Network } from "../runtime/network.ts";
import {
  createSecureConnect,
  listenSecurely,
} from "../runtime/secure_network.ts";
import { closingTimeoutMs, withTimeout } from "../runtime/operation_timer.ts";
import { isGranted, requirePermissions } from "../runtime/permissions.ts";
import { setupError } from "../runtime/setup_error.ts";
import type { Storage, StorageOptions } from "../storage/storage.ts";
import { Turns } from "../runtime/turns.ts";
import { createAccess, createRates } from "./identities.ts";
import { openHistory } from "./open_history.ts";
import { ServerEvents } from "./server_events.ts";
import { portsOf } from "./settings/ports.ts";
import type { Settings } from "./settings/settings.ts";
import { areLinksEncrypted, type TlsSettings } from "./settings/tls.ts";
import { DurationCounter } from "./status/distribution.ts";

/**
 * Checks that no secret and no permission is missing. Must be called before any
 * other step of the start.
 *
 * @throws {SetupError} Naming what is missing.
 */
export async function requireAllPermissions(
  settings: Settings,
  names: readonly string[],
): Promise<void> {
  refuseWithoutSecret(settings, names);
  refuseOpenPorts(settings, names);
  refuseHistoryWithoutFolder(settings);
  await requirePermissions(
    requiredPermissions(settings, names),
    optionalPermissions(settings, names),
  );
}

/**
 * Starts servers that share a places provider: opens them, and links each with
 * its neighbours.
 *
 * @throws {SetupError} If a secret or a permission is missing, a port is taken,
 * or the log cannot be written.
 */
export async function startServers(
  settings: Settings,
  names: readonly string[],
  network: Network,
): Promise<HerdServer[]> {
  await requireAllPermissions(settings, names);
  const servers = await openServers(settings, names, network);
  await linkServers(servers);
  return servers;
}

/**
 * Opens servers that share a places provider. Resolves when all listen.
 *
 * @param signal Ends the waits for a disk that hangs.
 * @throws {SetupError} If a port is taken, or the log cannot be written. No
 * server runs then.
 */
export async function openServers(
  settings: Settings,
  names: readonly string[],
  network: Network,
  signal?: AbortSignal,
): Promise<HerdServer[]> {
  const places = await settings.places.load();
  const createGateways = await loadGateways(settings, names);
  const servers: HerdServer[] = [];
  const clock = new SystemClock();
  const sparePath = `${settings.logDirectory}/${names[0]}.spare`;
  const reserve = new DescriptorReserve({
    clock,
    open: (count) => openSpares(sparePath, count),
  });
  let running = names.length;
  const descriptors: Descriptors = {
    add: (user) => reserve.add(user),
    relieve: () => reserve.relieve(),
    async close() {
      running -= 1;
      if (running > 0) return;
      reserve.close();
      await removeSpare(sparePath, clock);
    },
  };
  const context = {
    settings,
    places,
    createGateways,
    network,
    descriptors,
    signal,
    turns: new Turns(clock),
    maxTableBytes: tableBytes(settings, names.length),
  };
  try {
    for (const name of names) servers.push(await openServer(context, name));
  } catch (error) {
    reserve.close();
    await Promise.all(servers.map((server) => server.stop("another failed")));
    throw error;
  }
  try {
    await withTimeout(clock, "opening spare files", reserve.fill());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    for (const server of servers) server.recordNoReserve(reason);
  }
  return servers;
}

/** Creates the gateways of a server, given what they ask of their clients. */
type LoadedGateways = (
  services: Parameters<CreateGateways>[0],
  access: Access,
) => ReturnType<CreateGateways>;

/** Loads the gateways whose ports are open; undefined if there are none. */
async function loadGateways(
  settings: Settings,
  names: readonly string[],
): Promise<LoadedGateways | undefined> {
  const { gateways, openClients, topology } = settings;
  const ports = names
    .flatMap((name) => portsOf(settings, findServer(topology, name)!))
    .filter(({ kind }) => kind.serves === "devices")
    .map(({ kind }) => kind.name);
  if (ports.length === 0) return undefined;
  const { loadGateways } = await import("../gateways/gateways.ts");
  return await loadGateways(ports, { isOpen: openClients, ...gateways });
}

/** Resolves when every server has dialled its neighbours. */
export async function linkServers(
  servers: readonly HerdServer[],
): Promise<void> {
  await Promise.all(servers.map((server) => server.link()));
}

/** What servers that are opened together have in common. */
interface OpeningContext {
  readonly settings: Settings;
  readonly places: PlacesProvider;
  /** Undefined if no port of a gateway is open. */
  readonly createGateways: LoadedGateways | undefined;
  readonly network: Network;
  readonly descriptors: Descriptors;
  readonly signal: AbortSignal | undefined;
  /** The turns of the event loop. */
  readonly turns: Turns;
  /** Most bytes of the table of each server. */
  readonly maxTableBytes: number;
}

/** Opens the ports, then the log, then the server. */
async function openServer(
  context: OpeningContext,
  name: string,
): Promise<HerdServer> {
  const { createGateways, descriptors, network, places, settings, signal } =
    context;
  const { maxTableBytes, turns } = context;
  const { tls, topology } = settings;
  const self = findServer(topology, name)!;
  const clientHost = settings.host ?? self.host;
  const clock = new SystemClock();
  const guard = createGuard(clock, signal);
  await using cleanup = new AsyncDisposableStack();
  // Ports first: if they are taken, nothing must be written to the log of the
  // server that has them.
  // The administration ports are not the server's: see run_servers.ts.
  const listeners = portsOf(settings, self)
    .filter(({ kind }) => kind.serves !== "operators")
    .map(({ access, hostname, isEncrypted, kind, port }) => {
      const plain = network.listen(hostname, port);
      cleanup.defer(() => plain.close());
      const listener = tls === undefined || !isEncrypted
        ? plain
        : listenSecurely(
          plain,
          tls.identity,
          clock,
          access === "certificates" ? tls.clientAuthority : undefined,
        );
      return { hostname, kind, listener, port };
    });
  const serving = (who: PortKind["serves"]) =>
    listeners.filter(({ kind }) => kind.serves === who)
      .map(({ listener }) => listener);
  const clients = serving("clients");
  const peers = serving("neighbours").at(0);
  const devices: DevicePort[] = [];
  for (const { hostname, kind, listener, port } of listeners) {
    if (kind.serves !== "devices") continue;
    const datagrams = kind.hasDatagrams
      ? await network.openDatagrams(hostname, port)
      : undefined;
    cleanup.defer(() => datagrams?.close());
    devices.push({ kind: kind.name, listener, datagrams });
  }
  const placesBudget = places.isRemote
    ? await openBudget(settings, name, clock, guard)
    : undefined;
  // Until the first record is written, a failure of the log is thrown instead.
  let onFailure = (_failure: LogFailure) => {};
  const log = await openLog(
    settings,
    name,
    clock,
    guard,
    descriptors,
    (failure) => onFailure(failure),
  );
  cleanup.defer(() => log.close());
  const events = new ServerEvents(name, log, clock);
  const counts = new LimitCounts(clock, events.emit);
  const propagation = new DurationCounter();
  const { connect: dial } = network;
  const connect = connectTo(
    (host, port, signal) =>
      withDescriptor(() => dial(host, port, signal), descriptors, counts),
    tls,
    clock,
  );
  const replica = createReplica(settings, {
    self,
    clock,
    turns,
    counts,
    propagation,
    connect: ({ host, peerPort }, signal) => connect(host, peerPort, signal),
    trafficLogFor: (connection) => log.trafficLogFor(connection),
    emit: events.emit,
    peers,
    tableBytes: maxTableBytes,
  }, descriptors);
  const clientLimits = limitsAt(clientHost, settings.clientLimits);
  const rates = await createRates(clientLimits);
  const access = createGateways && await createAccess(settings, {
    clock,
    rates,
    countRefusal: (refusal) => server.countRefusal(refusal),
  });
  const data = await openData(context, name, {
    clock,
    counts,
    emit: events.emit,
    records: replica.records,
  });
  cleanup.defer(() => data?.stop());
  const history = await openHistory(settings, name, {
    clock,
    counts,
    emit: events.emit,
    turns,
    records: replica.records,
  });
  cleanup.defer(() => history?.stop());
  const server: HerdServer = new HerdServer({
    name,
    replica,
    data,
    history,
    events,
    counts,
    propagation,
    clientLimits,
    certificates: settings.identity?.certificates,
    clientAuthority: tls?.clientAuthority,
    rates,
    clients,
    devices,
    createGateways: access &&
      ((services) => createGateways!(services, access)),
    clock,
    turns,
    log,
    onLogFailure: settings.onLogFailure,
    places,
    placesTtlSeconds: settings.placesTtlSeconds,
    placesBudget,
    descriptors,
  });
  try {
    await untilAborted(server.recordStart(), signal, "the first record");
  } catch (error) {
    // Any other error is no failure of the disk.
    const isOfLog = error === log.fault || signal?.aborted;
    throw isOfLog
      ? setupError(`cannot write to ${server.logPath}`, error)
      : error;
  }
  cleanup.move();
  onFailure = (failure) => server.emitLogFailure(failure);
  server.open();
  return server;
}

/** What a data folder shares with its server. */
type DataContext = Pick<StorageOptions, "clock" | "emit"> & {
  readonly counts: LimitCounts;
} & { readonly records: ReplicaRecords | undefined };

/** Opens the data folder of a server, if there is one. */
async function openData(
  { descriptors, settings, signal, turns }: OpeningContext,
  name: string,
  { clock, counts, emit, records }: DataContext,
): Promise<Storage | undefined> {
  const { dataDirectory, dataSyncMs, forgetDays, topology } = settings;
  if (dataDirectory === undefined || records === undefined) return undefined;
  // Not loaded without a data folder.
  const { openStorage } = await import("../storage/open.ts");
  const names = topology.servers.map(({ name }) => name);
  return await openStorage({
    path: `${dataDirectory}/${name}`,
    server: name,
    records,
    clock,
    emit,
    turns,
    syncMs: dataSyncMs,
    forgetSeconds: forgetDays * secondsPerDay,
    findServer: new ServerNames(names).find,
    open: (path, options) =>
      withDescriptor(() => Deno.open(path, options), descriptors, counts),
    signal,
  });
}

/** The components that a replica shares with its server. */
type ReplicaContext =
  & Pick<
    FloodReplicaOptions,
    | "self"
    | "clock"
    | "counts"
    | "propagation"
    | "connect"
    | "trafficLogFor"
    | "emit"
    | "turns"
  >
  & {
    /** The peer port, if the settings have one. */
    readonly peers: Listener | undefined;
    /** Most bytes of its table. */
    readonly tableBytes: number;
  };

/**
 * Most bytes of the table of each server of this process: the setting, or an
 * equal part of half of the free memory.
 */
function tableBytes({ maxTableBytes }: Settings, servers: number): number {
  if (maxTableBytes !== "auto") return maxTableBytes;
  const { available } = Deno.systemMemoryInfo();
  return Math.max(leastTableBytes, Math.floor(available / 2 / servers));
}

/** Creates the replica of a server, as the settings say. */
function createReplica(
  settings: Settings,
  context: ReplicaContext,
  descriptors: Descriptors,
): Replica {
  const { catchUp, clientTtlSeconds, maxClients, tableShares, topology } =
    settings;
  const forgetSeconds = settings.forgetDays * secondsPerDay;
  const { peers } = context;
  if (peers === undefined) throw new Error("FloodReplica needs a peer port");
  const replica = new FloodReplica({
    ...context,
    peers,
    relieve: () => descriptors.relieve(),
    topology,
    catchUp,
    limits: {
      clientTtlSeconds,
      forgetSeconds,
      maxClients,
      maxTableBytes: context.tableBytes,
      sourceShare: sourceShareOf(tableShares, topology.servers.length),
      now: (elapsedMs) => context.clock.now(elapsedMs),
    },
    hashKey: createHashKey(),
    treeKey: makeTreeKey(secondsOf(context.clock), createNonce()),
    maxHalfOpenLinks: settings.maxHalfOpenLinks,
    timeoutMs: settings.linkTimeoutMs,
    incarnation: crypto.randomUUID(),
    nonce: createNonce,
    prove: createProver(settings.secrets),
  });
  descriptors.add(replica);
  return replica;
}

async function openLog(
  settings: Settings,
  name: string,
  clock: SystemClock,
  guard: Guard,
  descriptors: Descriptors,
  onFailure: (failure: LogFailure) => void,
): Promise<LogWriter> {
  const { logDirectory, logKeptFiles, logMaxBytes } = settings;
  try {
    const files = await LogFiles.open({
      directory: logDirectory,
      name,
      maxFileBytes: logMaxBytes,
      keptFiles: logKeptFiles,
      guard,
      open: (path, options) =>
        withDescriptor(() => Deno.open(path, options), descriptors),
    });
    return new LogWriter({ clock, onFailure }, files);
  } catch (error) {
    throw setupError(`cannot write logs to ${logDirectory}`, error);
  }
}

/**
 * Guards against a disk that hangs: rejects if an operation takes too long, or
 * if the start is cancelled.
 */
function createGuard(clock: Clock, signal: AbortSignal | undefined): Guard {
  return (task, operation) =>
    untilAborted(withTimeout(clock, task, operation), signal, task);
}

/**
 * Waits for a promise, unless the signal is aborted before.
 *
 * @throws {Error} In that case: the signal's reason, and what was waited for.
 */
function untilAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
  task: string,
): Promise<Result> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => {
    reject(new Error(`${signal.reason.message} for ${task}`));
  };
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  return Promise.race([promise, aborted])
    .finally(() => signal.removeEventListener("abort", abort));
}

/** Opens a server's budget, if it has one, with today's count so far. */
async function openBudget(
  settings: Settings,
  name: string,
  clock: SystemClock,
  guard: Guard,
): Promise<Budget | undefined> {
  const { placesBudget: requestsPerDay } = settings;
  if (requestsPerDay === undefined) return undefined;
  const path = budgetPath(settings, name);
  try {
    return new Budget({
      requestsPerDay,
      clock,
      kept: await isGranted({ name: "read", path })
        ? await guard(`reading ${path}`, readBudgetFile(path))
        : undefined,
      keep: (count) => writeBudgetFile(path, count),
    });
  } catch (error) {
    throw setupError("cannot continue the places budget", error);
  }
}

/**
 * Opens an empty file several times, to hold descriptors. The file is in the
 * log's folder, because servers may not write elsewhere. It keeps its name
 * while it is open, because the last close of a removed file waits for the
 * disk.
 */
async function openSpares(
  path: string,
  count: number,
): Promise<readonly Deno.FsFile[]> {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < count) {
      files.push(await Deno.open(path, { write: true, create: true }));
    }
  } catch (error) {
    if (!isOutOfDescriptors(error)) {
      for (const file of files) file.close();
      throw error;
    }
  }
  return files;
}

async function removeSpare(path: string, clock: Clock): Promise<void> {
  const task = `removing ${path}`;
  try {
    await withTimeout(clock, task, Deno.remove(path), closingTimeoutMs);
  } catch {
    // The next run uses it again.
  }
}

/**
 * Runs an operation that takes a descriptor, and frees one if there is none.
 */
async function withDescriptor<Result>(
  operation: () => Promise<Result>,
  descriptors: Descriptors,
  counts?: LimitCounts,
): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (!isOutOfDescriptors(error)) throw error;
    counts?.hit("descriptors");
    if (!descriptors.relieve()) throw error;
    return await operation();
  }
}

/** The function that dials neighbours. */
function connectTo(
  connect: Connect,
  tls: TlsSettings | undefined,
  clock: Clock,
): Connect {
  if (tls === undefined || !areLinksEncrypted(tls)) return connect;
  // Read at each call, as it may have been renewed.
  return createSecureConnect(connect, () => tls.identity.authority!, clock);
}
