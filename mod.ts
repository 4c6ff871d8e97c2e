/**
 * The herd as a library: start a server inside another program, and talk to
 * servers with a typed client.
 *
 * ```ts
 * import { HerdClient, startServer } from "./mod.ts";
 *
 * await using server = await startServer({ name: "Hill" });
 * await using client = await HerdClient.connect({ port: 8000 });
 * const at = await client.report({
 *   client: "kiwi",
 *   position: { latitude: 34.06893, longitude: -118.445127 },
 * });
 * console.log(`${at.client} was heard by ${at.server}`);
 * ```
 *
 * A server's events (links, start, stop, faults) go to its log file, and to
 * LogTape under the category `["herd", NAME]`.
 *
 * @module
 */
import defaultHerd from "./herd.json" with { type: "json" };
import { logFailureChoices } from "./log/events.ts";
import { defaultKeptFiles, defaultMaxFileBytes } from "./log/limits.ts";
import {
  defaultLinkTimeoutMs,
  defaultMaxClients,
  defaultMaxHalfOpenLinks,
} from "./peers/limits.ts";
import { findServer, type HerdFile, parseTopology } from "./peers/topology.ts";
import { choosePlaces } from "./places/choose.ts";
import type { PlacesProvider } from "./places/provider.ts";
import type { LimitName } from "./runtime/limit_counts.ts";
import type { Port } from "./runtime/network.ts";
import type { TlsIdentity } from "./runtime/certificates.ts";
import { startServers } from "./server.ts";
import type { ClientLimits } from "./sessions/limits.ts";
import {
  type Bounds,
  clientTtlSecondsBounds,
  linkTimeoutMsBounds,
  maxClientsBounds,
  maxHalfOpenLinksBounds,
  placesBudgetBounds,
  placesTtlSecondsBounds,
} from "./server/settings/bounds.ts";
import { faultOfLimits } from "./server/settings/client_limits.ts";
import { faultOfKey } from "./server/settings/places_key.ts";
import { faultOf, minSecretLength } from "./server/settings/secrets.ts";
import type { ServerFacts } from "./server/status/status.ts";

export * from "./client/mod.ts";
export {
  Credentials,
  type TlsFiles,
  TlsIdentity,
} from "./runtime/certificates.ts";
export type { LimitName } from "./runtime/limit_counts.ts";
export type { Port } from "./runtime/network.ts";
export { SetupError } from "./runtime/setup_error.ts";
export type { ClientLimits } from "./sessions/limits.ts";
export {
  type EventFields,
  type EventLevel,
  type EventRecord,
  type LogRecord,
  parseRecord,
  type RecordOpening,
  type TrafficRecord,
} from "./log/parse.ts";
export type { Distribution } from "./server/status/distribution.ts";
export type {
  ConnectionCounts,
  LineCounts,
  LinkStatus,
  LogStatus,
  PlacesStatus,
  ReportCounts,
  ServerFacts,
} from "./server/status/status.ts";
export { type HerdFile, TopologyError } from "./peers/topology.ts";
export { bytesOfText, type ByteString } from "./protocol/bytes.ts";
export type { Position as PositionDigits } from "./protocol/position.ts";
export type { Timestamp } from "./protocol/time.ts";
export {
  type LocalProvider,
  PlacesError,
  type PlacesProvider,
  type PlacesQuery,
  type PlacesSearch,
  type RemoteProvider,
} from "./places/provider.ts";

