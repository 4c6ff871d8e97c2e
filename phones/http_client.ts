/**
 * A client of HTTP/1.1 on one connection. Requests may overlap; answers come in
 * order. It takes what the gateways of a herd send, and nothing else: answers
 * with a length, on connections that are kept.
 *
 * @module
 */
import { DisconnectedError } from "../client/types.ts";
import {
  allocateBuffer,
  type ByteString,
  decodeBytes,
} from "../protocol/bytes.ts";
import {
  closeQuietly,
  type Transport,
  writeAll,
} from "../runtime/transport.ts";

/** An answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: ByteString;
}

/** Size of the buffer for reading, in bytes: enough for the places of a query. */
const bufferBytes = 16 * 1024;

/** A connection. */
export class HttpClient {
  readonly #transport: Transport;
  readonly #waiting: PromiseWithResolvers<HttpAnswer>[] = [];
  readonly #reading: Promise<void>;
  #writing: Promise<void> = Promise.resolve();
  #received: ByteString = "";
  #end: DisconnectedError | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#reading = this.#read();
  }

  /**
   * Sends a request. Rejects with a DisconnectedError if the connection ends
   * first.
   *
   * @param start Method and target: `GET /position/a`.
   * @param body Its JSON, if it has one.
   */
  request(start: ByteString, body?: ByteString): Promise<HttpAnswer> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const fields = body === undefined
      ? ""
      : `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const text = `${start} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n` +
      (body ?? "");
    const answer = Promise.withResolvers<HttpAnswer>();
    this.#waiting.push(answer);
    this.#writing = this.#writing
      .then(() => writeAll(this.#transport, text))
      .catch((cause) => this.#disconnect(cause));
    return answer.promise;
  }

  /** Closes the connection after the last answer. */
  async close(): Promise<void> {
    try {
      await this.#writing;
      await this.#transport.closeWrite();
    } catch {
      // The connection has ended. Reading rejects the requests.
    }
    await this.#reading;
    closeQuietly(this.#transport);
  }

  /** Closes the connection at once. */
  abort(): void {
    this.#disconnect(undefined);
    closeQuietly(this.#transport);
  }

  async #read(): Promise<void> {
    const buffer = allocateBuffer(bufferBytes);
    try {
      let count;
      while ((count = await this.#transport.read(buffer)) !== null) {
        this.#received += decodeBytes(buffer, 0, count);
        this.#takeAnswers();
      }
      this.#disconnect(undefined);
    } catch (cause) {
      this.#disconnect(cause);
    }
    closeQuietly(this.#transport);
  }

  /** Resolves the requests whose answers are whole. */
  #takeAnswers(): void {
    while (true) {
      const headEnd = this.#received.indexOf("\r\n\r\n");
      if (headEnd < 0) return;
      const head = this.#received.slice(0, headEnd + 2);
      const [, status] = head.match(/^HTTP\/1\.1 (\d{3}) /) ?? [];
      const [, length] = head.match(/\r\ncontent-length: (\d+)\r\n/i) ?? [];
      const answer = this.#waiting[0];
      if (!status || !length || answer === undefined) {
        throw new Error(`no answer of HTTP: ${JSON.stringify(head)}`);
      }
      const start = headEnd + 4;
      const end = start + Number(length);
      if (this.#received.length < end) return;
      const body = this.#received.slice(start, end);
      this.#received = this.#received.slice(end);
      this.#waiting.shift();
      answer.resolve({ status: Number(status), body });
    }
  }

  #disconnect(cause: unknown): void {
    const message = "the connection ended before the answer came";
    this.#end ??= new DisconnectedError(message, { cause });
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}
