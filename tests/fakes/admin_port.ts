/**
 * An administration port that serves the real page and map, and sends the
 * events of a test on `/events`.
 *
 * @module
 */
import type { EventStream } from "../../admin/event_stream.ts";
import { pageFiles } from "../../admin/page.ts";
import { readPosition } from "../../admin/positions.ts";
import { answer, type SiteOptions } from "../../admin/site.ts";
import { escapeBytes } from "../../log/escape.ts";
import { type ByteString, textOfBytes } from "../../protocol/bytes.ts";
import { fakeStatus } from "./herd_status.ts";
import { historySite, importSite, MemoryHistory } from "./memory_history.ts";

export class FakeAdminPort implements AsyncDisposable {
  /** The newest AT lines by client, for `/client.json`. */
  readonly lines = new Map<ByteString, ByteString>();
  /** What is recorded, for `/history.json`. */
  history = new MemoryHistory([]);
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #onStream: (() => void) | undefined;

  constructor() {
    const site: SiteOptions = {
      files: pageFiles,
      find: (client) => this.lines.get(client),
      forget: () => Promise.resolve("full"),
      findShown: (shown) =>
        Promise.resolve(
          [...this.lines.values()].find((line) =>
            readPosition(line)[0] === shown
          ),
        ),
      escapeWhole: (id) => Promise.resolve(textOfBytes(escapeBytes(id))),
      status: fakeStatus,
      self: () => fakeStatus().servers[0],
      metrics: () => Promise.resolve(""),
      history: {
        ...historySite({ read: (query) => this.history.read(query) }),
        now: () => ({ seconds: 1_520_024_000, nanoseconds: 0 }),
      },
      imports: importSite(),
      // The only method that a site calls.
      events: { subscribe: () => this.#listen() } as unknown as EventStream,
    };
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => answer(request, { names: [] }, site),
    );
  }

  /** The address of the page. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Resolves when a page has subscribed to the events. */
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

  #listen(): ReadableStream<Uint8Array> {
    let controller: ReadableStreamDefaultController<Uint8Array>;
    return new ReadableStream<Uint8Array>({
      start: (started) => {
        controller = started;
        this.#streams.add(controller);
        this.#onStream?.();
      },
      cancel: () => {
        this.#streams.delete(controller);
      },
    });
  }
}
