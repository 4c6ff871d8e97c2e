/**
 * `herd database migrate`: gives the database of a history the schema of this
 * version. Servers do not change the schema, because they need no right to.
 *
 * @module
 */
import {
  describeFlags,
  type Flags,
  readArguments,
  UsageError,
} from "../cli/arguments.ts";
import { setupError } from "../cli/exit.ts";
import { print } from "../cli/print.ts";
import { requirePermissions } from "../runtime/permissions.ts";
import {
  databasePermission,
  databaseSchema,
  formatDatabaseAddress,
  readDatabase,
} from "../server/settings/database.ts";
import { plainFlags } from "../server/settings/flags.ts";
import {
  flagSource,
  permissionsFor,
  resolveSettings,
  variableSource,
} from "../server/settings/sources.ts";
import { loadDriver } from "../storage/history/postgres/driver.ts";
import { migrate } from "../storage/history/postgres/migrations.ts";

/** Longest wait for a connection, in milliseconds. */
const connectTimeoutMs = 10_000;

const flags: Flags = {
  ...plainFlags(databaseSchema),
  history: {
    value: "ADDRESS",
    help: "the database: postgres://USER@HOST:PORT/DATABASE",
  },
};

const help = `Gives the database of a history the schema of this version.

Usage: herd database migrate --history ADDRESS [flags]

  herd database migrate --history postgres://owner@db.example/herd \\
      --history-credentials owner.pgpass

The USER of the address is the role that owns the schema, or that will own it.
Servers use another role with fewer rights: docs/DATABASE.md says how to create
the database and the roles.

${describeFlags(flags)}`;

export async function database(args: readonly string[]): Promise<void> {
  const parsed = readArguments(args, flags);
  if (parsed.flags.has("help")) return print(help);
  const [name, ...rest] = parsed.positionals;
  if (name !== "migrate" || rest.length > 0) {
    throw new UsageError("expected migrate after database, and flags");
  }
  const resolved = resolveSettings(databaseSchema, [
    flagSource(parsed.flags),
    await variableSource(databaseSchema),
  ]);
  const settings = await readDatabase(resolved);
  if (settings === undefined) {
    throw new UsageError(
      "expected --history with the address of a database: " +
        "postgres://USER@HOST:PORT/DATABASE",
    );
  }
  await requirePermissions([
    databasePermission(settings),
    ...permissionsFor(databaseSchema, resolved),
  ]);
  const place = formatDatabaseAddress(settings);
  try {
    const connect = await loadDriver(settings, "herd database migrate");
    const connection = await connect(
      () => {},
      AbortSignal.timeout(connectTimeoutMs),
    );
    try {
      const applied = await migrate(connection);
      print(
        applied.length === 0
          ? `${place} has this version's schema already.`
          : `${place}: applied ${applied.join(", ")}.`,
      );
    } finally {
      await connection.end();
    }
  } catch (error) {
    throw setupError(place, error);
  }
}
