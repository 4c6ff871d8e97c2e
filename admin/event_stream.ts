/**
 * Sends pages the servers' status, clients' positions and events of the log, as
 * server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html). Without an
 * open page, it only keeps the last events of the log.
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
  maxStreams,
  maxWaitingBytes,
  positionsEveryMs,
  statusEveryMs,
} from "./limits.ts";
import type { ObservedServer } from "./observed_server.ts";
import type { Positions } from "./position_types.ts";
import { LivePositions, snapshot } from "./positions.ts";

export interface EventStreamOptions {
  /** The server of this port. Its clients are on the map. */
  readonly self: ObservedServer;
  /** All servers of this process. */
  readonly servers: readonly ObservedServer[];
  readonly status: () => HerdStatus;
  readonly clock: Clock;
}

/** An event of the log, and its server. */
interface ShownEvent extends ServerEvent {
  readonly server: string;
}

/** Events after which the status is sent early. */
const linkEvents = new Set(["link up", "link down", "caught up"]);

/** The event streams of one server's pages. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #subscribers = new Set<Subscriber>();
  readonly #events: ShownEvent[] = [];
  readonly #stopObserving: (() => void)[];
  readonly #positions = new LivePositions();
  /** Stops the updates that run while a page is open. */
  #stopUpdates: (() => void) | undefined;
  #cancelScheduledStatus: (() => void) | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#stopObserving = options.servers.map((server) =>
      server.observeEvents((event) => this.#onEvent(server.name, event))
    );
  }

  /** Opens a stream; undefined if there are `maxStreams` already. */
  subscribe(): ReadableStream<Uint8Array> | undefined {
    if (this.#subscribers.size >= maxStreams) return undefined;
    const { self } = this.#options;
    const { clients } = self.status();
    const subscriber = new Subscriber(
      snapshot(self, clients),
      () => this.#remove(subscriber),
    );
    this.#subscribers.add(subscriber);
    this.#stopUpdates ??= this.#startUpdates();
    const hello = { version: statusVersion, self: self.name };
    subscriber.send(formatEvent("hello", hello));
    subscriber.send(formatEvent("status", this.#options.status()));
    for (const event of this.#events) {
      subscriber.send(formatEvent("log", event));
    }
    return subscriber.stream;
  }

  /** Ends all streams. */
  close(): void {
    for (const subscriber of [...this.#subscribers]) subscriber.close();
    for (const stop of this.#stopObserving) stop();
    this.#cancelScheduledStatus?.();
  }

  #onEvent(server: string, event: ServerEvent): void {
    // Debug events of every connection would displace all others.
    if (event.level === "debug") return;
    const shown = { server, ...event };
    this.#events.push(shown);
    if (this.#events.length > keptEvents) this.#events.shift();
    if (this.#subscribers.size === 0) return;
    this.#broadcast("log", shown);
    if (linkEvents.has(event.event)) this.#scheduleStatus();
  }

  /** Starts the regular updates. Returns a function that stops them. */
  #startUpdates(): () => void {
    const { clock, self, status } = this.#options;
    const stops = [
      self.observeReports((report) => this.#positions.add(report)),
      repeat(clock, statusEveryMs, () => this.#broadcast("status", status())),
      repeat(clock, positionsEveryMs, () => this.#sendPositions()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #sendPositions(): void {
    const { clients } = this.#options.self.status();
    const positions = this.#positions.drain(clients);
    if (positions !== undefined) this.#broadcast("positions", positions);
  }

  #scheduleStatus(): void {
    const { clock, status } = this.#options;
    this.#cancelScheduledStatus ??= clock.after(linkChangeMs, () => {
      this.#cancelScheduledStatus = undefined;
      this.#broadcast("status", status());
    });
  }

  #broadcast(event: string, data: unknown): void {
    const bytes = formatEvent(event, data);
    for (const subscriber of [...this.#subscribers]) subscriber.send(bytes);
  }

  #remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#stopUpdates?.();
    this.#stopUpdates = undefined;
  }
}

class Subscriber {
  readonly stream: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly #onEnd: () => void;
  #hasEnded = false;

  /** @param pieces The snapshot, sent as fast as the page reads. */
  constructor(pieces: AsyncIterator<Positions>, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: async () => {
        try {
          const piece = await pieces.next();
          if (piece.done !== true) {
            this.send(formatEvent("positions", piece.value));
          }
        } catch (error) {
          this.#fail(error);
        }
      },
      cancel: () => this.#end(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: comfortableBytes }));
  }

  /** Sends bytes. A page that does not read is disconnected, and reconnects. */
  send(bytes: Uint8Array): void {
    if (this.#hasEnded) return;
    this.#controller.enqueue(bytes);
    const waiting = comfortableBytes - (this.#controller.desiredSize ?? 0);
    if (waiting <= maxWaitingBytes) return;
    // This frees the waiting bytes now. The connection ends at the next read.
    this.#fail(new Deno.errors.Interrupted("it does not read"));
  }

  close(): void {
    if (this.#hasEnded) return;
    this.#end();
    this.#controller.close();
  }

  #fail(error: unknown): void {
    if (this.#hasEnded) return;
    this.#end();
    this.#controller.error(error);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#onEnd();
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
