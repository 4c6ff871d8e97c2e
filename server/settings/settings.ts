/**
 * Reads the settings of `server.ts` and `herd up` from flags, variables and the
 * herd file. Never requests a permission.
 *
 * @module
 */
import defaultHerd from "../../herd.json" with { type: "json" };
import {
  findServer,
  parseTopology,
  type ServerEntry,
  type Topology,
  TopologyError,
} from "../../peers/topology.ts";
import { takesKey } from "../../places/choose.ts";
import { readFile, requireReadPermission } from "../../runtime/files.ts";
import type { PermissionNeed } from "../../runtime/permissions.ts";
import { SetupError, UsageError } from "../../runtime/setup_error.ts";
import type { ClientLimits } from "../../sessions/limits.ts";
import { type AdminSettings, readAdmin } from "./admin.ts";
import { pickLimits } from "./client_limits.ts";
import { type SettingFlags, settingFlags } from "./flags.ts";
import { type DatabaseSettings, readDatabase } from "./database.ts";
import { type GatewaySettings, readGateways } from "./gateways.ts";
import { type IdentitySettings, readIdentities } from "./identities.ts";
import { type PlacesSettings, readPlaces } from "./places.ts";
import { schema } from "./schema.ts";
import { readSecrets } from "./secrets.ts";
import type { ValuesOf } from "./setting.ts";
import {
  errorAt,
  flagSource,
  herdFileSource,
  permissionsFor,
  resolveSettings,
  type Source,
  variableSource,
} from "./sources.ts";
import { readTls, type TlsSettings } from "./tls.ts";

/** Flags of every program that runs servers. */
export const serverFlags: SettingFlags = {
  ...settingFlags(schema),
  "print-permissions": {
    help: "print the command with the permissions it needs, and exit",
  },
};

/** The values of all settings. */
export type SettingValues = ValuesOf<typeof schema>;

/** The settings, and the contents of the files that they name. */
export interface Settings
  extends Omit<SettingValues, "admin" | keyof ClientLimits>, PlacesSettings {
  readonly topology: Topology;
  /** The secrets that neighbours prove to know; empty for none. */
  readonly secrets: readonly string[];
  /** How the user can provide a secret. */
  readonly secretsHelp: string;
  readonly clientLimits: Partial<ClientLimits>;
  /** Undefined without TLS. */
  readonly tls: TlsSettings | undefined;
  /** Undefined without administration ports. */
  readonly admin: AdminSettings | undefined;
  /** What all gateways share, if some are open. */
  readonly gateways: GatewaySettings;
  /** Undefined if the history is in no database. */
  readonly database: DatabaseSettings | undefined;
  /** Undefined if the server checks no identities. */
  readonly identity: IdentitySettings | undefined;
}

/** The switches of ports that `herd up` opens by default. */
export type PortSwitches = Readonly<Record<"admin" | "http" | "mqtt", boolean>>;

/** What `server.ts` opens by default. */
const closedPorts: PortSwitches = { admin: false, http: false, mqtt: false };

/** What `herd up` opens by default. */
export const openPorts: PortSwitches = { admin: true, http: true, mqtt: true };

/** The part of a command line that settings are read from. */
interface GivenFlags {
  readonly flags: ReadonlyMap<string, string>;
}

/**
 * Reads the settings.
 *
 * @param ports The ports that are open by default.
 * @throws {UsageError} If a flag is wrong.
 * @throws {SetupError} If a variable or a file is wrong, or a file cannot be
 * read.
 */
export async function readSettings(
  { flags }: GivenFlags,
  ports: PortSwitches = closedPorts,
): Promise<Settings> {
  const known = {
    ...schema,
    admin: { ...schema.admin, default: ports.admin },
    http: { ...schema.http, default: ports.http },
    mqtt: { ...schema.mqtt, default: ports.mqtt },
  };
  const sources = [flagSource(flags), await variableSource(known)];
  await requireReadPermission(filesOf(resolveSettings(known, sources).values));
  const { herdSettings, topology } = await readHerdFile(sources);
  const resolved = resolveSettings(known, [...sources, herdSettings]);
  const { values } = resolved;
  const secrets = await readSecrets(values.secretFile);
  const places = await readPlaces(resolved);
  const identity = await readIdentities(resolved);
  const tls = await readTls(resolved);
  return {
    ...values,
    topology,
    clientLimits: pickLimits(values),
    tls,
    database: await readDatabase(resolved),
    identity,
    admin: readAdmin(resolved),
    gateways: await readGateways(resolved),
    ...secrets,
    ...places,
    // --print-permissions lists these: everything that was read.
    sources: [
      ...permissionsFor(schema, {
        ...resolved,
        // Where no key is needed, the file is not read.
        values: takesKey(values.placesProvider)
          ? values
          : { ...values, placesKeyFile: undefined },
      }),
      ...secrets.sources,
      ...places.sources,
    ],
    unread: [...secrets.unread, ...places.unread],
  };
}

