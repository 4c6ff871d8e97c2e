/**
 * Requests to an administration port. They are not part of the recorded wire.
 *
 * @module
 */

/** The server's end of a connection for one request. */
export class HttpExchange {
  readonly remoteAddr: Deno.NetAddr = {
    transport: "tcp",
    hostname: "127.0.0.1",
    port: 1,
  };
  #unread: Uint8Array;
  #wake: (() => void) | undefined;
  #isOver = false;
  readonly #response = Promise.withResolvers<Response>();
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(request: Request) {
    const { headers, method, url } = request;
    const { host, pathname, search } = new URL(url);
    const lines = [
      `${method} ${pathname}${search} HTTP/1.1`,
      `host: ${headers.get("host") ?? host}`,
      // The server ends the body by closing.
      "connection: close",
    ];
    this.#unread = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  }

  /** Resolves when the head has arrived. */
  get response(): Promise<Response> {
    return this.#response.promise;
  }

  async read(target: Uint8Array): Promise<number | null> {
    while (this.#unread.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#unread.length === 0) return null;
    const bytes = this.#unread.subarray(0, target.length);
    target.set(bytes);
    this.#unread = this.#unread.subarray(bytes.length);
    return bytes.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#isOver) {
      return Promise.reject(new Deno.errors.BrokenPipe("Broken pipe"));
    }
    if (this.#body === undefined) this.#readHead(bytes);
    else this.#body.enqueue(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  close(): void {
    this.#end();
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  #readHead(bytes: Uint8Array): void {
    // The server writes the head at once.
    const head = new TextDecoder("latin1").decode(bytes);
    const [first, ...fields] = head.trimEnd().split("\r\n");
    const headers = new Headers();
    for (const field of fields) {
      const colon = field.indexOf(": ");
      headers.append(field.slice(0, colon), field.slice(colon + 2));
    }
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#body = controller),
      cancel: () => this.#end(),
    });
    const status = Number(first.split(" ")[1]);
    this.#response.resolve(new Response(body, { status, headers }));
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake?.();
    try {
      this.#body?.close();
    } catch {
      // The reader has cancelled.
    }
  }
}
