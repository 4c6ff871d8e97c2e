/**
 * What the flags of `server.ts` and `herd up` mean: reads them into settings,
 * asking for no permission that was not granted.
 *
 * @module
 */
import {
  type Arguments,
  type Flags,
  UsageError,
  wholeNumber,
} from "../../cli/arguments.ts";
import { SetupError } from "../../cli/exit.ts";
import { readFile } from "../../cli/files.ts";
import {
  clientTtlSecondsBounds,
  linkTimeoutMsBounds,
  maxClientsBounds,
  maxHalfOpenLinksBounds,
  placesBudgetBounds,
  placesTtlSecondsBounds,
} from "./bounds.ts";
import { readSecrets, secretVariable } from "./secrets.ts";
import defaultHerd from "../../herd.json" with { type: "json" };
import { logFailureChoices, type OnLogFailure } from "../../log/events.ts";
import { defaultKeptFiles, defaultMaxFileBytes } from "../../log/limits.ts";
import {
  defaultLinkTimeoutMs,
  defaultMaxClients,
  defaultMaxHalfOpenLinks,
} from "../../peers/limits.ts";
import {
  findServer,
  parseTopology,
  type ServerEntry,
  type Topology,
  TopologyError,
} from "../../peers/topology.ts";
import { adminFlags, type AdminSettings, readAdmin } from "./admin.ts";
import { readHost } from "./host.ts";
import { limitFlags, readClientLimits } from "./client_limits.ts";
import { placesFlags, type PlacesSettings, readPlaces } from "./places.ts";
import type { ClientLimits } from "../../sessions/limits.ts";
import { readTls, tlsFlags, type TlsSettings } from "./tls.ts";

/** Flags that every program with servers in it takes. */
export const serverFlags: Flags = {
  "base-port": {
    value: "PORT",
    help: "first client port; peers +100, admin +200, TLS +300 (8000)",
  },
  host: {
    value: "ADDRESS",
    help: "where to listen for clients (the herd file's, 127.0.0.1)",
  },
  config: { value: "FILE", help: "a herd file in place of the default herd" },
  "log-dir": { value: "FOLDER", help: "where NAME.log is written (logs)" },
  "log-max-bytes": {
    value: "BYTES",
    help: `size of a full log file (${defaultMaxFileBytes})`,
  },
  "log-keep": {
    value: "COUNT",
    help: `full log files kept (${defaultKeptFiles})`,
  },
  "on-log-failure": {
    value: "WHAT",
    help: "when the log cannot be written: keep-serving or stop (keep-serving)",
  },
  ...placesFlags,
  "places-ttl": {
    value: "SECONDS",
    help: "keep answers for this long; Google's terms restrict that (0)",
  },
  "places-budget": {
    value: "COUNT",
    help: "most requests to Google on one day, UTC (no limit)",
  },
  "secret-file": {
    value: "FILE",
    help: `holds the servers' secrets, one a line (or set ${secretVariable})`,
  },
  "link-timeout-ms": {
    value: "MS",
    help:
      `a neighbour silent for this long is dialled again (${defaultLinkTimeoutMs})`,
  },
  "max-half-open-links": {
    value: "COUNT",
    help: `most peer connections not linked yet (${defaultMaxHalfOpenLinks})`,
  },
  "max-clients": {
    value: "COUNT",
    help: `most clients that a server remembers (${defaultMaxClients})`,
  },
  "client-ttl": {
    value: "SECONDS",
    help: "forget a client not heard of for this long (never)",
  },
  "no-catch-up": {
    help: "compare and repair nothing with neighbours (plain flooding)",
  },
  ...tlsFlags,
  ...adminFlags,
  ...limitFlags,
  "print-permissions": {
    help: "print the command with the permissions it needs, and exit",
  },
};

/** The flags, read and checked. */
export interface Settings extends PlacesSettings {
  readonly topology: Topology;
  /** Where to listen for clients, if not where the herd file says. */
  readonly host?: string;
  readonly logDirectory: string;
  readonly logMaxBytes: number;
  readonly logKeptFiles: number;
  readonly onLogFailure: OnLogFailure;
  readonly catchUp: boolean;
  /** What neighbours prove to each other that they know; empty for nothing. */
  readonly secrets: readonly string[];
  /** What to give servers so that they have a secret, for a person. */
  readonly secretsHelp: string;
  /** A neighbour silent for this long is given up and dialled again. */
  readonly linkTimeoutMs: number;
  /** Most connections to the peer port that are not linked yet. */
  readonly maxHalfOpenLinks: number;
  readonly maxClients: number;
  /** A client not heard of for this long is forgotten; never, if undefined. */
  readonly clientTtlSeconds: number | undefined;
  /** For how long an answer of a remote provider is kept, in seconds. */
  readonly placesTtlSeconds: number;
  /** Most requests to a remote provider on one day; any, if undefined. */
  readonly placesBudget: number | undefined;
  /** Limits on clients that are not the usual ones. */
  readonly clientLimits: Partial<ClientLimits>;
  /** How TLS is used, if it is. */
  readonly tls: TlsSettings | undefined;
  /** How administration ports are served, if they are. */
  readonly admin: AdminSettings | undefined;
}

