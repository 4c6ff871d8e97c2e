/**
 * One connection of an HTTP port. It reads one request after another, and does
 * not read while it answers. So the cost of a connection is bounded, whatever
 * the other side sends or reads.
 *
 * @module
 */
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
} from "../protocol/bytes.ts";
import type { Clock } from "./clock.ts";
import {
  headEnd,
  type HttpFault,
  type HttpHead,
  parseHead,
} from "./http_head.ts";
import { reasonPhraseOf } from "./reason_phrases.ts";
import {
  closeQuietly,
  EncryptionError,
  isConnectionEnd,
  lingerAndClose,
  type Transport,
  writeAllBytes,
} from "./transport.ts";

/**
 * Answers requests. Must not reject.
 *
 * @param remote The other side's IP address.
 */
export type HttpHandler = (
  request: Request,
  remote: string,
) => Promise<Response>;

/** Most bytes of the head of a request: as many as common servers accept. */
export const maxHeadBytes = 16 * 1024;

/**
 * How long a connection waits for a whole request, in milliseconds: longer than
 * the usual 15 s between two readings of the metrics.
 */
export const requestMs = 30_000;

/** How long one write may wait for the other side to read, in milliseconds. */
export const writeMs = 30_000;

/** How long a connection is read after its last answer, in milliseconds. */
const lingerMs = 500;

/** Statuses that never have a body (RFC 9110, 6.4.1). */
const bodyless = new Set([204, 304]);

/** One connection. */
export class HttpConnection {
  /** Since when it waits for a request; undefined while it answers one. */
  waitingSinceMs: number | undefined;
  readonly #transport: Transport;
  readonly #remote: string;
  readonly #handler: HttpHandler;
  readonly #clock: Clock;
  readonly #buffer = new Uint8Array(4 * 1024);
  /** What was read and is not parsed yet. */
  #received: ByteString = "";
  /** The read that is under way. */
  #reading: Promise<number | null> | undefined;
  #body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #isStopping = false;

  /** @param remote The other side's IP address. */
  constructor(
    transport: Transport,
    remote: string,
    handler: HttpHandler,
    clock: Clock,
  ) {
    this.#transport = transport;
    this.#remote = remote;
    this.#handler = handler;
    this.#clock = clock;
  }

  /** Answers requests until the connection ends. Never rejects. */
  async run(): Promise<void> {
    try {
      while (await this.#serveOne());
      await lingerAndClose(
        this.#transport,
        this.#clock,
        lingerMs,
        this.#reading?.catch(() => {}),
      );
    } catch (error) {
      // A handshake that fails concerns only the other side.
      const isExpected = isConnectionEnd(error) ||
        error instanceof EncryptionError;
      if (!isExpected) console.error(error);
    } finally {
      closeQuietly(this.#transport);
    }
  }

  /** Ends after the answer that is under way, or at once if there is none. */
  stop(): void {
    this.#isStopping = true;
    if (this.waitingSinceMs !== undefined) this.close();
  }

  /** Ends at once. */
  close(): void {
    // A body ends before the transport, so that its source notices.
    this.#body?.cancel().catch(() => {});
    closeQuietly(this.#transport);
  }

  /** Whether another request may follow. */
  async #serveOne(): Promise<boolean> {
    const head = await this.#readHead();
    if (head === undefined) return false;
    if ("status" in head) {
      await this.#send(new Response(`${head.text}\n`, head), false, false);
      return false;
    }
    const { bodyBytes, isPersistent, request } = head;
    const response = await this.#answer(
      bodyBytes === undefined
        ? request
        : new Request(request, { body: this.#bodyOf(bodyBytes) }),
    );
    const isLast = !isPersistent || this.#isStopping;
    return await this.#send(response, request.method === "HEAD", !isLast);
  }

  async #answer(request: Request): Promise<Response> {
    try {
      return await this.#handler(request, this.#remote);
    } catch (error) {
      console.error(error);
      return new Response("internal server error\n", { status: 500 });
    }
  }

  /** The next head; undefined if the other side has ended the connection. */
  async #readHead(): Promise<HttpHead | HttpFault | undefined> {
    this.waitingSinceMs = this.#clock.elapsedMs();
    const cancel = this.#clock.after(requestMs, () => this.close());
    try {
      while (true) {
        // Empty lines before a request are ignored (RFC 9112, 2.2).
        this.#received = this.#received.replace(/^[\r\n]+/, "");
        const end = headEnd(this.#received);
        if (end >= 0 && end <= maxHeadBytes) {
          const head = parseHead(this.#received.slice(0, end));
          this.#received = this.#received.slice(end);
          return head;
        }
        if (end >= 0 || this.#received.length > maxHeadBytes) {
          return { status: 431, text: "the request is too long" };
        }
        if (!await this.#read()) return undefined;
      }
    } finally {
      cancel();
      this.waitingSinceMs = undefined;
    }
  }

  /**
   * A body, which is read from the connection only as the handler reads it. The
   * connection ends after the answer.
   */
  #bodyOf(bodyBytes: number): ReadableStream<Uint8Array> {
    let missing = bodyBytes;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const cancel = this.#clock.after(requestMs, () => this.close());
        try {
          if (this.#received === "" && !await this.#read()) {
            return controller.error(new Error("the body ends too early"));
          }
        } finally {
          cancel();
        }
        const piece = this.#received.slice(0, missing);
        this.#received = this.#received.slice(missing);
        missing -= piece.length;
        controller.enqueue(encodeBytes(piece));
        if (missing === 0) controller.close();
      },
    }, { highWaterMark: 0 });
  }

