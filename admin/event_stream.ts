/**
 * Shows pages what happens, as server-sent events: how the servers are, where
 * clients are, what the log says. Costs next to nothing while nobody looks.
 *
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html)
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";
import type { ServerEvent } from "../server/status/status.ts";
import { type HerdStatus, statusVersion } from "../server/status/status.ts";
import {
  comfortableBytes,
  keptEvents,
  linkChangeMs,
  maxListeners,
  maxWaitingBytes,
  positionsEveryMs,
  statusEveryMs,
} from "./limits.ts";
import type { ObservedServer } from "./observed_server.ts";
import { LivePositions, type Positions, snapshot } from "./positions.ts";

/** What is shown. */
export interface LiveOptions {
  /** The server whose port it is: its clients are on the map. */
  readonly self: ObservedServer;
  /** All servers of this process. */
  readonly servers: readonly ObservedServer[];
  readonly status: () => HerdStatus;
  readonly clock: Clock;
}

/** An event of the log, and whose. */
interface ShownEvent extends ServerEvent {
  readonly server: string;
}

/** Events after which pages should know at once how the links are. */
const linkEvents = new Set(["link up", "link down", "caught up"]);

/** The pages that look at one server. */
export class Live {
  readonly #options: LiveOptions;
  readonly #listeners = new Set<Listener>();
  readonly #events: ShownEvent[] = [];
  readonly #stopWatching: (() => void)[];
  readonly #positions = new LivePositions();
  /** Ends what happens only while somebody looks. */
  #stopShowing: (() => void) | undefined;
  #cancelSoon: (() => void) | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#stopWatching = options.servers.map((server) =>
      server.watchEvents((event) => this.#hear(server.name, event))
    );
  }

  /** What another page is shown; undefined if too many look already. */
  listen(): ReadableStream<Uint8Array> | undefined {
    if (this.#listeners.size >= maxListeners) return undefined;
    const { self } = this.#options;
    const { clients } = self.status();
    const listener = new Listener(
      snapshot(self.lines(), clients),
      () => this.#forget(listener),
    );
    this.#listeners.add(listener);
    this.#stopShowing ??= this.#beginToShow();
    const hello = { version: statusVersion, self: self.name };
    listener.show(formatEvent("hello", hello));
    listener.show(formatEvent("status", this.#options.status()));
    for (const event of this.#events) listener.show(formatEvent("log", event));
    return listener.stream;
  }

  /** Ends all streams. */
  close(): void {
    for (const listener of [...this.#listeners]) listener.close();
    for (const stop of this.#stopWatching) stop();
    this.#cancelSoon?.();
  }

  #hear(server: string, event: ServerEvent): void {
    // Every client that comes and goes would leave no room for anything else.
    if (event.level === "debug") return;
    const shown = { server, ...event };
    this.#events.push(shown);
    if (this.#events.length > keptEvents) this.#events.shift();
    if (this.#listeners.size === 0) return;
    this.#show("log", shown);
    if (linkEvents.has(event.event)) this.#showStatusSoon();
  }

  /** Shows what is to be shown regularly. Returns how to call it off. */
  #beginToShow(): () => void {
    const { clock, self, status } = this.#options;
    const stops = [
      self.watchReports((report) => this.#positions.hear(report)),
      repeat(clock, statusEveryMs, () => this.#show("status", status())),
      repeat(clock, positionsEveryMs, () => this.#showPositions()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #showPositions(): void {
    const { clients } = this.#options.self.status();
    const positions = this.#positions.take(clients);
    if (positions !== undefined) this.#show("positions", positions);
  }

  #showStatusSoon(): void {
    const { clock, status } = this.#options;
    this.#cancelSoon ??= clock.after(linkChangeMs, () => {
      this.#cancelSoon = undefined;
      this.#show("status", status());
    });
  }

  #show(event: string, data: unknown): void {
    const bytes = formatEvent(event, data);
    for (const listener of [...this.#listeners]) listener.show(bytes);
  }

  #forget(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#stopShowing?.();
    this.#stopShowing = undefined;
  }
}

/** One page. */
class Listener {
  readonly stream: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly #onGone: () => void;
  #isGone = false;

  /** @param pieces What it is shown as fast as it can take it. */
  constructor(pieces: Iterator<Positions>, onGone: () => void) {
    this.#onGone = onGone;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        const piece = pieces.next();
        if (piece.done !== true) {
          this.show(formatEvent("positions", piece.value));
        }
      },
      cancel: () => this.#leave(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: comfortableBytes }));
  }

  /** A page that does not read is disconnected: it comes back and begins anew. */
  show(bytes: Uint8Array): void {
    if (this.#isGone) return;
    this.#controller.enqueue(bytes);
    const waiting = comfortableBytes - (this.#controller.desiredSize ?? 0);
    if (waiting <= maxWaitingBytes) return;
    this.#leave();
    // What waits for it goes at once; the connection, when it reads again.
    this.#controller.error(new Deno.errors.Interrupted("it does not read"));
  }

  close(): void {
    if (this.#isGone) return;
    this.#leave();
    this.#controller.close();
  }

  #leave(): void {
    this.#isGone = true;
    this.#onGone();
  }
}

function formatEvent(event: string, data: unknown): Uint8Array {
  // JSON has no line breaks, so the data is one line.
  const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  return new TextEncoder().encode(text);
}

function repeat(
  clock: Clock,
  everyMs: number,
  callback: () => void,
): () => void {
  let cancel: () => void;
  const wait = () => {
    cancel = clock.after(everyMs, () => {
      wait();
      callback();
    });
  };
  wait();
  return () => cancel();
}
