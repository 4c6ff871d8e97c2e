/**
 * What a places service is to the rest: something that is asked what is near a
 * position and answers with text in the shape of Google's Nearby Search.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { kilometresToMetres } from "../protocol/decimal.ts";
import type { Position } from "../protocol/position.ts";

/** Where to look. Equal searches have equal answers. */
export interface PlacesSearch {
  /** In the digits that the client sent. */
  readonly position: Position;
  /** Metres, in the digits that the client sent: decimal, not negative. */
  readonly radiusMetres: ByteString;
}

/** What is near a position? */
export interface PlacesQuery extends PlacesSearch {
  /** Most places wanted, 0 to 20. */
  readonly bound: number;
}

/** The question of a WHATSAT, whose operands are valid, about a position. */
export function makeQuery(
  position: Position,
  radiusKm: ByteString,
  bound: ByteString,
): PlacesQuery {
  return {
    position,
    radiusMetres: kilometresToMetres(radiusKm),
    bound: Number(bound),
  };
}

/** A service that has all places in its own memory. */
export interface LocalProvider {
  /** Its name on the command line. */
  readonly name: string;
  /** Asks nobody. */
  readonly isRemote: false;
  /**
   * The answer, with at most `bound` results: an object with `results` and
   * `status`, as JSON text in bytes, without empty lines.
   */
  nearby(query: PlacesQuery): ByteString;
}

/**
 * A service that is asked over a network. Equal searches at one time become
 * one request; requests are counted, limited, repeated where that may help,
 * and given up at a deadline; answers are cut to the bound: all of that is done
 * for it.
 */
export interface RemoteProvider {
  /** Its name on the command line. */
  readonly name: string;
  /** Asks somebody else. */
  readonly isRemote: true;
  /** The answer to a bound of 0, if nobody need be asked for it. */
  readonly emptyAnswer?: ByteString;
  /**
   * Makes one request. The answer is an object with `results` and `status`, as
   * JSON text in bytes, with as many results as one may ask for.
   *
   * Ends when the signal aborts: what goes on after that is no longer limited.
   *
   * @throws {PlacesError} When there is no answer, also when the signal aborts.
   */
  nearby(search: PlacesSearch, signal: AbortSignal): Promise<ByteString>;
}

/** A service that knows places. */
export type PlacesProvider = LocalProvider | RemoteProvider;

/** A service did not answer. The message is for the log, and holds no key. */
export class PlacesError extends Error {
  /** Always `PlacesError`. */
  override readonly name = "PlacesError";

  /** Whether the same request may have an answer in a moment. */
  readonly mayPass: boolean;

  /** An error that may pass, or will not. */
  constructor(message: string, mayPass = false) {
    super(message);
    this.mayPass = mayPass;
  }
}
