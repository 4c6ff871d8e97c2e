/**
 * Sends pages the servers' status, clients' positions and events of the log, as
 * server-sent events
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html). Without an
 * open page, it only keeps the last events of the log.
 *
 * @module
 */
import type { Clock } from "../runtime/clock.ts";
import type { LimitName } from "../runtime/limit_counts.ts";
import type { ServerEvent } from "../server/status/status.ts";
import { type HerdStatus, statusVersion } from "../server/status/status.ts";
import {
  comfortableBytes,
  eventsEveryMs,
  keptEvents,
  linkChangeMs,
  maxStreams,
  maxWaitingBytes,
  positionsEveryMs,
  statusEveryMs,
} from "./limits.ts";
import { withoutExamples } from "./examples.ts";
import type { ObservedServer } from "./observed_server.ts";
import type { Positions } from "./position_types.ts";
import { LivePositions, snapshot } from "./positions.ts";
import { shortenEvent } from "./shown_event.ts";
import { WorkQueue } from "./work_queue.ts";

export interface EventStreamOptions {
  /** The server of this port. Its clients are on the map. */
  readonly self: ObservedServer;
  /** All servers of this process. */
  readonly servers: readonly ObservedServer[];
  readonly status: () => HerdStatus;
  readonly clock: Clock;
  /** The work of all ports of the process; by default that of this one. */
  readonly work?: WorkQueue;
  /** Called whenever a limit was reached. */
  readonly onLimit?: (limit: LimitName) => void;
}

/** Events after which the status is sent early. */
const linkEvents = new Set(["link up", "link down", "caught up"]);

