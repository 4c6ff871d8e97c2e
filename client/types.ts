/**
 * What a client of the herd says and hears.
 *
 * @module
 */

/** Where a server's client port is. */
export interface Address {
  /** Host name or address; 127.0.0.1 if it is left out. */
  readonly hostname?: string;
  /** TCP port, such as 8000. */
  readonly port: number;
  /**
   * Who has issued the server's certificate, where it speaks TLS: one or more
   * certificates in PEM. No others are trusted.
   */
  readonly tlsAuthority?: string;
  /**
   * How long the server may take to let us in, and for each answer, in
   * milliseconds: then it counts as gone, and the connection ends. A places
   * service may take 10,000 for one. If it is left out, we wait.
   */
  readonly timeoutMs?: number;
}

/** A client's report of where it is. */
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
   * When it was there: a date, or POSIX seconds, as a number or by their digits
   * such as `1520023934.918963997`. Now if it is left out.
   */
  readonly time?: Date | number | string;
}

/** What to look for around a client. */
export interface NearbyQuery {
  /** The ID of the client to look around. */
  readonly client: string;
  /** Kilometres, 0 to 50. */
  readonly radiusKm: number;
  /** Most places wanted, 0 to 20. */
  readonly bound: number;
}

/** A server's word on where a client is: an AT line, taken apart. */
export interface At {
  /** The line as the server sent it. */
  readonly line: string;
  /** The server that heard the client. */
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
  /** Where the client is. */
  readonly at: At;
  /** Google's answer, or one of its shape, as text. */
  readonly text: string;
  /** The status in the answer: `OK`, `ZERO_RESULTS`, `REQUEST_DENIED`, ... */
  readonly status: string;
  /** The places in the answer, nearest or most prominent first. */
  readonly results: readonly Place[];
}

/** A place of a Nearby Search. Google sends more than these fields. */
export interface Place {
  /** What people call it. */
  readonly name: string;
  /** What the service calls it, unique within the service. */
  readonly place_id: string;
  /** Where it is, in decimal degrees. */
  readonly geometry: {
    readonly location: { readonly lat: number; readonly lng: number };
  };
  /** What kind of place it is, such as `locality`. */
  readonly types?: readonly string[];
  /** Its street, or its region and country. */
  readonly vicinity?: string;
  /** What else the service says of it. */
  readonly [field: string]: unknown;
}

/** The server called a request invalid: for WHATSAT, mostly an unknown ID. */
export class InvalidCommandError extends Error {
  /** Always `InvalidCommandError`. */
  override readonly name = "InvalidCommandError";
}

/** The connection ended before the answer came, or it came too late. */
export class DisconnectedError extends Error {
  /** Always `DisconnectedError`. */
  override readonly name = "DisconnectedError";
}
