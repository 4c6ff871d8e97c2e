/** The part of pg that this project uses. */
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/** How to connect. Missing values are read from the environment. */
export interface ClientConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly application_name: string;
  /** Run-time parameters of the session, as `-c name=value`. */
  readonly options: string;
  /** Without TLS if false. */
  readonly ssl: false | {
    readonly rejectUnauthorized: true;
    /** Authorities, in PEM. */
    readonly ca?: string;
  };
  /** Creates the socket, which is not connected yet. */
  readonly stream: () => Socket;
  readonly keepAlive: boolean;
}

/** One statement. */
export interface QueryConfig {
  /** The name under which the server keeps it. */
  readonly name?: string;
  readonly text: string;
  /** Buffers are sent in binary form, and all others as text. */
  readonly values?: readonly (string | number | Buffer | null)[];
  readonly rowMode: "array";
  readonly types: {
    /** How a value is read, by its type's number. */
    getTypeParser(): (text: string) => string;
  };
}

/** What a statement has returned. */
export interface QueryResult {
  /** Null for NULL. */
  readonly rows: (string | null)[][];
  /** How many rows were returned, inserted or deleted. */
  readonly rowCount: number | null;
}

/** One connection. */
export class Client {
  constructor(config: ClientConfig);
  connect(): Promise<unknown>;
  query(config: QueryConfig): Promise<QueryResult>;
  /** Several statements, in one transaction. */
  query(text: string): Promise<unknown>;
  end(): Promise<void>;
  on(event: "error" | "end", listener: () => void): this;
}
