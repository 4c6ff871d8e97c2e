/**
 * The types of requests and answers of clients.
 *
 * @module
 */

/** The address of a server's client port. */
export interface Address {
  /** Host name or IP address. Default: 127.0.0.1. */
  readonly hostname?: string;
  /** TCP port, such as 8000. */
  readonly port: number;
  /**
   * Certificates of the authorities that may have issued the server's
   * certificate, in PEM. No other authority is trusted. With it, the connection
   * uses TLS.
   */
  readonly tlsAuthority?: string;
  /**
   * The certificate of this client, and the intermediate certificates up to the
   * authority that the server trusts, in PEM, for a server that requires one.
   * Needs `tlsKey` and `tlsAuthority`.
   */
  readonly tlsCertificate?: string;
  /** The private key of `tlsCertificate`, in PEM, without a passphrase. */
  readonly tlsKey?: string;
  /**
   * Longest wait for the connection, and for each answer, in milliseconds.
   * After that the connection ends. An answer with places may take 10,000 ms.
   * At most 2,147,483,647, about 25 days, or `Infinity` for no limit. Default:
   * no limit.
   */
  readonly timeoutMs?: number;
}

/** The position of a client at a time. */
export interface PositionReport {
  /** The client's ID: any text without white space. */
  readonly client: string;
  /**
   * Decimal degrees: `{ latitude: 34.06893, longitude: -118.445127 }`, or the
   * ISO 6709 text `+34.068930-118.445127`, which is sent digit by digit.
   */
  readonly position:
    | string
    | { readonly latitude: number; readonly longitude: number };
  /**
   * The time of the position: a date; POSIX seconds as a number, or as digits
   * such as `1520023934.918963997`; ISO 8601 with its zone, such as
   * `2018-03-02T20:52:14.918Z`; or `now`, which is the default. Milliseconds are
   * refused.
   */
  readonly time?: Date | number | string;
}

/** A query for what is near a client. */
export interface NearbyQuery {
  /** The client's ID. */
  readonly client: string;
  /** The radius in kilometres, 0 to 50. */
  readonly radiusKm: number;
  /** The largest number of places, a whole number from 0 to 20. */
  readonly bound: number;
}

/** The fields of an AT line: a client's position, as its origin received it. */
export interface At {
  /** The whole line, without its LF. */
  readonly line: string;
  /** The server that received the report from the client. */
  readonly server: string;
  /** That server's clock minus the client's, in seconds: `+0.263873386`. */
  readonly clockDifference: string;
  /** The client's ID. */
  readonly client: string;
  /** ISO 6709 decimal degrees. */
  readonly position: string;
  /** POSIX seconds by the client's clock. */
  readonly time: string;
}

/** What is near a client. */
export interface NearbyAnswer {
  /** The newest report of the client. */
  readonly at: At;
  /** The places as JSON, in the form of Google's Nearby Search. */
  readonly text: string;
  /** The status in the JSON: `OK`, `ZERO_RESULTS`, `REQUEST_DENIED`, ... */
  readonly status: string;
  /** The places in the JSON, nearest or most prominent first. */
  readonly results: readonly Place[];
}

/** A place of a Nearby Search. Google sends more than these fields. */
export interface Place {
  /** The common name. */
  readonly name: string;
  /** The service's ID of the place, unique within the service. */
  readonly place_id: string;
  /** The position in decimal degrees. Google's new API may leave it out. */
  readonly geometry?: {
    readonly location: { readonly lat: number; readonly lng: number };
  };
  /** Kinds of place, such as `locality`. */
  readonly types?: readonly string[];
  /** The street, or the region and country. */
  readonly vicinity?: string;
  /** Other fields of the service. */
  readonly [field: string]: unknown;
}

/**
 * The server refused a request as invalid. For a query the usual reason is that
 * the server has no report of the client.
 */
export class InvalidCommandError extends Error {
  /** Always `InvalidCommandError`. */
  override readonly name = "InvalidCommandError";
}

/** The connection ended before the answer, or the answer took too long. */
export class DisconnectedError extends Error {
  /** Always `DisconnectedError`. */
  override readonly name = "DisconnectedError";
}
