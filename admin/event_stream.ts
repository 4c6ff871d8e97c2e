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
import type { Positions } from "./position_types.ts";
import { LivePositions, snapshot } from "./positions.ts";

/** What is shown. */
export interface EventStreamOptions {
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
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #subscribers = new Set<Subscriber>();
  readonly #events: ShownEvent[] = [];
  readonly #stopObserving: (() => void)[];
  readonly #positions = new LivePositions();
  /** Ends what happens only while somebody looks. */
  #stopUpdates: (() => void) | undefined;
  #cancelScheduledStatus: (() => void) | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#stopObserving = options.servers.map((server) =>
      server.observeEvents((event) => this.#onEvent(server.name, event))
    );
  }

  /** What another page is shown; undefined if too many look already. */
  subscribe(): ReadableStream<Uint8Array> | undefined {
    if (this.#subscribers.size >= maxListeners) return undefined;
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
    // Every client that comes and goes would leave no room for anything else.
    if (event.level === "debug") return;
    const shown = { server, ...event };
    this.#events.push(shown);
    if (this.#events.length > keptEvents) this.#events.shift();
    if (this.#subscribers.size === 0) return;
    this.#broadcast("log", shown);
    if (linkEvents.has(event.event)) this.#scheduleStatus();
  }

  /** Shows what is to be shown regularly. Returns how to call it off. */
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

/** One page. */
class Subscriber {
  readonly stream: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly #onGone: () => void;
  #isGone = false;

  /** @param pieces What it is shown as fast as it can take it. */
  constructor(pieces: AsyncIterator<Positions>, onGone: () => void) {
    this.#onGone = onGone;
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
      cancel: () => this.#leave(),
    }, new ByteLengthQueuingStrategy({ highWaterMark: comfortableBytes }));
  }

  /** A page that does not read is disconnected: it comes back and begins anew. */
  send(bytes: Uint8Array): void {
    if (this.#isGone) return;
    this.#controller.enqueue(bytes);
    const waiting = comfortableBytes - (this.#controller.desiredSize ?? 0);
    if (waiting <= maxWaitingBytes) return;
    // What waits for it goes at once; the connection, when it reads again.
    this.#fail(new Deno.errors.Interrupted("it does not read"));
  }

  close(): void {
    if (this.#isGone) return;
    this.#leave();
    this.#controller.close();
  }

  #fail(error: unknown): void {
    if (this.#isGone) return;
    this.#leave();
    this.#controller.error(error);
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
