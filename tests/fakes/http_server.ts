/**
 * A real HTTP server on a free port, whose answers and faults a test
 * determines. It implements HTTP itself, with one request for each connection,
 * as servers from libraries cannot produce these faults.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import {
  allocateBuffer,
  bytesOfText,
  decodeBytes,
  encodeBytes,
} from "../../protocol/bytes.ts";
import { writeAll } from "../../runtime/transport.ts";

/** A request that was received. */
export interface FakeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: ByteString;
}

/** What to do with a connection after its request was read. */
export type Reply = (connection: Deno.Conn) => Promise<void>;

/** A complete response, with its body in UTF-8. */
export function respond(
  body: string,
  status = 200,
  headers: Record<string, string> = {},
): Reply {
  const bytes = bytesOfText(body);
  return raw(
    head(status, { "content-length": String(bytes.length), ...headers }) +
      bytes,
  );
}

/** A response that is shorter than its content length. */
export function cutOff(body: string): Reply {
  return respond(body, 200, { "content-length": String(body.length + 999) });
}

/** Any bytes, and then the end of the stream. */
export function raw(bytes: ByteString): Reply {
  return (connection) => writeAll(connection, bytes);
}

/** No response while the other side waits. */
export const hang: Reply = async (connection) => {
  await untilClosed(connection);
};

/** A response that is sent byte by byte, as long as it is read. */
export const drip: Reply = async (connection) => {
  await writeAll(connection, head(200, { "content-length": "1000000" }));
  // Writing fails when the other side has closed.
  while (true) {
    await writeAll(connection, " ");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};

function head(status: number, headers: Record<string, string>): ByteString {
  const lines = Object.entries({ connection: "close", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`;
}

async function untilClosed(connection: Deno.Conn): Promise<void> {
  const buffer = allocateBuffer(64);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // A reset has the same effect.
  }
}

/** The server. */
export class FakeHttpServer implements AsyncDisposable {
  /** The requests that were received. */
  readonly requests: FakeRequest[] = [];
  /** How many of the next connections are reset before they are read. */
  resets = 0;
  readonly #answer: (request: FakeRequest) => Reply;
  readonly #listener: Deno.TcpListener;
  readonly #serving = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  #waiters: (() => void)[] = [];
  #connections = 0;

  /** @param port Its port, if that must be known before. */
  constructor(answer: (request: FakeRequest) => Reply, port = 0) {
    this.#answer = answer;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#accepting = this.#acceptAll();
  }

  /** Connections that were accepted, including those that were reset. */
  get connections(): number {
    return this.#connections;
  }

  /** `127.0.0.1:port` */
  get host(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** `http://127.0.0.1:port` */
  get url(): string {
    return `http://${this.host}`;
  }

  /** Resolves when `count` requests were received. */
  async asked(count: number): Promise<void> {
    while (this.requests.length < count) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async #acceptAll(): Promise<void> {
    try {
      while (true) {
        const connection = await this.#listener.accept();
        const serving = this.#serve(connection)
          .catch(() => {})
          .finally(() => this.#serving.delete(serving));
        this.#serving.add(serving);
      }
    } catch {
      // The listener was closed.
    }
  }

  async #serve(transport: Deno.TcpConn): Promise<void> {
    using connection = transport;
    this.#connections += 1;
    if (this.resets > 0) {
      this.resets -= 1;
      // Closing with unread bytes resets the connection.
      await connection.read(new Uint8Array(1));
      return;
    }
    const request = await readRequest(connection);
    this.requests.push(request);
    const reply = this.#answer(request);
    for (const wake of this.#waiters.splice(0)) wake();
    await reply(connection);
  }
}

async function readRequest(connection: Deno.TcpConn): Promise<FakeRequest> {
  const buffer = allocateBuffer(64 * 1024);
  let text: ByteString = "";
  const read = async () => {
    const count = await connection.read(buffer);
    if (count === null) throw new Error("the request is incomplete");
    text += decodeBytes(buffer, 0, count);
  };
  while (!text.includes("\r\n\r\n")) await read();
  const headEnd = text.indexOf("\r\n\r\n");
  const [line, ...fields] = text.slice(0, headEnd).split("\r\n");
  const [method, target] = line.split(" ");
  const headers = new Headers(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  const start = headEnd + 4;
  const length = Number(headers.get("content-length") ?? 0);
  while (text.length < start + length) await read();
  const url = new URL(target, "http://fake");
  return { method, url, headers, body: text.slice(start) };
}

/** The bytes of a byte string, gzipped. */
export async function gzip(bytes: ByteString): Promise<ByteString> {
  const stream = new Blob([new Uint8Array(encodeBytes(bytes))]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  const zipped = await new Response(stream).bytes();
  let text: ByteString = "";
  for (const byte of zipped) text += String.fromCharCode(byte);
  return text;
}
