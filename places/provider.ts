/**
 * The interface of a places service: it receives a position and answers with
 * the places near it, as text in the shape of Google's Nearby Search.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { kilometresToMetres } from "../protocol/decimal.ts";
import type { Position } from "../protocol/position.ts";
import { maxFractionDigits } from "./limits.ts";

/** The area of a query. Equal searches have equal answers. */
export interface PlacesSearch {
  /** In the client's digits, at most `maxFractionDigits` behind each dot. */
  readonly position: Position;
  /** Metres, in the client's digits too: decimal, not negative. */
  readonly radiusMetres: ByteString;
}

/** A query for the places near a position. */
export interface PlacesQuery extends PlacesSearch {
  /** The maximum number of results, 0 to 20. */
  readonly bound: number;
}

/**
 * The query of a WHATSAT with valid operands, for the client's position. Digits
 * without a meaning are left out: with 64 KiB of them, a request would take
 * milliseconds to make, and could not be shared.
 */
export function makeQuery(
  { latitude, longitude }: Position,
  radiusKm: ByteString,
  bound: ByteString,
): PlacesQuery {
  return {
    position: {
      latitude: shorten(latitude),
      longitude: shorten(longitude),
    },
    radiusMetres: shorten(kilometresToMetres(radiusKm)),
    bound: Number(bound),
  };
}

/** A decimal number without most of its leading zeros and last digits. */
function shorten(number: ByteString): ByteString {
  if (number.length <= maxFractionDigits) return number;
  const [integer, fraction] = number.replace(/^([-+]?)0+(?=\d)/, "$1")
    .split(".");
  return fraction === undefined
    ? integer
    : `${integer}.${fraction.slice(0, maxFractionDigits)}`;
}

/** A provider that has all places in memory. */
export interface LocalProvider {
  /** Its name on the command line. */
  readonly name: string;
  /** Makes no requests. */
  readonly isRemote: false;
  /**
   * The answer, with at most `bound` results: an object with `results` and
   * `status`, as JSON text in bytes, without empty lines.
   */
  nearby(query: PlacesQuery): ByteString;
}

/**
 * A provider that makes requests over a network. `Places` shares one request
 * among equal searches, counts and limits requests, retries them, cancels them
 * at the deadline and cuts answers to the bound.
 */
export interface RemoteProvider {
  /** Its name on the command line. */
  readonly name: string;
  /** Makes requests. */
  readonly isRemote: true;
  /** The answer to a bound of 0, if it needs no request. */
  readonly emptyAnswer?: ByteString;
  /**
   * Makes one request. The answer is an object with `results` and `status`, as
   * JSON text in bytes, with up to 20 results.
   *
   * Must end when the signal aborts: whatever continues after that is not
   * limited.
   *
   * @throws {PlacesError} If there is no answer, also if the signal aborts.
   */
  nearby(search: PlacesSearch, signal: AbortSignal): Promise<ByteString>;
}

/** A places provider. */
export type PlacesProvider = LocalProvider | RemoteProvider;

/** A service did not answer. The message is for the log and contains no key. */
export class PlacesError extends Error {
  /** Always `PlacesError`. */
  override readonly name = "PlacesError";

  /** Whether the error is temporary, so that a retry may succeed. */
  readonly mayPass: boolean;

  /**
   * An error of a service.
   *
   * @param message For the log; it must not contain a key.
   */
  constructor(message: string, mayPass = false) {
    super(message);
    this.mayPass = mayPass;
  }
}