  /** False if the other side has ended its stream. */
  async #read(): Promise<boolean> {
    this.#reading ??= this.#transport.read(this.#buffer);
    const count = await this.#reading;
    this.#reading = undefined;
    if (count === null) return false;
    this.#received += decodeBytes(this.#buffer, 0, count);
    return true;
  }

  /** Sends an answer. Returns whether another one may follow. */
  async #send(
    response: Response,
    isHead: boolean,
    isPersistent: boolean,
  ): Promise<boolean> {
    const { body, headers, status } = response;
    const isEmpty = body === null && !isHead && !bodyless.has(status);
    if (isEmpty) headers.set("content-length", "0");
    // A body without a length ends with the connection.
    const hasLength = headers.has("content-length") || bodyless.has(status);
    const goesOn = isPersistent && (hasLength || isHead);
    headers.set("date", new Date(this.#nowMs()).toUTCString());
    headers.set("connection", goesOn ? "keep-alive" : "close");
    const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
    const first = `HTTP/1.1 ${status} ${reasonPhraseOf(status)}\r\n`;
    const head = encodeBytes(`${first}${lines.join("")}\r\n`);
    if (body === null || isHead) {
      await body?.cancel();
      await this.#write(head);
    } else {
      await this.#sendBody(head, body, hasLength);
    }
    return goesOn;
  }

  async #sendBody(
    head: Uint8Array,
    body: ReadableStream<Uint8Array>,
    hasLength: boolean,
  ): Promise<void> {
    const reader = body.getReader();
    this.#body = reader;
    // The source of an endless body notices at once that it is not read.
    if (!hasLength) this.#watchForEnd();
    try {
      await this.#write(head);
      for (let piece; !(piece = await reader.read()).done;) {
        await this.#write(piece.value);
      }
    } finally {
      this.#body = undefined;
      await reader.cancel().catch(() => {});
    }
  }

  /** Closes the connection when the other side ends it. */
  #watchForEnd(): void {
    this.#reading ??= this.#transport.read(this.#buffer);
    this.#reading.then(
      (count) => {
        if (count === null) this.close();
      },
      () => this.close(),
    );
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const sink = { write: (rest: Uint8Array) => this.#writeSome(rest) };
    await writeAllBytes(sink, bytes);
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    const cancel = this.#clock.after(writeMs, () => this.close());
    try {
      return await this.#transport.write(bytes);
    } finally {
      cancel();
    }
  }

  #nowMs(): number {
    return this.#clock.now().seconds * 1000;
  }
}
