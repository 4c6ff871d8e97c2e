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
} from "./cli/arguments.ts";
import { SetupError } from "./cli/exit.ts";
import {
  clientTtlSecondsBounds,
  linkTimeoutMsBounds,
  maxClientsBounds,
} from "./cli/limits.ts";
import { flagsFor, isGranted, type Need } from "./cli/permissions.ts";
import {
  minSecretLength,
  secretsOfFile,
  secretsOfVariable,
  secretVariable,
} from "./cli/secrets.ts";
import defaultHerd from "./herd.json" with { type: "json" };
import { defaultKeptFiles, defaultMaxFileBytes } from "./journal/limits.ts";
import { defaultLinkTimeoutMs, defaultMaxClients } from "./peers/limits.ts";
import {
  findServer,
  isHost,
  parseTopology,
  type ServerEntry,
  type Topology,
  TopologyError,
} from "./peers/topology.ts";
import { loadGazetteer } from "./places/gazetteer.ts";
import { createGoogle, googleUrl } from "./places/google.ts";
import type { PlacesProvider } from "./places/provider.ts";

/** Flags that every program with servers in it takes. */
export const serverFlags: Flags = {
  "base-port": {
    value: "PORT",
    help: "first client port of the herd; peers +100, admin +200 (8000)",
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
  places: {
    value: "PROVIDER",
    help: "auto, gazetteer or google (auto: google if there is a key)",
  },
  "places-url": { value: "URL", help: "ask here instead of Google's address" },
  "places-key-file": {
    value: "FILE",
    help: "holds the API key (or set GOOGLE_PLACES_KEY)",
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
};

/** The flags, read and checked. */
export interface Settings {
  readonly topology: Topology;
  /** Where to listen for clients, if not where the herd file says. */
  readonly host?: string;
  readonly logDirectory: string;
  readonly logMaxBytes: number;
  readonly logKeptFiles: number;
  readonly catchUp: boolean;
  /** What neighbours prove to each other that they know; empty for nothing. */
  readonly secrets: readonly string[];
  /** What to give servers so that they have a secret, for a person. */
  readonly howToGiveSecrets: string;
  /** A neighbour silent for this long is given up and dialled again. */
  readonly linkTimeoutMs: number;
  readonly maxClients: number;
  /** A client not heard of for this long is forgotten; never, if undefined. */
  readonly clientTtlSeconds: number | undefined;
  readonly places: PlacesChoice;
}

/** Which places service to ask. */
export interface PlacesChoice {
  /** The host that will be asked, with its port; none for the gazetteer. */
  readonly host?: string;
  /** Something that the user should know about the choice. */
  readonly note?: string;
  load(): Promise<PlacesProvider>;
}

/** Providers by the name on the command line. */
const providerNames = ["auto", "gazetteer", "google"] as const;

const keyVariable = "GOOGLE_PLACES_KEY";
const keyVariableNeed: Need = { name: "env", variable: keyVariable };

const secretVariableNeed: Need = { name: "env", variable: secretVariable };

/**
 * Reads the settings.
 *
 * @throws {UsageError} If a flag is wrong.
 * @throws {SetupError} If a file cannot be read or is wrong.
 */
export async function readSettings(args: Arguments): Promise<Settings> {
  const { flags } = args;
  const logMaxBytes = wholeNumber(args, "log-max-bytes", 1024, 2 ** 40);
  return {
    ...await readHerd(args),
    logDirectory: flags.get("log-dir") ?? "logs",
    logMaxBytes: logMaxBytes ?? defaultMaxFileBytes,
    logKeptFiles: wholeNumber(args, "log-keep", 1, 1000) ?? defaultKeptFiles,
    catchUp: !flags.has("no-catch-up"),
    ...readLimits(args),
    ...await readSecrets(flags.get("secret-file")),
    places: await choosePlaces(args),
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
    host: readHost(flags.get("host")),
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

function readHost(host: string | undefined): string | undefined {
  if (host === undefined || isHost(host)) return host;
  throw new UsageError(
    `--host: expected a host name or address, found ${host}`,
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

/** The secrets of a file, or else of the environment. */
async function readSecrets(
  path: string | undefined,
): Promise<Pick<Settings, "secrets" | "howToGiveSecrets">> {
  const canReadVariable = await isGranted(secretVariableNeed);
  const variable = canReadVariable
    ? secretVariable
    : `${secretVariable} with ${flagsFor([secretVariableNeed])}`;
  const howToGiveSecrets =
    `--secret-file (one line, ${minSecretLength} characters or more), ` +
    `or ${variable}`;
  if (path !== undefined) {
    const secrets = secretsOfFile(await readFile(path), path);
    return { secrets, howToGiveSecrets };
  }
  const value = canReadVariable ? Deno.env.get(secretVariable) : undefined;
  return { secrets: secretsOfVariable(value), howToGiveSecrets };
}

/** How long neighbours and clients may be silent, and how many there may be. */
function readLimits(
  args: Arguments,
): Pick<Settings, "linkTimeoutMs" | "maxClients" | "clientTtlSeconds"> {
  const linkTimeoutMs = wholeNumber(
    args,
    "link-timeout-ms",
    ...linkTimeoutMsBounds,
  );
  const maxClients = wholeNumber(args, "max-clients", ...maxClientsBounds);
  return {
    linkTimeoutMs: linkTimeoutMs ?? defaultLinkTimeoutMs,
    maxClients: maxClients ?? defaultMaxClients,
    clientTtlSeconds: wholeNumber(
      args,
      "client-ttl",
      ...clientTtlSecondsBounds,
    ),
  };
}

async function choosePlaces(args: Arguments): Promise<PlacesChoice> {
  const { flags } = args;
  const name = flags.get("places") ?? "auto";
  if (!providerNames.some((known) => known === name)) {
    throw new UsageError(
      `--places: expected ${providerNames.join(", ")}; found ${name}`,
    );
  }
  const url = readUrl(flags.get("places-url"));
  const gazetteer: PlacesChoice = { load: loadGazetteer };
  if (name === "gazetteer") return gazetteer;
  const key = await readKey(flags.get("places-key-file"));
  if (key !== undefined) {
    return {
      host: hostOf(url ?? googleUrl),
      load: () => Promise.resolve(createGoogle(key, url)),
    };
  }
  const canReadVariable = await isGranted(keyVariableNeed);
  const howToGiveKey = canReadVariable
    ? `set ${keyVariable}`
    : `set ${keyVariable} and add ${flagsFor([keyVariableNeed])}`;
  if (name === "google") {
    throw new UsageError(
      `--places google needs a key: ${howToGiveKey}, or name a file with ` +
        "--places-key-file",
    );
  }
  return canReadVariable ? gazetteer : {
    ...gazetteer,
    note:
      `places come from the embedded gazetteer; to ask Google, ${howToGiveKey}`,
  };
}

function readUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return text;
  throw new UsageError(
    `--places-url: expected an http or https address, found ${text}`,
  );
}

function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

/** The API key, if there is one. No message ever shows any of it. */
async function readKey(path: string | undefined): Promise<string | undefined> {
  let key: string | undefined;
  let source = keyVariable;
  if (path !== undefined) {
    source = path;
    key = (await readFile(path)).trim();
    if (key === "") throw new SetupError(`${path}: expected an API key in it`);
  } else if (await isGranted(keyVariableNeed)) {
    key = Deno.env.get(keyVariable)?.trim() || undefined;
  }
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
    throw new SetupError(`${source}: expected one API key and nothing else`);
  }
  return key;
}

async function readFile(path: string): Promise<string> {
  const need: Need = { name: "read", path };
  if (!await isGranted(need)) {
    throw new SetupError(`reading ${path} needs ${flagsFor([need])}`);
  }
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new SetupError(`${path}: there is no such file`);
    }
    if (error instanceof Error) {
      throw new SetupError(`${path}: ${error.message}`);
    }
    throw error;
  }
}
