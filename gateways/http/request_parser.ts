/**
 * Requests of HTTP/1.1 (RFC 9112), from bytes as they arrive.
 *
 * @module
 */
import { HttpFault } from "./request_head.ts";
import type { RequestHandler, StrictParser } from "./strict_parser.ts";

let loaded: typeof import("./strict_parser.ts") | undefined;

/**
 * Loads the parser, a package from npm. That takes as long as all modules of the
 * gateways together, so the first connection does it, not the start.
 */
export async function loadParser(): Promise<void> {
  loaded ??= await import("./strict_parser.ts");
}

/** Parses the requests of one connection. */
export class RequestParser {
  readonly #handler: RequestHandler;
  #parser: StrictParser | undefined;

  constructor(handler: RequestHandler) {
    this.#handler = handler;
  }

  /** Whether a request has begun that has not ended. */
  get isWithinRequest(): boolean {
    return this.#parser?.hasBegun ?? false;
  }

  /** Whether its head has not ended. */
  get isWithinHead(): boolean {
    return this.isWithinRequest && !this.#parser!.hasHead;
  }

  /** Bytes of an unfinished line that are held. */
  get heldBytes(): number {
    return this.#parser?.heldBytes ?? 0;
  }

  /**
   * Parses the bytes from `start` to `end`. After a fault there is no more to
   * parse. `loadParser` must have ended before.
   *
   * @returns The index after what was parsed, which is less than `end` only
   * after a request for another protocol; or a fault.
   */
  push(bytes: Uint8Array, start: number, end: number): number | HttpFault {
    this.#parser ??= new loaded!.StrictParser(this.#handler);
    try {
      const at = this.#parser.skipKeptHead(bytes, start, end);
      const parsed = this.#parser.execute(bytes, at, end - at);
      return typeof parsed === "number" ? at + parsed : faultOf(parsed);
    } catch (error) {
      if (error instanceof HttpFault) return error;
      throw error;
    }
  }
}

/** Faults of the parser itself, by its messages. */
const parserFaults: readonly [pattern: RegExp, status: number, text: string][] =
  [
    [/method/, 501, "The method is not known: expected GET or POST."],
    [/empty line/, 400, "A chunk does not end in CR LF."],
  ];

function faultOf(error: Error): HttpFault {
  if (error instanceof HttpFault) return error;
  const found = parserFaults.find(([pattern]) => pattern.test(error.message));
  return new HttpFault(
    found?.[1] ?? 400,
    found?.[2] ??
      "The request line is invalid: expected METHOD TARGET HTTP/1.1.",
  );
}
