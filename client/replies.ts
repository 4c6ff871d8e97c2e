/**
 * Puts the lines that a server sends together to replies.
 *
 * @module
 */
import { allocateBuffer, type ByteString } from "../protocol/bytes.ts";
import { clientVerbs, type Verb } from "../protocol/command.ts";
import { LineFramer } from "../protocol/framer.ts";
import type { Transport } from "../runtime/transport.ts";

/** A reply: its first line, and the text behind it if there is any. */
export interface Reply {
  readonly line: ByteString;
  readonly text: ByteString;
}

/** Longest line of a reply, in bytes: some services print on one line. */
const maxReplyLineBytes = 8 * 1024 * 1024;

const readBufferBytes = 64 * 1024;

/** Reads the replies of one connection, in the order of the requests. */
export class ReplyReader {
  /** Of each request without a reply: whether places may come with it. */
  readonly #expected: boolean[] = [];
  /** The lines so far of a reply with places. */
  #lines: ByteString[] | undefined;

  /**
   * A request is sent; its reply comes behind those of the others.
   *
   * @param verb Undefined if it is not a valid command.
   */
  expect(verb: Verb | undefined): void {
    this.#expected.push(
      verb !== undefined && clientVerbs[verb].reply === "places",
    );
  }

  /**
   * Reads to the end of the stream, and hands each reply over. Throws what the
   * connection does.
   *
   * @throws {RangeError} At a line that is too long to be one of a reply.
   */
  async readAll(
    transport: Transport,
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

  /** Takes a line; the reply that ends with it, if one does. */
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