/** How to start a server. */
export interface StartOptions {
  /** Its name, one of the herd's. */
  readonly name: string;
  /** The herd; the default one if it is left out. */
  readonly herd?: HerdFile;
  /** First client port of the herd, in place of the herd's own. */
  readonly basePort?: number;
  /** Where to listen for clients, in place of the herd's own. */
  readonly host?: string;
  /** The folder of the log; `logs` if it is left out. */
  readonly logDirectory?: string;
  /**
   * What to do when the log cannot be written: `keep-serving`, and say in the
   * log what is missing as soon as that can be; or `stop` by itself, in the
   * orderly way. `keep-serving` if it is left out.
   */
  readonly onLogFailure?: "keep-serving" | "stop";
  /** Whether neighbours compare and repair what they know; true. */
  readonly catchUp?: boolean;
  /**
   * What all servers of the herd prove to each other that they know: one
   * secret, or two of which either will do, each 16 to 256 printable ASCII
   * characters without white space. Without one, the server and its neighbours
   * must be on this machine.
   */
  readonly secrets?: readonly string[];
  /**
   * A neighbour silent for this long, in milliseconds, is given up and dialled
   * again: 3,000 to 3,600,000; 5,000 if it is left out.
   */
  readonly linkTimeoutMs?: number;
  /**
   * How many connections to the peer port may be there that are not linked yet:
   * 16 to 10,000; 256 if it is left out.
   */
  readonly maxHalfOpenLinks?: number;
  /**
   * How many clients are remembered at most: 1 to 100,000,000; 5,000,000 if it
   * is left out.
   */
  readonly maxClients?: number;
  /**
   * A client not heard of for this long, in seconds, is forgotten: 1 to
   * 1,000,000,000; none ever is, if it is left out.
   */
  readonly clientTtlSeconds?: number;
  /** A key for Google's Nearby Search; without it, the gazetteer answers. */
  readonly googlePlacesKey?: string;
  /** Who answers instead, if it is neither Google nor the gazetteer. */
  readonly places?: PlacesProvider;
  /**
   * For how long a remote provider's answers are kept, in seconds: 0 to
   * 2,592,000; 0 if it is left out. Google's terms restrict caching.
   */
  readonly placesTtlSeconds?: number;
  /**
   * Most requests to a remote provider on one day (UTC): 1 to 1,000,000,000;
   * any number if it is left out. The count is in the log's folder, and goes on
   * after a restart if it may be read.
   */
  readonly placesBudget?: number;
  /** What clients may take up, where it is not the usual. */
  readonly limits?: Partial<ClientLimits>;
  /**
   * What the server shows to those who connect: clients are served encrypted
   * then, and so are the links, if the identity has an authority. It can be
   * renewed while the server runs.
   */
  readonly tls?: TlsIdentity;
  /**
   * Whether the client port goes on in plain text all the same; false. TLS is
   * then on the herd file's `tlsPort`, where it always is.
   */
  readonly plainClients?: boolean;
}

/** A server that runs inside this program. */
export interface RunningServer extends AsyncDisposable {
  /** Its name in the herd. */
  readonly name: string;
  /** Where clients connect: `host:port`. */
  readonly clientAddress: string;
  /** All ports where clients connect. */
  readonly clientPorts: readonly Port[];
  /** Where neighbours connect: `host:port`; undefined if they do not. */
  readonly peerAddress: string | undefined;
  /** How often each limit was reached, of those that were. */
  readonly limitHits: ReadonlyMap<LimitName, number>;
  /** The log file being written. */
  readonly logPath: string;
  /** The names of the neighbours that are linked now. */
  readonly linkedNeighbours: readonly string[];
  /** How it is now: what its administration port would show of it. */
  status(): ServerFacts;
  /** Resolves with the reason when it begins to stop, asked to or by itself. */
  readonly stopping: Promise<string>;
  /** Why it has stopped by itself, if it has: what went wrong with its log. */
  readonly failure: Error | undefined;
  /**
   * Stops: answers what was asked, ends the links, flushes the log. Safe to
   * call twice.
   */
  stop(reason?: string): Promise<void>;
}

/**
 * Starts one server of a herd. Resolves when it listens and has dialled its
 * neighbours. Needs permission for its own and its neighbours' ports, for
 * Google's hosts if there is a key, and to write its log.
 *
 * @throws {RangeError} If the herd has no server of that name, or an option is
 * out of its range; names the option.
 * @throws {TopologyError} If the herd is described wrong; names the entry.
 * @throws {SetupError} If a port is taken, the log cannot be written, or a
 * secret or a permission is missing.
 */
