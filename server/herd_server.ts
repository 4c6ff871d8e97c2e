/**
 * One server of the herd, put together from its rooms. Knows a network, a
 * folder and a places service only as what it was given.
 *
 * @module
 */
import type { LogFailure } from "../log/appender.ts";
import { emitLogFailure, type OnLogFailure } from "../log/events.ts";
import type { LogWriter } from "../log/log_writer.ts";
import { describeParts } from "./describe_status.ts";
import type { Budget } from "../places/budget.ts";
import { Places } from "../places/places.ts";
import { makeQuery, type PlacesProvider } from "../places/provider.ts";
import { BatchPool } from "../protocol/batch.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { positionOf, type Report, ReportWriter } from "../protocol/report.ts";
import type { Found, Page, Replica } from "../replica/replica.ts";
import { type Clock, secondsOf } from "../runtime/clock.ts";
import { acceptAll } from "../runtime/accept.ts";
import type { LimitCounts, LimitName } from "../runtime/limit_counts.ts";
import { formatPort, type Listener, type Port } from "../runtime/network.ts";
import type { EmitEvent } from "../runtime/events.ts";
import type { Observer } from "../runtime/observers.ts";
import type { Turns } from "../runtime/turns.ts";
import { ClientListener } from "../sessions/client_listener.ts";
import { type ClientLimits, keptReplyBatches } from "../sessions/limits.ts";
import { FairSemaphore } from "../runtime/semaphore.ts";
import {
  createLineCounters,
  type SessionBackend,
} from "../sessions/session.ts";
import type { ServerEvents } from "./server_events.ts";
import { DurationCounter } from "./status/distribution.ts";
import type { ServerEvent, ServerFacts } from "./status/status.ts";

/** What a server is put together from. */
export interface HerdServerOptions {
  /** Its name in the herd. */
  readonly name: string;
  /** Where the reports of its clients go. Stopped by the server. */
  readonly replica: Replica;
  /** Where it emits its events, as its replica does. */
  readonly events: ServerEvents;
  /** How often each limit was reached, those of the replica included. */
  readonly counts: LimitCounts;
  /** How long reports took to the replica, as counted there. */
  readonly propagation: Pick<DurationCounter, "read">;
  /** What clients may take up. */
  readonly clientLimits: ClientLimits;
  /** The open client ports. Closed by the server when it stops. */
  readonly clients: readonly Listener[];
  readonly clock: Clock;
  /** The turns of the event loop, of all servers in this process. */
  readonly turns: Turns;
  /** Closed by the server when it stops. */
  readonly log: LogWriter;
  readonly onLogFailure: OnLogFailure;
  readonly places: PlacesProvider;
  /** For how long an answer of a remote provider is kept, in seconds. */
  readonly placesTtlSeconds: number;
  /** A ceiling on the requests to a remote provider, if there is one. */
  readonly placesBudget?: Budget;
}

/** A running server. */
export class HerdServer implements AsyncDisposable {
  readonly #options: HerdServerOptions;
  readonly #emit: EmitEvent;
  readonly #startedAt: number;
  readonly #replica: Replica;
  readonly #places: Places;
  readonly #counts: LimitCounts;
  readonly #clientListener: ClientListener;
  readonly #lines = createLineCounters();
  readonly #queryDurations = new DurationCounter();
  #accepting: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  readonly #stopping = Promise.withResolvers<string>();
  #stopped: Promise<void> | undefined;