/** The event streams of one server's pages. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #subscribers = new Set<Subscriber>();
  readonly #work: WorkQueue;
  readonly #onLimit: (limit: LimitName) => void;
  /** The last events, as they are sent. */
  readonly #events: Uint8Array[] = [];
  /** How many of them were not sent to the open pages. */
  #unsentEvents = 0;
  #cancelScheduledEvents: (() => void) | undefined;
  readonly #stopObserving: (() => void)[];
  readonly #positions = new LivePositions();
  /** How many reports deletions had removed when the oldest stream began. */
  #deletedReports = 0;
  /** Stops the updates that run while a page is open. */
  #stopUpdates: (() => void) | undefined;
  #cancelScheduledStatus: (() => void) | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#work = options.work ?? new WorkQueue(options.clock);
    this.#onLimit = options.onLimit ?? (() => {});
    this.#stopObserving = options.servers.map((server) =>
      server.observeEvents((event) => this.#onEvent(server.name, event))
    );
  }

  /**
   * Opens a stream; undefined if there are `maxStreams` already.
   *
   * @param isValid Is asked before each piece. If it is false, the stream ends.
   * @param seesExamples Whether the page may show what devices have sent.
   */
  subscribe(
    isValid: () => boolean = () => true,
    seesExamples = false,
  ): ReadableStream<Uint8Array> | undefined {
    if (this.#subscribers.size >= maxStreams) {
      this.#onLimit("admin-streams");
      return undefined;
    }
    const { clock, self } = this.#options;
    const { clients, deletedReports } = self.status();
    const subscriber = new Subscriber(
      snapshot(self, clients, clock, this.#work),
      () => this.#remove(subscriber),
      () => this.#onLimit("admin-stream-bytes"),
      isValid,
      seesExamples,
    );
    this.#sendEvents();
    this.#subscribers.add(subscriber);
    this.#stopUpdates ??= this.#startUpdates(deletedReports);
    const hello = { version: statusVersion, self: self.name };
    subscriber.send(formatEvent("hello", hello));
    this.#sendStatusTo([subscriber]);
    for (const event of this.#events) subscriber.send(event);
    return subscriber.stream;
  }

  /** Ends all streams. */
  close(): void {
    this.#endStreams();
    for (const stop of this.#stopObserving) stop();
    this.#cancelScheduledStatus?.();
    this.#cancelScheduledEvents?.();
  }

  #onEvent(server: string, event: ServerEvent): void {
    // Debug events of every connection would displace all others.
    if (event.level === "debug") return;
    this.#events.push(formatEvent("log", shortenEvent(server, event)));
    if (this.#events.length > keptEvents) this.#events.shift();
    if (this.#subscribers.size === 0) return;
    this.#unsentEvents = Math.min(this.#unsentEvents + 1, keptEvents);
    // The first event of a burst is sent at once, the others together.
    if (this.#cancelScheduledEvents === undefined) this.#sendEvents();
    if (linkEvents.has(event.event)) this.#scheduleStatus();
  }

  #sendEvents(): void {
    const unsent = this.#unsentEvents;
    if (unsent === 0) return;
    this.#unsentEvents = 0;
    for (const event of this.#events.slice(-unsent)) this.#send(event);
    this.#cancelScheduledEvents?.();
    this.#cancelScheduledEvents = this.#options.clock.after(
      eventsEveryMs,
      () => {
        this.#cancelScheduledEvents = undefined;
        this.#sendEvents();
      },
    );
  }

  /** Starts the regular updates. Returns a function that stops them. */
  #startUpdates(deletedReports: number): () => void {
    this.#deletedReports = deletedReports;
    const { clock, self } = this.#options;
    const stops = [
      self.observeReports((report) => this.#positions.add(report)),
      repeat(clock, statusEveryMs, () => this.#sendStatus()),
      repeat(clock, positionsEveryMs, () => this.#sendPositions()),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  async #sendStatus(): Promise<void> {
    await this.#work.next();
    if (this.#subscribers.size === 0) return;
    this.#sendStatusTo([...this.#subscribers]);
  }

  #sendStatusTo(subscribers: readonly Subscriber[]): void {
    const status = this.#options.status();
    const reduced = withoutExamples(status);
    const whole = formatEvent("status", status);
    const forViewers = reduced === status
      ? whole
      : formatEvent("status", reduced);
    for (const subscriber of subscribers) {
      subscriber.send(subscriber.seesExamples ? whole : forViewers);
    }
  }

  async #sendPositions(): Promise<void> {
    await this.#work.next();
    const { clients, deletedReports } = this.#options.self.status();
    if (deletedReports !== this.#deletedReports) {
      // Pages open new streams by themselves, whose snapshots lack the clients
      // that were deleted.
      return this.#endStreams();
    }
    for (const part of this.#positions.drain(clients)) {
      this.#send(formatEvent("positions", part));
      await this.#work.next();
    }
  }

  #endStreams(): void {
    for (const subscriber of [...this.#subscribers]) subscriber.close();
  }

  #scheduleStatus(): void {
    const { clock } = this.#options;
    this.#cancelScheduledStatus ??= clock.after(linkChangeMs, () => {
      this.#cancelScheduledStatus = undefined;
      this.#sendStatus();
    });
  }

  #send(bytes: Uint8Array): void {
    for (const subscriber of [...this.#subscribers]) subscriber.send(bytes);
  }

  #remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    if (this.#subscribers.size > 0) return;
    this.#stopUpdates?.();
    this.#stopUpdates = undefined;
    this.#cancelScheduledEvents?.();
    this.#cancelScheduledEvents = undefined;
    this.#unsentEvents = 0;
  }
}

class Subscriber {
  readonly stream: ReadableStream<Uint8Array>;
  readonly seesExamples: boolean;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly #onEnd: () => void;
  readonly #onLimit: () => void;
  readonly #isValid: () => boolean;
  #hasEnded = false;

  /** @param pieces The snapshot, sent as fast as the page reads. */
  constructor(
    pieces: AsyncIterator<Positions>,
    onEnd: () => void,
    onLimit: () => void,
    isValid: () => boolean,
    seesExamples: boolean,
  ) {
    this.#isValid = isValid;
    this.seesExamples = seesExamples;
    this.#onEnd = onEnd;
    this.#onLimit = onLimit;
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
    if (!this.#isValid()) return this.close();
    this.#controller.enqueue(bytes);
    const waiting = comfortableBytes - (this.#controller.desiredSize ?? 0);
    if (waiting <= maxWaitingBytes) return;
    this.#onLimit();
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
