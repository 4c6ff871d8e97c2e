/**
 * Sends input to a server and prints its answers, unchanged in both directions.
 *
 * @module
 */
import { formatCount } from "../cli/numbers.ts";
import { ReplyReader } from "../client/replies.ts";
import { allocateBuffer } from "../protocol/bytes.ts";
import { parseCommand } from "../protocol/command.ts";
import { LineFramer } from "../protocol/framer.ts";
import type { Clock } from "../runtime/clock.ts";
import { SetupError, setupError } from "../runtime/setup_error.ts";
import {
  closeQuietly,
  isConnectionEnd,
  type Transport,
  writeAllBytes,
} from "../runtime/transport.ts";

/** Options of an exchange. */
export interface ExchangeOptions {
  /** The server, for messages. */
  readonly address: string;
  /** Possible reasons if the server closes without an answer. */
  readonly closedHint: string;
  readonly clock: Clock;
  /**
   * Longest wait for the server to read the input, and for its next bytes when
   * the input has ended, in milliseconds; `Infinity` for no limit.
   */
  readonly timeoutMs: number;
  /** Prints received bytes. May throw. */
  readonly print: (bytes: Uint8Array) => Promise<void>;
}

/**
 * Sends input and prints answers until the server closes the connection, or
 * until it has answered everything and is silent. Closes the connection.
 *
 * @throws {SetupError} If the connection fails, the server closes it before it
 * has answered every line, or is silent for too long.
 */
export async function exchange(
  connection: Transport,
  input: AsyncIterable<Uint8Array>,
  options: ExchangeOptions,
): Promise<void> {
  await new Exchange(connection, options).run(input);
}

class Exchange {
  readonly #connection: Transport;
  readonly #options: ExchangeOptions;
  readonly #framer = new LineFramer();
  readonly #replies = new ReplyReader();
  #cancelTimeout: (() => void) | undefined;
  /** Whether the server has to read or to answer. */
  #isServerDue = false;
  #hasInputEnded = false;
  #hasReceived = false;
  #isLate = false;

  constructor(connection: Transport, options: ExchangeOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async run(input: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      // The server may close the connection before the input ends.
      await Promise.race([
        this.#receive(),
        this.#send(input).then(() => new Promise<never>(() => {})),
      ]);
      this.#checkEnd();
    } finally {
      this.#isServerDue = false;
      this.#stopTimer();
      closeQuietly(this.#connection);
    }
  }

  async #send(input: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of input) {
      this.#expectReplies(bytes);
      this.#isServerDue = true;
      this.#startTimer();
      try {
        await writeAllBytes(this.#connection, bytes);
      } catch (error) {
        // `#receive` reports the end of the connection after all output.
        if (isConnectionEnd(error)) return;
        throw this.#lost(error);
      }
      this.#isServerDue = false;
      this.#stopTimer();
    }
    this.#hasInputEnded = true;
    if (this.#framer.end()) this.#expectReply();
    this.#isServerDue = true;
    this.#startTimer();
    // The connection may have ended already.
    await this.#connection.closeWrite().catch(() => {});
  }

  #expectReplies(bytes: Uint8Array): void {
    const framer = this.#framer;
    const wasTooLong = framer.tooLong !== undefined;
    framer.push(bytes, bytes.length);
    while (framer.next()) this.#expectReply();
    // The server answers this line, and then closes the connection.
    if (framer.tooLong !== undefined && !wasTooLong) {
      this.#replies.expect(undefined);
    }
  }

  #expectReply(): void {
    this.#replies.expect(parseCommand(this.#framer.line)?.verb);
  }

  async #receive(): Promise<void> {
    const read = (buffer: Uint8Array) => this.#read(buffer);
    try {
      await this.#replies.readAll({ read }, () => {});
    } catch (error) {
      if (error instanceof ConnectionError) throw this.#lost(error.cause);
      // All bytes were printed, though a line was too long to be a reply.
      if (!(error instanceof RangeError)) throw error;
      const buffer = allocateBuffer(readBufferBytes);
      while (await this.#read(buffer) !== null);
    }
  }

  /** Reads and prints bytes. */
  async #read(buffer: Uint8Array): Promise<number | null> {
    let count;
    try {
      count = await this.#connection.read(buffer);
    } catch (cause) {
      if (this.#isLate) return null;
      throw new ConnectionError("the connection was lost", { cause });
    }
    if (count === null) return null;
    if (!this.#hasReceived && isTlsRecord(buffer[0])) return null;
    this.#hasReceived = true;
    // The wait for the output does not count against the server.
    this.#stopTimer();
    await this.#options.print(buffer.subarray(0, count));
    this.#startTimer();
    return count;
  }

  /** Throws if an answer is missing. */
  #checkEnd(): void {
    const { address, closedHint, timeoutMs } = this.#options;
    const { pending } = this.#replies;
    // A server that refuses a certificate just closes the connection.
    if (this.#connection.wasTruncated && this.#hasReceived) {
      throw new SetupError(
        `${address} ended the connection without closing TLS; it may have ` +
          "revoked the certificate, or have failed: its log has the reason",
      );
    }
    if (this.#isLate) {
      if (this.#hasInputEnded && pending === 0) return;
      throw new SetupError(
        `no answer from ${address} within ${timeoutMs / 1000} s`,
      );
    }
    if (pending === 0) return;
    throw new SetupError(
      this.#hasReceived
        ? `${address} closed the connection before it had answered ` +
          formatCount(pending, "line")
        : `${address} closed the connection without an answer; ${closedHint}`,
    );
  }

  #lost(error: unknown): SetupError {
    const { address, closedHint } = this.#options;
    const lost = setupError(`the connection to ${address} was lost`, error);
    return this.#hasReceived
      ? lost
      : new SetupError(`${lost.message}; ${closedHint}`, { cause: error });
  }

  /** Restarts the time-out, if the server has to read or to answer. */
  #startTimer(): void {
    this.#stopTimer();
    const { clock, timeoutMs } = this.#options;
    if (!this.#isServerDue || timeoutMs === Infinity) return;
    this.#cancelTimeout = clock.after(timeoutMs, () => {
      this.#isLate = true;
      // This ends the read.
      closeQuietly(this.#connection);
    });
  }

  #stopTimer(): void {
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
  }
}

/** Size of the buffer for bytes that are not part of a reply. */
const readBufferBytes = 64 * 1024;

/** The connection failed; `cause` is the error of the system. */
class ConnectionError extends Error {}

/** Whether a stream that begins with this byte is TLS: an alert, a handshake. */
function isTlsRecord(first: number): boolean {
  return first === 0x15 || first === 0x16;
}
