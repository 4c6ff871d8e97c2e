/**
 * One server of the herd, put together from its rooms. Knows a network, a
 * folder and a places service only as what it was given.
 *
 * @module
 */
import type { LogFailure } from "../log/appender.ts";
import {
  createEmitEvent,
  emitLogFailure,
  type OnLogFailure,
} from "../log/events.ts";
import type { LogWriter } from "../log/log_writer.ts";
import { describeParts } from "./describe_status.ts";
import { Replica } from "../peers/replication/replica.ts";
import { LinkManager } from "../peers/links/link_manager.ts";
import type { ServerEntry, Topology } from "../peers/topology.ts";
import type { Budget } from "../places/budget.ts";
import { Places } from "../places/places.ts";
import { makeQuery, type PlacesProvider } from "../places/provider.ts";
import { BatchPool } from "../protocol/batch.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { positionOf, type Report, ReportWriter } from "../protocol/report.ts";
import { type Clock, secondsOf } from "../runtime/clock.ts";
import {
  createHashKey,
  createNonce,
  createProver,
} from "../runtime/identity.ts";
import { acceptAll } from "../runtime/accept.ts";
import { LimitCounts, type LimitName } from "../runtime/limit_counts.ts";
import {
  type Connect,
  formatAddress,
  formatPort,
  type Listener,
  type Port,
} from "../runtime/network.ts";
import type { EmitEvent } from "../runtime/events.ts";
import { type Observer, Observers } from "../runtime/observers.ts";
import { ClientListener } from "../sessions/client_listener.ts";
import { type ClientLimits, keptReplyBatches } from "../sessions/limits.ts";
import { FairSemaphore } from "../runtime/semaphore.ts";
import {
  createLineCounters,
  type SessionBackend,
} from "../sessions/session.ts";
import { DurationCounter } from "./status/distribution.ts";
import type { ServerEvent, ServerFacts } from "./status/status.ts";

/** What a server is put together from. */
export interface HerdServerOptions {
  /** Which server of the topology this one is. */
  readonly self: ServerEntry;
  readonly topology: Topology;
  /** Whether neighbours compare and repair what they know. */
  readonly catchUp: boolean;
  /** What proves to neighbours who we are: none, one, or two that are valid. */
  readonly secrets: readonly string[];
  /** A neighbour that is silent for so long, in milliseconds, is given up. */
  readonly linkTimeoutMs: number;
  /** Most connections to the peer port that are not linked yet. */
  readonly maxHalfOpenLinks: number;
  /** Most clients that are remembered. */
  readonly maxClients: number;
  /** For how long a client is remembered, in seconds; for good if undefined. */
  readonly clientTtlSeconds: number | undefined;
  /** What clients may take up. */
  readonly clientLimits: ClientLimits;
  /** The open client ports. Closed by the server when it stops. */
  readonly clients: readonly Listener[];
  /** The open peer port, likewise. */
  readonly peers: Listener;
  readonly connect: Connect;
  readonly clock: Clock;
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
  readonly #linkManager: LinkManager;
  readonly #places: Places;
  readonly #counts: LimitCounts;
  readonly #clientListener: ClientListener;
  readonly #lines = createLineCounters();
  readonly #propagation = new DurationCounter();
  readonly #queryDurations = new DurationCounter();
  readonly #eventObservers = new Observers<ServerEvent>();
  readonly #reportObservers = new Observers<Report>();
  #accepting: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  readonly #stopping = Promise.withResolvers<string>();
  #stopped: Promise<void> | undefined;

