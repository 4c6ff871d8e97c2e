/**
 * Requests that turn a connection of HTTP into one of another protocol.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Identity } from "../../identity/identity.ts";
import type {
  Opening,
  ServedConnection,
} from "../../sessions/served_connection.ts";

/** A request with `Connection: Upgrade` from an admitted sender. */
export interface UpgradeRequest {
  readonly method: string;
  /** The path without its token. */
  readonly path: ByteString;
  readonly query: ByteString;
  /** Values by names in lower case. */
  readonly headers: ReadonlyMap<string, ByteString>;
  /** Undefined if no tokens are configured. */
  readonly identity: Identity | undefined;
  /** Whether it may report only, as its token was in the path. */
  readonly isReportOnly: boolean;
  /** The sender's address, also behind a proxy that is trusted. */
  readonly remote: string;
}

/** A refusal, which the HTTP connection sends. */
export interface UpgradeRefusal {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: ByteString])[];
  /** One line without its end. */
  readonly text: string;
}

/** A connection that takes over. */
export interface Takeover {
  /** The head of the 101 answer, to be written as it is. */
  readonly head: ByteString;
  /** Begins the names of such connections in the log. */
  readonly prefix: string;
  /**
   * Creates the connection. Its transport first gives the bytes that had been
   * read after the request.
   */
  readonly create: (opening: Opening) => ServedConnection;
}

/**
 * Answers a request to upgrade; undefined if it knows no such protocol, so that
 * the request is answered as if it did not ask for one (RFC 9110, 7.8).
 */
export type UpgradeHandler = (
  request: UpgradeRequest,
) => UpgradeRefusal | Takeover | undefined;

/**
 * The token that an upgrade brings in its own way, before it is admitted:
 * undefined if there is none.
 */
export type UpgradeToken = (
  headers: ReadonlyMap<string, ByteString>,
) => ByteString | undefined;

/** What the HTTP gateway knows of other protocols. */
export interface Upgrades {
  readonly handle: UpgradeHandler;
  readonly tokenOf: UpgradeToken;
  /**
   * Whether the protocol asks for a token itself, as MQTT does. Then the request
   * needs none.
   */
  readonly admitsLater: (headers: ReadonlyMap<string, ByteString>) => boolean;
}