export async function startServer(
  options: StartOptions,
): Promise<RunningServer> {
  const { basePort, herd = defaultHerd, name } = options;
  const topology = parseTopology(herd, basePort);
  if (findServer(topology, name) === undefined) {
    throw new RangeError(`name: no server of the herd is called ${name}`);
  }
  const [server] = await startServers({
    topology,
    host: options.host,
    logDirectory: options.logDirectory ?? "logs",
    logMaxBytes: defaultMaxFileBytes,
    logKeptFiles: defaultKeptFiles,
    onLogFailure: onLogFailureOf(options),
    catchUp: options.catchUp ?? true,
    admin: undefined,
    sources: [],
    unread: [],
    ...secretsOf(options),
    ...limitsOf(options),
    places: placesOf(options),
    ...clientSettingsOf(options),
  }, [name]);
  return server;
}

/** How clients are let in. */
function clientSettingsOf(
  { limits = {}, plainClients = false, tls: identity }: StartOptions,
) {
  const fault = faultOfLimits(limits);
  if (fault !== undefined) throw new RangeError(`limits.${fault}`);
  const tls = identity && {
    identity,
    plainClients,
    sources: [],
    renew: () => Promise.resolve(),
  };
  return { clientLimits: limits, tls };
}

function onLogFailureOf({ onLogFailure = "keep-serving" }: StartOptions) {
  if (logFailureChoices.includes(onLogFailure)) return onLogFailure;
  throw new RangeError(
    `onLogFailure: expected ${logFailureChoices.join(" or ")}, ` +
      `found ${onLogFailure}`,
  );
}

/** The secrets, checked. No message ever shows any of them. */
function secretsOf({ secrets = [] }: StartOptions) {
  const fault = faultOf(secrets);
  if (fault !== undefined) throw new RangeError(`secrets: ${fault}`);
  return {
    secrets,
    secretsHelp: `secrets (${minSecretLength} characters or more)`,
  };
}

/** The places service. No message ever shows the key. */
function placesOf({ googlePlacesKey: key, places }: StartOptions) {
  const fault = key === undefined ? undefined : faultOfKey(key);
  if (fault !== undefined) throw new RangeError(`googlePlacesKey: ${fault}`);
  if (places === undefined) return choosePlaces("auto", { key });
  return { hosts: [], load: () => Promise.resolve(places) };
}

function limitsOf({
  clientTtlSeconds,
  linkTimeoutMs = defaultLinkTimeoutMs,
  maxHalfOpenLinks = defaultMaxHalfOpenLinks,
  maxClients = defaultMaxClients,
  placesBudget,
  placesTtlSeconds = 0,
}: StartOptions) {
  within("linkTimeoutMs", linkTimeoutMs, linkTimeoutMsBounds);
  within("maxHalfOpenLinks", maxHalfOpenLinks, maxHalfOpenLinksBounds);
  within("maxClients", maxClients, maxClientsBounds);
  if (clientTtlSeconds !== undefined) {
    within("clientTtlSeconds", clientTtlSeconds, clientTtlSecondsBounds);
  }
  within("placesTtlSeconds", placesTtlSeconds, placesTtlSecondsBounds);
  if (placesBudget !== undefined) {
    within("placesBudget", placesBudget, placesBudgetBounds);
  }
  return {
    clientTtlSeconds,
    linkTimeoutMs,
    maxHalfOpenLinks,
    maxClients,
    placesBudget,
    placesTtlSeconds,
  };
}

/** Throws a RangeError if the number is not a whole one within the bounds. */
function within(name: string, number: number, [least, most]: Bounds): void {
  if (Number.isInteger(number) && number >= least && number <= most) return;
  throw new RangeError(
    `${name}: expected a whole number from ${least} to ${most}, found ${number}`,
  );
}