  constructor(options: HerdServerOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#startedAt = secondsOf(clock);
    this.#replica = options.replica;
    this.#emit = options.events.emit;
    this.#counts = options.counts;
    this.#places = new Places({
      provider: options.places,
      clock,
      ttlSeconds: options.placesTtlSeconds,
      budget: options.placesBudget,
      emit: this.#emit,
    });
    const { clientLimits } = options;
    this.#clientListener = new ClientListener({
      backend: this.#createBackend(),
      replica: this.#replica,
      clock,
      limits: clientLimits,
      counts: this.#counts,
      lines: this.#lines,
      permits: new FairSemaphore(clientLimits.maxQueriesInTotal),
      turns: options.turns,
      replyPool: new BatchPool(keptReplyBatches),
      trafficLogFor: (connection) => log.trafficLogFor(connection),
      emit: this.#emit,
    });
  }

  get name(): string {
    return this.#options.name;
  }

  /** Where clients connect: `host:port`. */
  get clientAddress(): string {
    return this.#options.clients[0].address;
  }

  /** All ports where clients connect. */
  get clientPorts(): readonly Port[] {
    return this.#options.clients.map(asPort);
  }

  /** Where neighbours connect: `host:port`; undefined if they do not. */
  get peerAddress(): string | undefined {
    return this.peerPort?.address;
  }

  /** The port where neighbours connect; undefined if they do not. */
  get peerPort(): Port | undefined {
    return this.#replica.port;
  }

  /** The log file being written. */
  get logPath(): string {
    return this.#options.log.path;
  }

  /** The names of the neighbours that are linked now. */
  get linkedNeighbours(): string[] {
    return this.#replica.status().links
      .filter(({ isUp }) => isUp)
      .map(({ neighbour }) => neighbour);
  }

  /** How often each limit was reached, of those that were. */
  get limitHits(): ReadonlyMap<LimitName, number> {
    return this.#counts.hits;
  }

  /** The newest AT line about a client, as its replica finds it. */
  find(client: ByteString): Found | Promise<Found> {
    return this.#replica.find(client);
  }

  /** A page of the newest AT lines, as its replica selects them. */
  select(
    pattern: ByteString,
    limit: number,
    cursor?: string,
  ): Page | Promise<Page> {
    return this.#replica.select(pattern, limit, cursor);
  }

  /** What can be seen of it from outside, now. */
  status(): ServerFacts {
    return {
      name: this.name,
      startedAt: this.#startedAt,
      isStopping: this.#stopped !== undefined,
      clientPorts: this.clientPorts.map(formatPort),
      peerPort: formatPort(this.peerPort),
      ...describeParts({
        clientListener: this.#clientListener,
        replica: this.#replica,
        log: this.#options.log,
        places: this.#places,
        limits: this.#counts,
        lines: this.#lines,
        propagation: this.#options.propagation,
        queryDurations: this.#queryDurations,
      }),
    };
  }

  /** Shows events to somebody until the returned function is called. */
  observeEvents(observer: Observer<ServerEvent>): () => void {
    return this.#options.events.observe(observer);
  }

  /**
   * Shows each report that is news to somebody, until the returned function is
   * called. On the fast path, in a buffer that is used again: what is to be kept
   * has to be copied.
   */
  observeReports(observer: Observer<Report>): () => void {
    return this.#replica.observe(observer);
  }

  /** Resolves with the reason when it begins to stop. */
  get stopping(): Promise<string> {
    return this.#stopping.promise;
  }

  /** Why it has stopped by itself, if it has: what went wrong with its log. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Writes the first record, and waits until it is in the file. The server is
   * not to be opened if this rejects.
   *
   * @throws {Error} What the system says, if the log cannot be written.
   */
  async recordStart(): Promise<void> {
    const { clients, log, name, places } = this.#options;
    this.#emit("info", "server", "started", {
      name,
      clients: clients.map(formatPort).join(", "),
      peers: formatPort(this.peerPort),
      places: places.name,
    });
    await log.flush();
    if (log.fault !== undefined) throw log.fault;
  }

  /** Lets clients in. */
  open(): void {
    const { clients, clock } = this.#options;
    const context = {
      clock,
      emit: this.#emit,
      counts: this.#counts,
      isClosed: () => this.#stopped !== undefined,
    };
    this.#accepting = Promise.all(
      clients.map((listener) =>
        acceptAll(
          listener,
          (client) => this.#clientListener.serve(client),
          context,
        )
      ),
    );
  }

  /** Starts the replica. Resolves when it has tried everything once. */
  async link(): Promise<void> {
    if (this.#stopped === undefined) await this.#replica.start();
  }

  /**
   * Says what the log cannot say about itself. Stops when nothing can be
   * written, if that was asked for.
   */
  emitLogFailure(failure: LogFailure): void {
    const { onLogFailure } = this.#options;
    emitLogFailure(this.name, failure, onLogFailure);
    if (failure.state === "failing" && onLogFailure === "stop") {
      this.#failure = failure.error;
      this.stop("the log cannot be written");
    }
  }

  /**
   * Writes down that the certificate was renewed, or why it was not.
   *
   * @param validUntilMs To when the certificate is valid that is in use now.
   * @param reason Why it is still the old one; undefined if it is a new one.
   */
  recordRenewal(validUntilMs: number, reason: string | undefined): void {
    const validUntil = new Date(validUntilMs).toISOString();
    if (reason === undefined) {
      this.#emit("info", "server", "certificate renewed", { validUntil });
    } else {
      this.#emit("error", "server", "certificate kept", { reason, validUntil });
    }
  }

  /**
   * Writes down why the program is about to die, before it returns. For what
   * nobody expected; everything else ends with `stop`.
   */
  recordCrash(reason: string): void {
    this.#emit("error", "server", "crashed", { reason });
    this.#options.log.flushSync();
  }

  /**
   * Stops: accepts nobody, answers what was asked, ends the links behind what
   * is being written, and flushes the log. Safe to call twice.
   */
  stop(reason = "asked to"): Promise<void> {
    return this.#stopped ??= this.#stop(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(reason: string): Promise<void> {
    this.#stopping.resolve(reason);
    this.#emit("info", "server", "stopping", { reason });
    await this.#replica.stop(this.#stopClients());
    this.#emit("info", "server", "stopped");
    await this.#options.log.close();
  }

  async #stopClients(): Promise<void> {
    for (const listener of this.#options.clients) listener.close();
    await this.#accepting;
    await this.#clientListener.stop();
    this.#places.stop();
  }

  #createBackend(): SessionBackend {
    const { clock, name } = this.#options;
    return {
      reports: new ReportWriter(name),
      now: () => clock.now(),
      elapsedMs: () => clock.elapsedMs(),
      places: (line, { bound, radiusKm }) =>
        this.#places.nearby(
          makeQuery(positionOf(line), radiusKm, bound),
        ),
      recordQueryDuration: (durationMs) =>
        this.#queryDurations.add(durationMs / 1000),
    };
  }
}

/** A listener without the means to close it. */
function asPort({ address, isEncrypted }: Listener): Port {
  return { address, isEncrypted };
}
