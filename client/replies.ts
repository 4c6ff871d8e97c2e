/**
 * Joins the lines from a server to replies.
 *
 * @module
 */
import { allocateBuffer, type ByteString } from "../protocol/bytes.ts";
import { clientVerbs, type Verb } from "../protocol/command.ts";
import { LineFramer } from "../protocol/framer.ts";
import type { Transport } from "../runtime/transport.ts";

/** A reply of a server. */
export interface Reply {
  /** The first line, without its LF. */
  readonly line: ByteString;
  /** The places after the first line; empty if the reply has none. */
  readonly text: ByteString;
}

/**
 * Longest line of a reply, in bytes. Some places services print all places on
 * one line.
 */
const maxReplyLineBytes = 8 * 1024 * 1024;

const readBufferBytes = 64 * 1024;

/** Reads the replies of one connection, in the order of the requests. */
export class ReplyReader {
  /** For each request without a reply: whether the reply may have places. */
  readonly #expected: boolean[] = [];
  /** The lines received so far of a reply with places. */
  #lines: ByteString[] | undefined;

  /**
   * Must be called for each request, in the order in which they are sent.
   *
   * @param verb Undefined if the request is not a valid command.
   */
  expect(verb: Verb | undefined): void {
    this.#expected.push(
      verb !== undefined && clientVerbs[verb].reply === "places",
    );
  }

  /** How many requests have no complete reply yet. */
  get pending(): number {
    return this.#expected.length + (this.#lines === undefined ? 0 : 1);
  }

  /**
   * Reads to the end of the stream, and calls back with each reply. Rethrows
   * errors of the transport.
   *
   * @throws {RangeError} If a line is longer than 8 MiB.
   */
  async readAll(
    transport: Pick<Transport, "read">,
    onReply: (reply: Reply) => void,
  ): Promise<void> {
    const framer = new LineFramer(maxReplyLineBytes);
    const buffer = allocateBuffer(readBufferBytes);
    let count;
    while ((count = await transport.read(buffer)) !== null) {
      framer.push(buffer, count);
      while (framer.next()) {
        const reply = this.#onLine(framer.line);
        if (reply !== undefined) onReply(reply);
      }
      if (framer.tooLong !== undefined) {
        throw new RangeError(
          `expected lines of at most ${maxReplyLineBytes} bytes`,
        );
      }
    }
  }

  /** Returns the reply that ends with this line, if one does. */
  #onLine(line: ByteString): Reply | undefined {
    if (this.#lines !== undefined) {
      if (line !== "") {
        this.#lines.push(line);
        return undefined;
      }
      // An empty line ends the places.
      const [first, ...text] = this.#lines;
      this.#lines = undefined;
      return { line: first, text: text.join("\n") };
    }
    const expectsPlaces = this.#expected.shift() === true;
    if (expectsPlaces && !line.startsWith("?")) {
      this.#lines = [line];
      return undefined;
    }
    return { line, text: "" };
  }
}
