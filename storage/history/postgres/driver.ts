/**
 * Connections to PostgreSQL. This is the only file that imports the package.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { Socket } from "node:net";
import { withoutEnvironment } from "../../../runtime/without_environment.ts";
import {
  type Connect,
  type Connection,
  type ConnectionSettings,
  DatabaseError,
  type Statement,
} from "./connection.ts";

/** Values are given as the text that the database sends. */
const asText = { getTypeParser: () => (text: string) => text };

/** Loads the package, and returns a function that connects with it. */
export async function loadDriver(
  settings: ConnectionSettings,
  applicationName: string,
): Promise<Connect> {
  const { Client } = await withoutEnvironment(() =>
    import("../../../packages/postgres.ts")
  );
  const { authority, database, host, isEncrypted, password, port, user } =
    settings;
  return async (onEnd, signal): Promise<Connection> => {
    const socket = new Socket();
    const client = withoutEnvironment(() =>
      new Client({
        host,
        port,
        user,
        password,
        database,
        application_name: applicationName,
        options: sessionOptions,
        ssl: isEncrypted && { rejectUnauthorized: true, ca: authority },
        stream: () => socket,
        keepAlive: true,
      })
    );
    const close = () => {
      socket.destroy();
    };
    // Without a listener, Node throws errors that occur between statements.
    client.on("error", onEnd);
    client.on("end", onEnd);
    signal.addEventListener("abort", close, { once: true });
    try {
      signal.throwIfAborted();
      await client.connect();
    } catch (error) {
      close();
      throw databaseError(error);
    } finally {
      signal.removeEventListener("abort", close);
    }
    return {
      async run({ name, text }: Statement, values = []) {
        try {
          const { rowCount, rows } = await client.query({
            name,
            text,
            values: values.map((value) =>
              value instanceof Uint8Array
                ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
                : value
            ),
            rowMode: "array",
            types: asText,
          });
          return { rows, count: rowCount ?? 0 };
        } catch (error) {
          throw databaseError(error);
        }
      },
      async runScript(text) {
        try {
          await client.query(text);
        } catch (error) {
          throw databaseError(error);
        }
      },
      async end() {
        try {
          await client.end();
        } catch {
          // It has ended already.
        } finally {
          close();
        }
      },
      close,
    };
  };
}

/**
 * The database ends statements whose server does not wait for them any more, and
 * sessions that were left in a transaction. Bytes are sent in hexadecimal.
 */
const sessionOptions = [
  "statement_timeout=60s",
  "idle_in_transaction_session_timeout=60s",
  "bytea_output=hex",
  "client_min_messages=error",
].map((option) => `-c ${option}`).join(" ");

function databaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  if (!(error instanceof Error)) return new DatabaseError(String(error));
  const code = "code" in error ? String(error.code) : undefined;
  // A refused connection to two addresses of a name has no text of its own.
  const [first] = error instanceof AggregateError ? error.errors : [];
  const message = error.message || String(first?.message ?? error.name);
  // The package's text for a password that is missing.
  if (message.includes("client password must be a string")) {
    return new DatabaseError(
      "the database requires a password: name a file with it by " +
        "--history-credentials",
      code,
    );
  }
  return new DatabaseError(message.replace(/\s+/g, " "), code);
}
