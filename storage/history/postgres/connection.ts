/**
 * A connection to a database, as the rest of this folder sees it, and its errors.
 *
 * @module
 */

/** Everything that is needed to connect. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Whether the connection is encrypted, and the certificate is checked. */
  readonly isEncrypted: boolean;
  /** Authorities that are trusted instead of the system's, in PEM. */
  readonly authority: string | undefined;
}

/** A statement. */
export interface Statement {
  /** The database keeps a named statement; each name has one text. */
  readonly name?: string;
  readonly text: string;
}

/** A value of a statement: bytes are in PostgreSQL's binary form of their type. */
export type Value = string | number | Uint8Array;

/** What a statement has returned. */
export interface Result {
  /** The rows, with each value as text. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** How many rows were returned, inserted or deleted. */
  readonly count: number;
}

/** One connection. A statement must not be run before the last one has ended. */
export interface Connection {
  /** @throws {DatabaseError} */
  run(statement: Statement, values?: readonly Value[]): Promise<Result>;
  /**
   * Runs statements in one transaction.
   *
   * @throws {DatabaseError}
   */
  runScript(text: string): Promise<void>;
  /** Ends the session as the protocol requires. Never rejects. */
  end(): Promise<void>;
  /** Closes it at once: statements that have not ended reject. */
  close(): void;
}

/**
 * Connects.
 *
 * @param onEnd Called when the connection breaks or is closed.
 * @param signal Ends the attempt.
 * @throws {DatabaseError}
 */
export type Connect = (
  onEnd: () => void,
  signal: AbortSignal,
) => Promise<Connection>;

/** What an error says about the next attempt. */
export type ErrorKind =
  /** The same statement may succeed later, or with another connection. */
  | "unavailable"
  /** Someone has to change the settings or the database first. */
  | "setup"
  /** The values of the statement are at fault. */
  | "values"
  /** A partition is missing. */
  | "no partition"
  /** Another session holds a lock. */
  | "busy";

/** The database could not be reached, or has refused something. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  /** The five characters of PostgreSQL's error codes, or the system's code. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }

  get kind(): ErrorKind {
    const { code = "" } = this;
    // A check_violation: no partition has this day. The other check of the schema
    // is for long IDs, which are never sent.
    if (code === "23514") return "no partition";
    const found = /^[0-9A-Z]{5}$/.test(code) && kinds.get(code.slice(0, 2));
    return found || "unavailable";
  }
}

/** By the class of the code. All other classes are "unavailable". */
const kinds: ReadonlyMap<string, ErrorKind> = new Map([
  // Wrong name or password.
  ["28", "setup"],
  // No such database.
  ["3D", "setup"],
  // No such schema.
  ["3F", "setup"],
  // No such table or function, or no right to use it.
  ["42", "setup"],
  // A value out of range.
  ["22", "values"],
  // A constraint.
  ["23", "values"],
  // A lock that is not given in time, and a deadlock.
  ["55", "busy"],
  ["40", "busy"],
  // Beyond a limit of the program, such as the size of an index's row.
  ["54", "values"],
]);
