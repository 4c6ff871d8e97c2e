/**
 * What a places service is to the rest: something that is asked what is near a
 * position and answers with text in the shape of Google's Nearby Search.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Position } from "../protocol/position.ts";

/** What is near a position? */
export interface PlacesQuestion {
  /** In the digits that the client sent. */
  readonly position: Position;
  /** Metres, in the digits that the client sent: decimal, not negative. */
  readonly radiusMetres: ByteString;
  /** Most places wanted, 0 to 20. */
  readonly bound: number;
}

/** A service that knows places. */
export interface PlacesProvider {
  /** Its name on the command line. */
  readonly name: string;
  /**
   * Whether it keeps to the bound by itself and needs no trimming. One that
   * does not answers the same whatever the bound, so that askers with
   * different bounds share one request.
   */
  readonly keepsBound: boolean;
  /**
   * The service's answer: an object with `results` and `status`, as JSON text
   * in bytes.
   *
   * @throws {PlacesError} When there is no answer.
   */
  nearby(question: PlacesQuestion, signal: AbortSignal): Promise<ByteString>;
}

/** A service did not answer. The message is for the log, and holds no secret. */
export class PlacesError extends Error {
  override readonly name = "PlacesError";
}