/**
 * Reads the settings.
 *
 * @param isAdminServed Whether `--admin` goes without saying.
 * @throws {UsageError} If a flag is wrong.
 * @throws {SetupError} If a file cannot be read or is wrong.
 */
export async function readSettings(
  args: Arguments,
  isAdminServed = false,
): Promise<Settings> {
  const { flags } = args;
  const logMaxBytes = wholeNumber(args, "log-max-bytes", 1024, 2 ** 40);
  const config = flags.get("config");
  const secrets = await readSecrets(flags.get("secret-file"));
  const places = await readPlaces(args);
  const tls = await readTls(args);
  return {
    ...await readHerd(args),
    logDirectory: flags.get("log-dir") ?? "logs",
    logMaxBytes: logMaxBytes ?? defaultMaxFileBytes,
    logKeptFiles: wholeNumber(args, "log-keep", 1, 1000) ?? defaultKeptFiles,
    onLogFailure: readOnLogFailure(flags.get("on-log-failure")),
    catchUp: !flags.has("no-catch-up"),
    ...readLimits(args),
    clientLimits: readClientLimits(args),
    tls,
    admin: readAdmin(args, isAdminServed),
    ...secrets,
    ...places,
    // Whatever is read has to stand here: --print-permissions goes by it.
    sources: [
      ...(config === undefined
        ? []
        : [{ name: "read", path: config } as const]),
      ...secrets.sources,
      ...tls?.sources ?? [],
      ...places.sources,
    ],
    unread: [...secrets.unread, ...places.unread],
  };
}

/** Which herd it is, and where its clients connect: part of the settings. */
export async function readHerd(
  args: Arguments,
): Promise<Pick<Settings, "topology" | "host">> {
  const { flags } = args;
  const basePort = wholeNumber(args, "base-port", 1, 65_535);
  return {
    topology: await readTopology(flags.get("config"), basePort),
    host: readHost(args, "host"),
  };
}

/** The names of a herd's servers, for a person. */
export function namesOf(topology: Topology): string {
  return topology.servers.map(({ name }) => name).join(", ");
}

/**
 * The server that the user named.
 *
 * @throws {UsageError} If there is none of that name.
 */
export function serverNamed(topology: Topology, name: string): ServerEntry {
  const server = findServer(topology, name);
  if (server !== undefined) return server;
  throw new UsageError(
    `no server is called ${name}; there are ${namesOf(topology)}`,
  );
}

function readOnLogFailure(choice = "keep-serving"): OnLogFailure {
  const found = logFailureChoices.find((known) => known === choice);
  if (found !== undefined) return found;
  throw new UsageError(
    `--on-log-failure: expected ${logFailureChoices.join(" or ")}, ` +
      `found ${choice}`,
  );
}

async function readTopology(
  path: string | undefined,
  basePort: number | undefined,
): Promise<Topology> {
  try {
    if (path === undefined) return parseTopology(defaultHerd, basePort);
    return parseTopology(parseJson(await readFile(path)), basePort);
  } catch (error) {
    if (error instanceof TopologyError) {
      // Only a base port can be wrong with the default herd.
      if (path === undefined) {
        throw new UsageError(`--base-port: ${error.message}`);
      }
      throw new SetupError(`${path}: ${error.message}`);
    }
    throw error;
  }
}

/** JSON, or where it ends to be JSON; never a piece of the file itself. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [place] = String(error).match(/\(line \d+ column \d+\)/) ?? [""];
    throw new TopologyError(`is not JSON ${place}`.trimEnd());
  }
}

/** How long things may take or last, and how many there may be. */
function readLimits(
  args: Arguments,
): Pick<
  Settings,
  | "linkTimeoutMs"
  | "maxHalfOpenLinks"
  | "maxClients"
  | "clientTtlSeconds"
  | "placesTtlSeconds"
  | "placesBudget"
> {
  const linkTimeoutMs = wholeNumber(
    args,
    "link-timeout-ms",
    ...linkTimeoutMsBounds,
  );
  const maxClients = wholeNumber(args, "max-clients", ...maxClientsBounds);
  return {
    linkTimeoutMs: linkTimeoutMs ?? defaultLinkTimeoutMs,
    maxHalfOpenLinks:
      wholeNumber(args, "max-half-open-links", ...maxHalfOpenLinksBounds) ??
        defaultMaxHalfOpenLinks,
    maxClients: maxClients ?? defaultMaxClients,
    clientTtlSeconds: wholeNumber(
      args,
      "client-ttl",
      ...clientTtlSecondsBounds,
    ),
    placesTtlSeconds:
      wholeNumber(args, "places-ttl", ...placesTtlSecondsBounds) ?? 0,
    placesBudget: wholeNumber(args, "places-budget", ...placesBudgetBounds),
  };
}
