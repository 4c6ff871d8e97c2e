/**
 * The herd as a library: runs a server inside another program, and connects to
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
 * console.log(`${at.server} received the report of ${at.client}`);
 * ```
 *
 * A server's events (links, start, stop, faults) go to its log file, and to
 * LogTape under the category `["herd", NAME]`.
 *
 * @module
 */
import defaultHerd from "./herd.json" with { type: "json" };
import { findServer, type HerdFile, parseTopology } from "./peers/topology.ts";
import { choosePlaces, needsKey } from "./places/choose.ts";
import type { HistoryReader } from "./replica/history.ts";
import type { PlacesProvider } from "./places/provider.ts";
import type { LimitName } from "./runtime/limit_counts.ts";
import type { Port } from "./runtime/network.ts";
import type { TlsIdentity } from "./runtime/certificates.ts";
import { checkHandshake } from "./runtime/check_handshake.ts";
import { ClientAuthority } from "./runtime/client_authority.ts";
import { createTcp } from "./runtime/tcp.ts";
import { startServers } from "./server/open_servers.ts";
import { pickLimits } from "./server/settings/client_limits.ts";
import type { SettingOptions } from "./server/settings/options.ts";
import { faultOfKey } from "./server/settings/places_key.ts";
import { parseDatabaseAddress } from "./server/settings/database.ts";
import { clientLimitSettings, schema } from "./server/settings/schema.ts";
import { faultOf, minSecretLength } from "./server/settings/secrets.ts";
import type { Settings } from "./server/settings/settings.ts";
import {
  herdFileSource,
  optionSource,
  permissionsFor,
  resolveSettings,
} from "./server/settings/sources.ts";
import type { ClientLimits } from "./sessions/limits.ts";
import type { ServerFacts } from "./server/status/status.ts";

export * from "./client/mod.ts";
export { HistoryError } from "./history/ports.ts";
export {
  type PastPositionsQuery,
  type PastReport,
  type PastTime,
  readHistory,
  type RecordingServer,
} from "./history/read_history.ts";
export {
  Credentials,
  type TlsFiles,
  TlsIdentity,
} from "./runtime/certificates.ts";
export type {
  HistoryPage,
  HistoryQuery,
  HistoryReader,
} from "./replica/history.ts";
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
  ClockStatus,
  ConnectionCounts,
  DataStatus,
  GatewayExample,
  GatewaysStatus,
  HistoryState,
  HistoryStatus,
  LineCounts,
  LinkStatus,
  LogStatus,
  PlacesStatus,
  ReportCounts,
  ServerFacts,
  TableSize,
} from "./server/status/status.ts";
export {
  type HerdFile,
  type HerdFileServer,
  TopologyError,
} from "./peers/topology.ts";
export {
  type PortKind,
  portKinds,
  type ServerPorts,
} from "./peers/port_kinds.ts";
export type { SettingOptions } from "./server/settings/options.ts";
export { bytesOfText, type ByteString } from "./protocol/bytes.ts";
export type { Verb } from "./protocol/command.ts";
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

/** Options of `startServer`. */
export interface StartOptions extends SettingOptions {
  /** The server's name in the herd. */
  readonly name: string;
  /** The herd. Default: the herd of `herd.json`. */
  readonly herd?: HerdFile;
  /**
   * Secrets that neighbours prove to each other to know before they link: one,
   * or two of which either is accepted. Each has 16 to 256 printable ASCII
   * characters without white space. Without a secret, the server and its
   * neighbours must be on this machine.
   */
  readonly secrets?: readonly string[];
  /** A key for Google's Nearby Search. Without it, the gazetteer answers. */
  readonly googlePlacesKey?: string;
  /** The password for the database, if `history` names one. */
  readonly databasePassword?: string;
  /** A places service to use in place of Google and the gazetteer. */
  readonly places?: PlacesProvider;
  /** Limits on clients that differ from the defaults. */
  readonly limits?: Partial<ClientLimits>;
  /**
   * The server's certificate, key and authority. With them, connections of
   * clients are encrypted, and with an authority links are too. They can be
   * renewed while the server runs.
   */
  readonly tls?: TlsIdentity;
  /** Requires certificates of clients with TLS. Needs `tls`. */
  readonly clientCertificates?: ClientCertificates;
}

/** The certificates of clients, and what they permit. */
export interface ClientCertificates {
  /** The authority that has issued them: one or more certificates in PEM. */
  readonly authority: string;
  /**
   * What each of them permits: the text of an identities file, which
   * `docs/IDENTITY.md` specifies.
   */
  readonly identities: string;
}

/** A server that runs inside this program. */
export interface RunningServer extends AsyncDisposable {
  /** Its name in the herd. */
  readonly name: string;
  /** The address of the first client port, as `host:port`. */
  readonly clientAddress: string;
  /** All client ports. */
  readonly clientPorts: readonly Port[];
  /** The address of the peer port, as `host:port`; undefined without one. */
  readonly peerAddress: string | undefined;
  /** How often each limit was reached. Limits never reached are left out. */
  readonly limitHits: ReadonlyMap<LimitName, number>;
  /** The path of the current log file. */
  readonly logPath: string;
  /** The names of the neighbours that are linked now. */
  readonly linkedNeighbours: readonly string[];
  /** Its recorded history, for `readHistory`; undefined if it records none. */
  readonly history: { readonly reader: HistoryReader } | undefined;
  /** The server's state now, as its administration port shows it. */
  status(): ServerFacts;
  /** Resolves with the reason when the server begins to stop. */
  readonly stopping: Promise<string>;
  /** The failure of the log that stopped the server; undefined without one. */
  readonly failure: Error | undefined;
  /**
   * Stops the server: answers the requests received so far, ends the links and
   * flushes the log. May be called again.
   */
  stop(reason?: string): Promise<void>;
}

