/**
 * The settings of the database: its address, the password in a file, and the
 * authority of its certificate.
 *
 * @module
 */
import { readFile } from "../../runtime/files.ts";
import { isLoopback } from "../../runtime/network.ts";
import type { PermissionNeed } from "../../runtime/permissions.ts";
import { readPemBlocks } from "../../runtime/pem.ts";
import { SetupError } from "../../runtime/setup_error.ts";
import { schema } from "./schema.ts";
import { errorAt, type ResolvedSettings } from "./sources.ts";

/** The address of a database, without a password. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Whether the connection is encrypted, and the certificate is checked. */
  readonly isEncrypted: boolean;
}

/** Everything that is needed to connect. */
export interface DatabaseSettings extends DatabaseAddress {
  readonly password: string;
  /** Authorities that are trusted instead of the system's, in PEM. */
  readonly authority: string | undefined;
}

/** The settings that select a database. */
export const databaseSchema = {
  history: schema.history,
  historyCredentials: schema.historyCredentials,
  historyCa: schema.historyCa,
};

const form = "postgres://USER@HOST:PORT/DATABASE";

/**
 * Parses the address of a database. Without `sslmode`, the connection is
 * encrypted unless the host is a loopback address.
 *
 * @throws {SetupError} With the fault, and without the address, which may
 * contain a password.
 */
export function parseDatabaseAddress(text: string): DatabaseAddress {
  const url = URL.parse(text);
  const database = decode(url?.pathname.slice(1) ?? "");
  const user = decode(url?.username ?? "");
  if (url?.password) {
    throw new SetupError(
      "the address of the database has a password in it, which every user of " +
        "this machine can read: put it into the file of --history-credentials",
    );
  }
  const isWhole = url !== null && /^postgres(ql)?:$/.test(url.protocol) &&
    url.hostname !== "" && user && database && !database.includes("/");
  if (!isWhole) {
    throw new SetupError(`the address of the database has to be ${form}`);
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return {
    host,
    port: Number(url.port || 5432),
    database,
    user,
    isEncrypted: readSslMode(url, host),
  };
}

function readSslMode(url: URL, host: string): boolean {
  let isEncrypted = !isLoopback(host);
  for (const [name, value] of url.searchParams) {
    if (name !== "sslmode") {
      throw new SetupError(
        "the address of the database takes sslmode only, but has another " +
          "parameter after the ?",
      );
    }
    if (value !== "disable" && value !== "verify-full") {
      throw new SetupError(
        "sslmode has to be verify-full or disable: the other modes do not check " +
          "the certificate; --history-ca names an authority of your own",
      );
    }
    isEncrypted = value === "verify-full";
  }
  return isEncrypted;
}

/** Undefined if the percent signs are wrong. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads the settings of the database and their files; undefined if the history is
 * in none.
 *
 * @throws {UsageError} If a flag needs another that is missing.
 * @throws {SetupError} If the address or a file is wrong.
 */
export async function readDatabase(
  resolved: ResolvedSettings<typeof databaseSchema>,
): Promise<DatabaseSettings | undefined> {
  const { history, historyCa, historyCredentials } = resolved.values;
  if (typeof history !== "string") {
    for (const name of ["historyCredentials", "historyCa"] as const) {
      if (resolved.sourceOf.has(name)) {
        throw errorAt(resolved, name, schema, ` needs --history ${form}`);
      }
    }
    return undefined;
  }
  const address = parseDatabaseAddress(history);
  return {
    ...address,
    password: historyCredentials === undefined ? "" : findPassword(
      await readFile(historyCredentials),
      historyCredentials,
      address,
    ),
    authority: historyCa === undefined
      ? undefined
      : await readAuthority(historyCa),
  };
}

/** What the connection to a database needs. */
export function databasePermission(
  { host, port }: DatabaseAddress,
): PermissionNeed {
  return { name: "net", host: `${bracketed(host)}:${port}` };
}

async function readAuthority(path: string): Promise<string> {
  const blocks = readPemBlocks(await readFile(path)) ?? [];
  const certificates = blocks.filter(({ label }) => label === "CERTIFICATE");
  if (certificates.length > 0) {
    return certificates.map(({ text }) => text).join("\n");
  }
  throw new SetupError(`${path}: expected certificates in PEM`);
}

const bracketed = (host: string) => host.includes(":") ? `[${host}]` : host;

/** An address as text, for status and errors. */
export function formatDatabaseAddress(address: DatabaseAddress): string {
  const { database, host, port, user } = address;
  const [name, inside] = [user, database].map(encodeURIComponent);
  return `postgres://${name}@${bracketed(host)}:${port}/${inside}`;
}

const passwordForm = "HOST:PORT:DATABASE:USER:PASSWORD";

const field = String.raw`((?:[^:\\]|\\.)+)`;
const entryPattern = new RegExp(
  `^${[field, field, field, field].join(":")}:(.+)$`,
);

/**
 * The password for an address in the text of a password file. Its lines have the
 * form of PostgreSQL's .pgpass: five fields with colons between, of which the
 * first four may be `*`; `\` comes before a colon or a `\` of a field. The first
 * line that fits counts.
 *
 * @throws {SetupError} Naming the file, if no line fits.
 */
export function findPassword(
  text: string,
  path: string,
  { database, host, port, user }: DatabaseAddress,
): string {
  const lines = text.split(/\r?\n/)
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const wanted = [host, String(port), database, user];
  for (const [index, line] of lines.entries()) {
    const fields = line.match(entryPattern)?.slice(1)
      .map((field) => field.replace(/\\(.)/g, "$1"));
    if (fields === undefined) {
      throw new SetupError(
        `${path}: expected ${passwordForm} in entry ${index + 1}`,
      );
    }
    const fits = wanted.every((value, at) =>
      fields[at] === "*" || fields[at] === value
    );
    if (fits) return fields[4];
  }
  throw new SetupError(
    `${path}: expected a line ${wanted.join(":")}:PASSWORD, or with * for ` +
      "any of the first four",
  );
}
