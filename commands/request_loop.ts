/**
 * A conversation with one server: a line, its reply, the next line.
 *
 * @module
 */
import { type Reply, ReplyReader } from "../client/replies.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { parseCommand } from "../protocol/command.ts";
import {
  closeQuietly,
  type Transport,
  writeAll,
} from "../runtime/transport.ts";

/** An open connection. */
export class RequestLoop {
  readonly #transport: Transport;
  readonly #replies = new ReplyReader();
  readonly #reading: Promise<void>;
  #answer: ((reply: Reply | undefined) => void) | undefined;
  #isClosed = false;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#reading = this.#read();
  }

  /** Resolves when the connection is over, whoever has ended it. */
  get closed(): Promise<void> {
    return this.#reading;
  }

  /**
   * Sends a line and waits for its reply; undefined if the connection ends
   * first. The next line has to wait for that.
   */
  async request(line: ByteString): Promise<Reply | undefined> {
    if (this.#isClosed) return undefined;
    const answer = new Promise<Reply | undefined>((resolve) => {
      this.#answer = resolve;
    });
    this.#replies.expect(parseCommand(line)?.verb);
    try {
      await writeAll(this.#transport, `${line}\n`);
    } catch {
      // The reader is told as well.
    }
    return await answer;
  }

  /** Ends it at once. */
  close(): void {
    closeQuietly(this.#transport);
  }

  async #read(): Promise<void> {
    try {
      await this.#replies.readAll(
        this.#transport,
        (reply) => this.#answer?.(reply),
      );
    } catch {
      // However it broke, it is over.
    }
    this.#isClosed = true;
    this.#answer?.(undefined);
    this.close();
  }
}
