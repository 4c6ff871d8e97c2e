/**
 * What the HTTP gateway knows of requests before their bodies.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Target } from "../readers/target.ts";

/** The head of a request. */
export interface RequestHead {
  readonly method: string;
  /** Percent-encoded as it was sent; begins with a slash, or is `*`. */
  readonly path: ByteString;
  /** As it was sent, without the question mark; undefined if there is none. */
  readonly query: ByteString | undefined;
  /**
   * Values by names in lower case. The values of a field that came more than
   * once are joined by a comma and a space.
   */
  readonly headers: ReadonlyMap<string, ByteString>;
  /** Bytes of the body; 0 for none, undefined for chunks. */
  readonly bodyBytes: number | undefined;
  /** Whether another request may follow. */
  readonly isPersistent: boolean;
  /** Whether it asks for another protocol. */
  readonly isUpgrade: boolean;
  /** What the path and the query say. */
  readonly target: Target;
  /** Whether the lines of the body are read as they arrive, however many come. */
  readonly isLineStream: boolean;
}

/** Why bytes are no request that is answered. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
  readonly status: number;

  /** @param text One line for the client, without its end. */
  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}
