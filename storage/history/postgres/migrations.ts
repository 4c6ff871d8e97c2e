/**
 * The versions of the schema, and how a database gets from one to the next.
 *
 * A server checks the version at each connection, and changes nothing: its role
 * may not. `herd database migrate` applies what is missing, with the rights of
 * the owner.
 *
 * @module
 */
import reports from "./migrations/1_reports.sql" with { type: "text" };
import { type Connection, DatabaseError } from "./connection.ts";
import { readVersion } from "./statements.ts";

/** One step. The file records its version in `herd.migrations`. */
interface Migration {
  /** Its file, without `.sql`. */
  readonly name: string;
  readonly text: string;
}

/** All steps, the first one first. Versions are counted from 1. */
const migrations: readonly Migration[] = [
  { name: "1_reports", text: reports },
];

/** The version that this program uses. */
export const schemaVersion = migrations.length;

const migrateCommand = "herd database migrate";

/**
 * Checks that a database has the schema of this program.
 *
 * @throws {DatabaseError} If it has none, an older or a newer one.
 */
export async function checkSchema(connection: Connection): Promise<void> {
  const version = await versionOf(connection);
  if (version === schemaVersion) return;
  if (version > schemaVersion) throw newer(version);
  const found = version === 0 ? "no schema" : `schema version ${version}`;
  throw new DatabaseError(
    `the database has ${found}, and this server needs version ` +
      `${schemaVersion}: run ${migrateCommand}`,
    wrongSchema,
  );
}

/** The code of a missing schema, which is what an older one is, too. */
const wrongSchema = "3F000";

function newer(version: number): DatabaseError {
  return new DatabaseError(
    `the database has schema version ${version}, and this program knows ` +
      `versions up to ${schemaVersion}: use a newer program`,
    wrongSchema,
  );
}

/** The version of a database's schema; 0 if it has none. */
async function versionOf(connection: Connection): Promise<number> {
  try {
    const { rows: [[version]] } = await connection.run(readVersion);
    return Number(version ?? 0);
  } catch (error) {
    // No schema, or no table in it.
    const isMissing = error instanceof DatabaseError &&
      (error.code === "42P01" || error.code === "3F000");
    if (isMissing) return 0;
    throw error;
  }
}

/**
 * Applies the migrations that a database lacks, each in one transaction.
 *
 * @returns Their names.
 * @throws {DatabaseError} If its schema is newer, or a migration fails.
 */
export async function migrate(connection: Connection): Promise<string[]> {
  const version = await versionOf(connection);
  if (version > schemaVersion) throw newer(version);
  const missing = migrations.slice(version);
  for (const { text } of missing) await connection.runScript(text);
  return missing.map(({ name }) => name);
}