/** The files that settings name and that will be read. */
function filesOf(values: SettingValues): string[] {
  const { config, openNmea, placesKeyFile, placesProvider, secretFile } =
    values;
  const { tlsCa, tlsCert, tlsClientCa, tlsKey } = values;
  const { identitiesFile, revokedFile, tokenKeyFile } = values;
  const { historyCa, historyCredentials } = values;
  const isTlsComplete = tlsCert !== undefined && tlsKey !== undefined;
  return [
    config,
    secretFile,
    ...isTlsComplete ? [tlsCert, tlsKey, tlsCa, tlsClientCa] : [],
    tokenKeyFile,
    revokedFile,
    identitiesFile,
    historyCredentials,
    historyCa,
    values.nmea ? openNmea : undefined,
    takesKey(placesProvider) ? placesKeyFile : undefined,
  ].filter((path) => path !== undefined);
}

/** The herd of a program that connects to servers. */
export interface Herd {
  readonly topology: Topology;
  /** The files that describe it. */
  readonly sources: readonly PermissionNeed[];
}

/**
 * Reads the herd of a program that connects to servers, from `--config` and
 * `--base-port` or their variables.
 *
 * @param otherFiles Files that the program will read too.
 * @throws {UsageError} If a flag is wrong.
 * @throws {SetupError} If the file cannot be read or is wrong, or another one
 * may not be read.
 */
export async function readHerd(
  { flags }: GivenFlags,
  otherFiles: readonly string[] = [],
): Promise<Herd> {
  const sources = [flagSource(flags), await variableSource(herdSchema)];
  const { config } = resolveSettings(herdSchema, sources).values;
  const files = [...config === undefined ? [] : [config], ...otherFiles];
  await requireReadPermission(files);
  const { topology } = await readHerdFile(sources, false);
  return {
    topology,
    sources: files.map((path) => ({ name: "read", path })),
  };
}

/** The settings that select the herd. */
export const herdSchema = { basePort: schema.basePort, config: schema.config };

/** The names of a herd's servers, as text. */
export function namesOf(topology: Topology): string {
  return topology.servers.map(({ name }) => name).join(", ");
}

/**
 * The server of this name.
 *
 * @throws {UsageError} If there is none.
 */
export function serverNamed(topology: Topology, name: string): ServerEntry {
  const server = findServer(topology, name);
  if (server !== undefined) return server;
  throw new UsageError(
    `no server is called ${name}; there are ${namesOf(topology)}`,
  );
}

/** @param areSettingsChecked Whether the program uses the file's settings. */
async function readHerdFile(
  sources: readonly Source[],
  areSettingsChecked = true,
): Promise<{ topology: Topology; herdSettings: Source }> {
  const resolved = resolveSettings(herdSchema, sources);
  const { basePort, config } = resolved.values;
  try {
    if (config === undefined) {
      return {
        topology: parseTopology(defaultHerd, basePort),
        herdSettings: herdFileSource(schema),
      };
    }
    const json = parseJson(await readFile(config));
    const topology = parseTopology(json, basePort);
    const { settings } = json as { settings?: Record<string, unknown> };
    const checked = areSettingsChecked ? settings : undefined;
    return { topology, herdSettings: herdFileSource(schema, checked) };
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    if (config !== undefined) {
      throw new SetupError(`${config}: ${error.message}`);
    }
    // In the default herd only the base port can be wrong.
    throw errorAt(resolved, "basePort", schema, `: ${error.message}`);
  }
}

/** Parses JSON. The error has the fault's position and no text of the file. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [place] = String(error).match(/\(line \d+ column \d+\)/) ?? [""];
    throw new TopologyError(`is not JSON ${place}`.trimEnd());
  }
}