/**
 * Starts one server of a herd. Resolves when the server listens and has dialled
 * its neighbours. Needs permission for its own and its neighbours' ports, for
 * Google's hosts if there is a key, and to write its log.
 *
 * @throws {RangeError} If the herd has no server of that name, or an option is
 * out of range. The message names the option.
 * @throws {TopologyError} If an entry of the herd is invalid. The message names
 * the entry.
 * @throws {CertificateError} If no TLS handshake succeeds with `options.tls`, or
 * the authority of clients is invalid.
 * @throws {SetupError} If a port is taken, the log cannot be written, a secret or
 * a permission is missing, or a line of the identities is wrong.
 */
export async function startServer(
  options: StartOptions,
): Promise<RunningServer> {
  const { name } = options;
  const settings = settingsOf(options, await certificatesOf(options));
  if (findServer(settings.topology, name) === undefined) {
    throw new RangeError(`name: no server of the herd is called ${name}`);
  }
  if (options.tls !== undefined) await checkHandshake(options.tls.credentials);
  const [server] = await startServers(settings, [name], createTcp(Deno));
  return server;
}

/** Settings come from the options, then the herd, then the defaults. */
function settingsOf(
  options: StartOptions,
  certificates: Awaited<ReturnType<typeof certificatesOf>>,
): Settings {
  const { limits = {}, tls: identity } = options;
  const herd: HerdFile = options.herd ?? defaultHerd;
  const given = {
    ...optionSource({ ...options, ...limits }),
    placeOf: (name: string) =>
      name in clientLimitSettings ? `limits.${name}` : name,
  };
  const { basePort } =
    resolveSettings({ basePort: schema.basePort }, [given]).values;
  const topology = parseTopology(herd, basePort);
  const resolved = resolveSettings(schema, [
    given,
    herdFileSource(schema, herd.settings),
  ]);
  const { values } = resolved;
  return {
    ...values,
    topology,
    ...secretsOf(options),
    ...placesOf(options, values.placesProvider, values.placesUrl),
    clientLimits: pickLimits(values),
    tls: identity && {
      identity,
      clientAuthority: certificates?.authority,
      plainClients: values.plainClients,
      renew: () => Promise.resolve(),
    },
    admin: undefined,
    http: false,
    mqtt: false,
    nmea: false,
    gateways: { allowedOrigins: [], nmeaSenders: undefined },
    identity: certificates && {
      tokens: undefined,
      certificates: certificates.authenticator,
      notes: [],
      renew: () => Promise.resolve(),
    },
    database: databaseOf(options, values.history),
    sources: permissionsFor(schema, resolved),
    unread: [],
  };
}

/**
 * Reads the rules for clients' certificates; undefined if none are required. The
 * code of identities is loaded only if they are required.
 */
async function certificatesOf({ clientCertificates, tls }: StartOptions) {
  if (clientCertificates === undefined) return undefined;
  if (tls === undefined) throw new RangeError("clientCertificates: needs tls");
  const { authority, identities } = clientCertificates;
  const [{ CertificateAuthenticator }, { parseIdentitiesFile }] = await Promise
    .all([
      import("./identity/certificate_authenticator.ts"),
      import("./identity/identities_file.ts"),
    ]);
  return {
    authority: new ClientAuthority(authority),
    authenticator: new CertificateAuthenticator(
      parseIdentitiesFile(identities, "clientCertificates.identities"),
    ),
  };
}

/** The database of the history; undefined if it is in none. */
function databaseOf(
  { databasePassword: password = "" }: StartOptions,
  history: Settings["history"],
): Settings["database"] {
  if (typeof history !== "string") return undefined;
  return { ...parseDatabaseAddress(history), password, authority: undefined };
}

/** Checks the secrets. No error message contains a secret. */
function secretsOf({ secrets = [] }: StartOptions) {
  const fault = faultOf(secrets);
  if (fault !== undefined) throw new RangeError(`secrets: ${fault}`);
  return {
    secrets,
    secretsHelp: `secrets (${minSecretLength} characters or more)`,
  };
}

/** Chooses the places service. No error message contains the key. */
function placesOf(
  { googlePlacesKey: key, places }: StartOptions,
  provider: string,
  url: string | undefined,
) {
  const fault = key === undefined ? undefined : faultOfKey(key);
  if (fault !== undefined) throw new RangeError(`googlePlacesKey: ${fault}`);
  if (places !== undefined) {
    return { places: { hosts: [], load: () => Promise.resolve(places) } };
  }
  if (key === undefined && needsKey(provider)) {
    throw new RangeError(`googlePlacesKey: ${provider} needs a key`);
  }
  return { places: choosePlaces(provider, { key, url }) };
}
