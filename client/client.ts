/**
 * A typed client of one server: sends reports and queries, and reads the
 * answers.
 *
 * @module
 */
import { textOfBytes } from "../protocol/bytes.ts";
import type { Verb } from "../protocol/command.ts";
import { readCertificates } from "../runtime/certificates.ts";
import {
  closeQuietly,
  EncryptionError,
  type Transport,
  writeAll,
} from "../runtime/transport.ts";
import { checkAddress } from "./address.ts";
import { open } from "./open.ts";
import {
  commandLine,
  type OperandValues,
  readAt,
  withTime,
} from "./operands.ts";
import { type Reply, ReplyReader } from "./replies.ts";
import {
  type Address,
  type At,
  DisconnectedError,
  InvalidCommandError,
  type NearbyAnswer,
  type NearbyQuery,
  type PositionReport,
} from "./types.ts";

type Timer = ReturnType<typeof setTimeout> | undefined;

/** A request that waits for its reply. */
interface PendingReply {
  /** Ends the connection if the reply takes too long. */
  readonly timer: Timer;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A connection to one server of the herd. Requests may overlap; replies come
 * in order.
 *
 * ```ts
 * import { HerdClient } from "./mod.ts";
 *
 * await using client = await HerdClient.connect({ port: 8000 });
 * await client.report({
 *   client: "kiwi",
 *   position: { latitude: 34.06893, longitude: -118.445127 },
 * });
 * const { results } = await client.nearby({
 *   client: "kiwi",
 *   radiusKm: 10,
 *   bound: 5,
 * });
 * for (const { name, vicinity } of results) console.log(name, vicinity);
 * ```
 */
export class HerdClient implements AsyncDisposable {
  readonly #transport: Transport;
  readonly #timeoutMs: number;
  readonly #waiting: PendingReply[] = [];
  readonly #replies = new ReplyReader();
  readonly #reading: Promise<void>;
  #writing: Promise<void> = Promise.resolve();
  #end: Error | undefined;

  private constructor(transport: Transport, timeoutMs: number) {
    this.#transport = transport;
    this.#timeoutMs = timeoutMs;
    this.#reading = this.#read();
  }

  /**
   * Connects to a server. Needs permission for the network.
   *
   * @throws {Deno.errors.ConnectionRefused} If nothing listens at the address.
   * @throws {EncryptionError} If the server does not speak TLS, or its
   * certificate is not for this host or not of this authority.
   * @throws {CertificateError} If `tlsAuthority` does not consist of
   * certificates, or `tlsCertificate` or `tlsKey` is invalid.
   * @throws {DisconnectedError} If connecting takes longer than `timeoutMs`.
   * @throws {RangeError} If the port or `timeoutMs` is out of range, or a part
   * of TLS is missing.
   */
  static async connect(address: Address): Promise<HerdClient> {
    checkAddress(address);
    const { timeoutMs = Infinity, tlsAuthority } = address;
    if (tlsAuthority !== undefined) {
      readCertificates(tlsAuthority, "authority");
    }
    const late = new AbortController();
    const timer = startTimer(timeoutMs, (error) => late.abort(error));
    try {
      return new HerdClient(await open(address, late.signal), timeoutMs);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Reports a client's position.
   *
   * @throws {RangeError} If a field is invalid. The message names it.
   * @throws {DisconnectedError} If the connection ends before the answer.
   */
  async report(report: PositionReport): Promise<At> {
    return readAt((await this.#request("IAMAT", withTime(report))).line);
  }

  /**
   * Queries what is near a client.
   *
   * @throws {RangeError} If a field is invalid. The message names it.
   * @throws {InvalidCommandError} If the server has no report of the client.
   * @throws {DisconnectedError} If the connection ends before the answer.
   */
  async nearby(query: NearbyQuery): Promise<NearbyAnswer> {
    const reply = await this.#request("WHATSAT", query);
    const text = textOfBytes(reply.text);
    const { results, status } = JSON.parse(text);
    return { at: readAt(reply.line), text, status, results };
  }

  /** Closes the connection when all requests are answered. */
  async close(): Promise<void> {
    try {
      await this.#writing;
      await this.#transport.closeWrite();
    } catch {
      // The connection has ended. Reading rejects the pending requests.
    }
    await this.#reading;
    closeQuietly(this.#transport);
  }

  /** Closes the connection at once. Pending requests reject. */
  abort(): void {
    this.#disconnect(ended());
    closeQuietly(this.#transport);
  }

  /** Calls `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #request<Each extends Verb>(
    verb: Each,
    values: OperandValues<Each>,
  ): Promise<Reply> {
    const line = commandLine(verb, values);
    if (this.#end !== undefined) throw this.#end;
    return await new Promise((resolve, reject) => {
      const timer = startTimer(this.#timeoutMs, (error) => {
        this.#disconnect(error);
        closeQuietly(this.#transport);
      });
      this.#waiting.push({ timer, resolve, reject });
      this.#replies.expect(verb);
      this.#writing = this.#writing
        .then(() => writeAll(this.#transport, line + "\n"))
        .catch((error) => this.#disconnect(ended(error)));
    });
  }

  async #read(): Promise<void> {
    try {
      await this.#replies.readAll(
        this.#transport,
        (reply) => this.#resolveNext(reply),
      );
      this.#disconnect(ended());
    } catch (error) {
      this.#disconnect(ended(error));
    }
  }

  #resolveNext(reply: Reply): void {
    const waiting = this.#waiting.shift();
    clearTimeout(waiting?.timer);
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

  #disconnect(error: DisconnectedError): void {
    this.#end ??= error;
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(this.#end);
    }
  }
}

function ended(cause?: unknown): DisconnectedError {
  const reason = cause instanceof EncryptionError ? `: ${cause.message}` : "";
  return new DisconnectedError(
    `the connection ended before the answer came${reason}`,
    { cause },
  );
}

/** Calls back after `timeoutMs`; never if it is `Infinity`. */
function startTimer(
  timeoutMs: number,
  onLate: (error: DisconnectedError) => void,
): Timer {
  if (timeoutMs === Infinity) return undefined;
  const error = new DisconnectedError(
    `the server did not answer within ${timeoutMs} ms`,
  );
  return setTimeout(() => onLate(error), timeoutMs);
}