  constructor(options: HerdServerOptions) {
    const { clock, linkTimeoutMs, log, self, topology } = options;
    this.#options = options;
    this.#startedAt = secondsOf(clock);
    this.#replica = createReplica(options);
    this.#emit = this.#createEmitEvent();
    this.#counts = new LimitCounts(clock, this.#emit);
    this.#linkManager = new LinkManager({
      self,
      topology,
      replica: this.#replica,
      clock,
      counts: this.#counts,
      propagation: this.#propagation,
      maxHalfOpenLinks: options.maxHalfOpenLinks,
      incarnation: crypto.randomUUID(),
      nonce: createNonce,
      prove: createProver(options.secrets),
      timeoutMs: linkTimeoutMs,
      connect: ({ host, peerPort }, signal) =>
        options.connect(host, peerPort, signal),
      trafficLogFor: (connection) => log.trafficLogFor(connection),
      emit: this.#emit,
    });
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
      clock,
      limits: clientLimits,
      counts: this.#counts,
      lines: this.#lines,
      permits: new FairSemaphore(clientLimits.maxQueriesInTotal),
      replyPool: new BatchPool(keptReplyBatches),
      scheduleFlush: () => this.#linkManager.scheduleFlush(),
      flushed: () => this.#linkManager.flushed(),
      trafficLogFor: (connection) => log.trafficLogFor(connection),
      emit: this.#emit,
    });
  }

  get name(): string {
    return this.#options.self.name;
  }

  /** Where clients connect: `host:port`. */
  get clientAddress(): string {
    return this.#options.clients[0].address;
  }

  /** All ports where clients connect. */
  get clientPorts(): readonly Port[] {
    return this.#options.clients.map(asPort);
  }

  /** Where neighbours connect: `host:port`. */
  get peerAddress(): string {
    return this.#options.peers.address;
  }

  /** The port where neighbours connect. */
  get peerPort(): Port {
    return asPort(this.#options.peers);
  }

  /** The log file being written. */
  get logPath(): string {
    return this.#options.log.path;
  }

  /** The names of the neighbours that are linked now. */
  get linkedNeighbours(): string[] {
    return this.#linkManager.linked();
  }

  /** How often each limit was reached, of those that were. */
  get limitHits(): ReadonlyMap<LimitName, number> {
    return this.#counts.hits;
  }

  /** The newest AT lines of all clients; may be walked while reports come in. */
  lines(): IterableIterator<ByteString> {
    return this.#replica.lines();
  }

  /** The newest AT line about a client; undefined for one not known. */
  newest(client: ByteString): ByteString | undefined {
    return this.#replica.newest(client);
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
        linkManager: this.#linkManager,
        places: this.#places,
        limits: this.#counts,
        lines: this.#lines,
        propagation: this.#propagation,
        queryDurations: this.#queryDurations,
      }),
    };
  }

  /** Shows events to somebody until the returned function is called. */
  observeEvents(observer: Observer<ServerEvent>): () => void {
    return this.#eventObservers.add(observer);
  }

  /**
   * Shows each report that is news to somebody, until the returned function is
   * called. On the fast path, in a buffer that is used again: what is to be kept
   * has to be copied.
   */
  observeReports(observer: Observer<Report>): () => void {
    const stop = this.#reportObservers.add(observer);
    this.#replica.onNews = (report) => this.#reportObservers.notify(report);
    return () => {
      stop();
      if (this.#reportObservers.count === 0) this.#replica.onNews = undefined;
    };
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
    const { clients, log, peers, places, self } = this.#options;
    this.#emit("info", "server", "started", {
      name: self.name,
      clients: clients.map(formatPort).join(", "),
      peers: formatPort(peers),
      places: places.name,
    });
    await log.flush();
    if (log.fault !== undefined) throw log.fault;
  }

  /** Lets clients and neighbours in. */
  open(): void {
    const { clients, clock, peers } = this.#options;
    const context = {
      clock,
      emit: this.#emit,
      counts: this.#counts,
      isClosed: () => this.#stopped !== undefined,
    };
    this.#accepting = Promise.all([
      ...clients.map((listener) =>
        acceptAll(
          listener,
          (client) => this.#clientListener.serve(client),
          context,
        )
      ),
      acceptAll(
        peers,
        ({ address, port, transport }) =>
          this.#linkManager.accept(transport, formatAddress(address, port)),
        context,
      ),
    ]);
  }

  /**
   * Dials the neighbours, and goes on dialling those that do not answer.
   * Resolves when each was tried once.
   */
  async link(): Promise<void> {
    if (this.#stopped === undefined) await this.#linkManager.start();
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
    const { clients, peers } = this.#options;
    for (const listener of [...clients, peers]) listener.close();
    await this.#accepting;
    await this.#clientListener.stop();
    this.#places.stop();
    await this.#linkManager.stop();
    this.#emit("info", "server", "stopped");
    await this.#options.log.close();
  }

  #createBackend(): SessionBackend {
    const { clock, self } = this.#options;
    return {
      reports: new ReportWriter(self.name),
      now: () => clock.now(),
      elapsedMs: () => clock.elapsedMs(),
      accept: (report) => this.#replica.accept(report),
      newest: (client) => this.#replica.newest(client),
      places: (line, query) =>
        this.#places.nearby(
          makeQuery(positionOf(line), query.radiusKm, query.bound),
        ),
      recordQueryDuration: (durationMs) =>
        this.#queryDurations.add(durationMs / 1000),
    };
  }

  /** Events go to the log, to LogTape, and to who watches. */
  #createEmitEvent(): EmitEvent {
    const { clock, log } = this.#options;
    const emit = createEmitEvent(log, this.name);
    return (level, connection, event, fields = {}) => {
      emit(level, connection, event, fields);
      if (this.#eventObservers.count === 0) return;
      const time = secondsOf(clock);
      this.#eventObservers.notify({ time, level, connection, event, fields });
    };
  }
}

function createReplica(options: HerdServerOptions): Replica {
  const { catchUp, clientTtlSeconds, clock, maxClients } = options;
  const nowSeconds = () => secondsOf(clock);
  return new Replica({
    catchUp,
    limits: { clientTtlSeconds, maxClients, nowSeconds },
    hashKey: createHashKey(),
  });
}

/** A listener without the means to close it. */
function asPort({ address, isEncrypted }: Listener): Port {
  return { address, isEncrypted };
}
