/**
 * An administration port that serves the real page and map, and says on
 * `/events` what a test tells it to.
 *
 * @module
 */
import { createMap } from "../../admin/map.ts";
import { pageFiles } from "../../admin/page.ts";

/** What the page may do: nothing but with the port that it came from. */
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; " +
  "style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The port. */
export class FakeAdminPort implements AsyncDisposable {
  /** Paths that were asked for. */
  readonly paths: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #onStream: (() => void) | undefined;

  constructor(port = 0) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) => this.#answer(new URL(request.url).pathname),
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Resolves when a page follows the events. */
  async followed(): Promise<void> {
    while (this.#streams.size === 0) {
      await new Promise<void>((resolve) => this.#onStream = resolve);
    }
  }

  /** Sends an event to every page. */
  send(event: string, data: unknown): void {
    const bytes = new TextEncoder().encode(
      `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
    );
    for (const stream of this.#streams) stream.enqueue(bytes);
  }

  /** Ends the streams of all pages. */
  endStreams(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.endStreams();
    await this.#server.shutdown();
  }

  #answer(path: string): Response {
    this.paths.push(path);
    if (path === "/events") return this.#follow();
    const file = path === "/map.json"
      ? { contentType: "application/json", text: createMap() }
      : pageFiles.get(path);
    if (file === undefined) return new Response("not found", { status: 404 });
    return respond(file.text, file.contentType);
  }

  #follow(): Response {
    let controller: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({
      start: (started) => {
        controller = started;
        this.#streams.add(controller);
        this.#onStream?.();
      },
      cancel: () => {
        this.#streams.delete(controller);
      },
    });
    return respond(stream, "text/event-stream");
  }
}

function respond(body: BodyInit, contentType: string): Response {
  return new Response(body, {
    headers: {
      "cache-control": "no-store",
      "content-security-policy": contentSecurityPolicy,
      "content-type": contentType,
      "x-content-type-options": "nosniff",
    },
  });
}
