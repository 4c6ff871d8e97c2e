/**
 * An administration port that serves the real page and map as the real one
 * does, and says on `/events` what a test tells it to.
 *
 * @module
 */
import type { EventStream } from "../../admin/event_stream.ts";
import { createMap } from "../../admin/map.ts";
import { pageFiles } from "../../admin/page.ts";
import { answer, type SiteOptions } from "../../admin/site.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { fakeStatus } from "./herd_status.ts";

/** The port. */
export class FakeAdminPort implements AsyncDisposable {
  /** The newest AT lines, by client: all that can be found. */
  readonly lines = new Map<ByteString, ByteString>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #onStream: (() => void) | undefined;

  constructor() {
    const site: SiteOptions = {
      files: pageFiles,
      map: () => Promise.resolve(createMap()),
      find: (client) => this.lines.get(client),
      status: fakeStatus,
      self: () => fakeStatus().servers[0],
      metrics: () => Promise.resolve(""),
      // All that a site asks of it.
      events: { subscribe: () => this.#listen() } as unknown as EventStream,
    };
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => answer(request, [], site),
    );
  }

  /** Where the page is. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
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
