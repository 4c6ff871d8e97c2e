/**
 * A typed client of the herd, for other programs: says where things are, asks
 * what is near them, and reads the answers.
 *
 * @module
 */
import {
  allocateBuffer,
  type ByteString,
  textOfBytes,
} from "../protocol/bytes.ts";
import { formatCommand, isBound, isRadius } from "../protocol/command.ts";
import { LineFramer } from "../protocol/framer.ts";
import { readCertificates } from "../runtime/certificates.ts";
import { SystemClock } from "../runtime/clock.ts";
import { connectSecurely } from "../runtime/secure_transport.ts";
import {
  closeQuietly,
  type Transport,
  writeAll,
} from "../runtime/transport.ts";
import {
  fieldOf,
  numberText,
  positionText,
  readAt,
  timeText,
} from "./operands.ts";
import { maxReplyLineBytes, type Reply, ReplyReader } from "./replies.ts";
import {
  type Address,
  type At,
  DisconnectedError,
  InvalidCommandError,
  type Nearby,
  type Question,
  type Update,
} from "./types.ts";

/** A request that waits for its reply. */
interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

const readBufferBytes = 64 * 1024;

/**
 * A connection to one server of the herd. Requests may overlap; replies come
 * in order.
 *
 * ```ts
 * import { HerdClient } from "../mod.ts";
 *
 * await using client = await HerdClient.connect({ port: 8000 });
 * await client.iamat({
 *   client: "kiwi",
 *   position: { latitude: 34.06893, longitude: -118.445127 },
 * });
 * const { results } = await client.whatsat({
 *   client: "kiwi",
 *   radiusKm: 10,
 *   bound: 5,
 * });
 * for (const { name, vicinity } of results) console.log(name, vicinity);
 * ```
 */
export class HerdClient implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #waiting: Waiting[] = [];
  readonly #replies = new ReplyReader();
  readonly #reading: Promise<void>;
  #writing: Promise<void> = Promise.resolve();
  #end: Error | undefined;

  private constructor(transport: Transport) {
    this.#transport = transport;
    this.#reading = this.#read();
  }

  /**
   * Connects to a server. Needs permission for the network.
   *
   * @throws {Deno.errors.ConnectionRefused} If no server is there.
   * @throws {EncryptionError} If it does not speak TLS, or is not the one that
   * its certificate should be for.
   * @throws {CertificateError} If `tlsAuthority` is not made of certificates.
   */
  static async connect(address: Address): Promise<HerdClient> {
    const { hostname = "127.0.0.1", port, tlsAuthority } = address;
    if (tlsAuthority !== undefined) {
      readCertificates(tlsAuthority, "authority");
    }
    const plain = await Deno.connect({ hostname, port });
    plain.setNoDelay();
    if (tlsAuthority === undefined) return new HerdClient(plain);
    const clock = new SystemClock();
    const secure = connectSecurely(plain, hostname, tlsAuthority, clock);
    await secure.established;
    return new HerdClient(secure);
  }

  /**
   * Reports where a client is.
   *
   * @throws {RangeError} If the update cannot be sent as it is.
   * @throws {DisconnectedError} If the connection ended first.
   */
  async iamat(update: Update): Promise<At> {
    const client = fieldOf(update.client, "client");
    const position = positionText(update.position);
    const time = timeText(update.time);
    const line = formatCommand({ verb: "IAMAT", client, position, time });
    return readAt((await this.#ask(line, false)).line);
  }

  /**
   * Asks what is near a client.
   *
   * @throws {RangeError} If the question cannot be sent as it is.
   * @throws {InvalidCommandError} If the herd has not heard of the client.
   * @throws {DisconnectedError} If the connection ended first.
   */
  async whatsat(question: Question): Promise<Nearby> {
    const client = fieldOf(question.client, "client");
    const radiusKm = numberText(question.radiusKm, "radiusKm", isRadius);
    const bound = numberText(question.bound, "bound", isBound);
    const line = formatCommand({ verb: "WHATSAT", client, radiusKm, bound });
    const reply = await this.#ask(line, true);
    const text = textOfBytes(reply.text);
    const { results, status } = JSON.parse(text);
    return { at: readAt(reply.line), text, status, results };
  }

  /** Says that no more requests come, and closes when all are answered. */
  async close(): Promise<void> {
    try {
      await this.#writing;
      await this.#transport.closeWrite();
    } catch {
      // The connection ended first; the requests that wait are told so.
    }
    await this.#reading;
    closeQuietly(this.#transport);
  }

  /** Closes at once: what is not answered yet will not be. */
  abort(): void {
    this.#disconnect(undefined);
    closeQuietly(this.#transport);
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #ask(line: ByteString, expectsPlaces: boolean): Promise<Reply> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#replies.expect(expectsPlaces);
      this.#writing = this.#writing
        .then(() => writeAll(this.#transport, line + "\n"))
        .catch((error) => this.#disconnect(error));
    });
  }

  async #read(): Promise<void> {
    const framer = new LineFramer(maxReplyLineBytes);
    const buffer = allocateBuffer(readBufferBytes);
    try {
      let count;
      while ((count = await this.#transport.read(buffer)) !== null) {
        framer.push(buffer, count);
        while (framer.next()) {
          const reply = this.#replies.take(framer.line);
          if (reply !== undefined) this.#settle(reply);
        }
      }
      this.#disconnect(undefined);
    } catch (error) {
      this.#disconnect(error);
    }
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.shift();
    if (reply.line.startsWith("AT ")) {
      waiting?.resolve(reply);
    } else {
      waiting?.reject(
        new InvalidCommandError(
          `the server answered ${textOfBytes(reply.line)}`,
        ),
      );
    }
  }

  #disconnect(cause: unknown): void {
    this.#end ??= new DisconnectedError(
      "the connection ended before the answer came",
      { cause },
    );
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}
