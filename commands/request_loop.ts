/**
 * Sends lines to one server, each after the reply to the one before.
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

export class RequestLoop {
  readonly #transport: Transport;
  readonly #replies = new ReplyReader();
  readonly #reading: Promise<void>;
  #answer: ((reply: Reply | undefined) => void) | undefined;
  #isClosed = false;
  #hasReceived = false;
  #isAborted = false;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#reading = this.#read();
  }

  /** Resolves when either side has ended the connection. Never rejects. */
  get closed(): Promise<void> {
    return this.#reading;
  }

  /** Whether the server has closed the connection without any answer. */
  get wasRefused(): boolean {
    return this.#isClosed && !this.#hasReceived && !this.#isAborted;
  }

  /**
   * Sends a line and waits for its reply; undefined if the connection ends
   * first. Must not be called again before that.
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
      // The read fails too, and ends the request.
    }
    return await answer;
  }

  /** Closes the connection at once. */
  close(): void {
    this.#isAborted ||= !this.#isClosed;
    closeQuietly(this.#transport);
  }

  async #read(): Promise<void> {
    try {
      await this.#replies.readAll(
        this.#transport,
        (reply) => {
          this.#hasReceived = true;
          this.#answer?.(reply);
        },
      );
    } catch {
      // Every error ends the connection.
    }
    this.#isClosed = true;
    this.#answer?.(undefined);
    this.close();
  }
}
