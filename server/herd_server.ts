/**
 * One server of the herd, composed of its replica, its clients' sessions, its
 * log and its places. Listeners, log files and places service are passed in.
 *
 * @module
 */
import type { CertificateAuthenticator } from "../identity/certificate_authenticator.ts";
import type { ClientRates } from "../identity/client_rates.ts";
import type { Identity } from "../identity/identity.ts";
import type { LogFailure } from "../log/appender.ts";
import { emitLogFailure, type OnLogFailure } from "../log/events.ts";
import { escapeBytes } from "../log/escape.ts";
import type { LogWriter } from "../log/log_writer.ts";
import { SlowOperationError } from "../runtime/operation_timer.ts";
import { describeParts } from "./describe_status.ts";
import type { Budget } from "../places/budget.ts";
import { Places } from "../places/places.ts";
import { makeQuery, type PlacesProvider } from "../places/provider.ts";
import { BatchPool } from "../protocol/batch.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { deletedUntil } from "../protocol/deletion.ts";
import { positionOf, type Report, ReportWriter } from "../protocol/report.ts";
import { formatTimestamp, type Timestamp } from "../protocol/time.ts";
import {
  type ForgottenClient,
  type History,
  type HistoryReader,
  maxHistoryReads,
} from "../replica/history.ts";
import { HistoryDeletions } from "../replica/history_deletions.ts";
import { RecordedReplica } from "../replica/recorded_replica.ts";
import type {
  ForgetRefusal,
  Found,
  Page,
  Replica,
} from "../replica/replica.ts";
import { type Clock, PastMoment } from "../runtime/clock.ts";
import { acceptAll } from "../runtime/accept.ts";
import type { DescriptorUser } from "../runtime/descriptors.ts";
import type { LimitCounts, LimitName } from "../runtime/limit_counts.ts";
import type { ClientAuthority } from "../runtime/client_authority.ts";
import {
  type DatagramPort,
  formatPort,
  type Listener,
  type Port,
} from "../runtime/network.ts";
import { RefusalCounts, type RefusalName } from "../runtime/refusal_counts.ts";
import type { EmitEvent } from "../runtime/events.ts";
import type { Observer } from "../runtime/observers.ts";
import type { Turns } from "../runtime/turns.ts";
import {
  ClientListener,
  type ClientListenerOptions,
} from "../sessions/client_listener.ts";
import { type ClientLimits, keptReplyBatches } from "../sessions/limits.ts";
import type {
  ConnectionKind,
  DatagramService,
} from "../sessions/served_connection.ts";
import { FairSemaphore } from "../runtime/semaphore.ts";
import {
  createLineCounters,
  type SessionBackend,
} from "../sessions/session.ts";
import type { ServerEvents } from "./server_events.ts";
import { DurationCounter } from "./status/distribution.ts";
import type {
  AgedSummary,
  DataStatus,
  GatewaysStatus,
  ServerEvent,
  ServerFacts,
} from "./status/status.ts";
import { SummaryBoard } from "./status/summary_board.ts";

/** The components of a server, and its settings. */
export interface HerdServerOptions {
  /** Its name in the herd. */
  readonly name: string;
  /** Stores and shares the reports. Stopped by the server. */
  readonly replica: Replica;
  /** Receives the events of the server and of its replica. */
  readonly events: ServerEvents;
  /** How often each limit was reached, including those of the replica. */
  readonly counts: LimitCounts;
  /** Propagation times of reports, in seconds. Counted by the replica. */
  readonly propagation: Pick<DurationCounter, "read">;
  readonly clientLimits: ClientLimits;
  /** The open client ports. Closed by the server when it stops. */
  readonly clients: readonly Listener[];
  /** The open ports of gateways, with the names of their kinds; the same. */
  readonly devices?: readonly DevicePort[];
  /** Undefined if there are none. */
  readonly createGateways?: CreateGateways;
  readonly clock: Clock;
  /** The turns of the event loop, of all servers in this process. */
  readonly turns: Turns;
  /** Closed by the server when it stops. */
  readonly log: LogWriter;
  readonly onLogFailure: OnLogFailure;
  /** Keeps the records on disk, if they are to be kept. Stopped by the server. */
  readonly data?: DataKeeper;
  /** Records what clients report, if that is wanted. Stopped by the server. */
  readonly history?: History;
  readonly places: PlacesProvider;
  /** How long an answer of a remote provider is cached, in seconds. */
  readonly placesTtlSeconds: number;
  /** A daily limit on requests to a remote provider, if there is one. */
  readonly placesBudget?: Budget;
  /** Descriptors in reserve; closed when the server stops. */
  readonly descriptors?: Descriptors;
  /** What the certificates of clients permit, if clients need some. */
  readonly certificates?: CertificateAuthenticator;
  /** The authority that has issued them. */
  readonly clientAuthority?: ClientAuthority;
  /** The rates of clients, if they are limited. */
  readonly rates?: ClientRates;
}

/** An open port of a gateway. */
export interface DevicePort {
  /** The name of its kind, as in `portKinds`. */
  readonly kind: string;
  readonly listener: Listener;
  /** The UDP port of the same number, if the kind has one. */
  readonly datagrams?: DatagramPort;
}

/** The gateways of a server, which are loaded only if one is open. */
export interface ServerGateways {
  /** What serves the connections of a kind of port. */
  kindOf(
    port: string,
  ): ConnectionKind & { readonly datagrams?: DatagramService };
  status(): Omit<GatewaysStatus, "ports">;
}

/** Creates the gateways of a server. */
export type CreateGateways = (
  services: ClientListenerOptions & Pick<ClientListener, "nextName"> & {
    readonly replica: Replica;
    readonly history:
      | {
        readonly server: string;
        readonly reader: HistoryReader;
        readonly permits: FairSemaphore;
      }
      | undefined;
  },
) => ServerGateways;

/** What a server uses of its data folder. */
export interface DataKeeper {
  /** The present state. */
  readonly state: DataStatus;
  /** Gives operations less time from now on, as the server stops. */
  hurry(): void;
  /** Writes what is left. */
  stop(): Promise<void>;
}

/** The part of the descriptor reserve that a server uses. */
export interface Descriptors {
  /** Adds a user that can do with fewer descriptors. */
  add(user: DescriptorUser): void;
  /** Frees descriptors; false if none could be freed. */
  relieve(): boolean;
  /** Must be called once by each server that has it. */
  close(): Promise<void>;
}

/** A running server. */
export class HerdServer implements AsyncDisposable {
  readonly #options: HerdServerOptions;
  readonly #emit: EmitEvent;
  readonly #start: PastMoment;
  readonly #replica: Replica;
  readonly #places: Places;
  readonly #counts: LimitCounts;
  readonly #refusals = new RefusalCounts();
  readonly #stopObserving: (() => void)[];
  readonly #clientListener: ClientListener;
  readonly #gateways: ServerGateways | undefined;
  readonly #lines = createLineCounters();
  readonly #queryDurations = new DurationCounter();
  readonly #summaries: SummaryBoard;
  readonly #historyDeletions: HistoryDeletions | undefined;
  #accepting: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  readonly #stopping = Promise.withResolvers<string>();
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  constructor(options: HerdServerOptions) {
    const { clock, log } = options;
    this.#options = options;
    this.#start = new PastMoment(clock);
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
    this.#summaries = new SummaryBoard(
      this.#replica.summaries,
      clock,
      () => this.status(),
    );
    const { certificates, clientAuthority, clientLimits, rates } = options;
    const { history } = options;
    this.#historyDeletions = history &&
      new HistoryDeletions({
        history,
        clock,
        onEnd: this.#emitHistoryDeleted.bind(this),
      });
    const context = {
      backend: this.#createBackend(),
      replica: history === undefined ? this.#replica : new RecordedReplica(
        this.#replica,
        (report) => history.record(report),
      ),
      clock,
      limits: clientLimits,
      counts: this.#counts,
      refusals: this.#refusals,
      certificates,
      rates,
      lines: this.#lines,
      permits: new FairSemaphore(clientLimits.maxQueriesInTotal),
      turns: options.turns,
      replyPool: new BatchPool(keptReplyBatches),
      trafficLogFor: (connection: string) => log.trafficLogFor(connection),
      emit: this.#emit,
      onDenied: certificates && this.#emitDenied.bind(this),
    };
    this.#clientListener = new ClientListener(context);
    this.#gateways = options.createGateways?.({
      ...context,
      nextName: (prefix) => this.#clientListener.nextName(prefix),
      history: history && {
        server: options.name,
        reader: history.reader,
        permits: new FairSemaphore(maxHistoryReads),
      },
    });
    options.descriptors?.add(this.#clientListener);
    this.#stopObserving = [
      this.#historyDeletions && this.#replica.records?.observeDeletions(
        (deletion) => {
          const { client } = deletion;
          this.#historyDeletions!.start(client, deletedUntil(deletion));
        },
      ),
      certificates?.changes.add(() => this.#clientListener.checkIdentities()),
      clientAuthority?.changes.add(() =>
        this.#clientListener.endCertificates("an authority was removed")
      ),
    ].filter((stop) => stop !== undefined);
  }

  get name(): string {
    return this.#options.name;
  }

  /** The first client port, as `host:port`. */
  get clientAddress(): string {
    return this.#options.clients[0].address;
  }

  /** All client ports. */
  get clientPorts(): readonly Port[] {
    return this.#options.clients.map(asPort);
  }

  /** The peer port, as `host:port`; undefined if there is none. */
  get peerAddress(): string | undefined {
    return this.peerPort?.address;
  }

  /** The peer port; undefined if there is none. */
  get peerPort(): Port | undefined {
    return this.#replica.port;
  }

  /** The history of its clients' reports; undefined if it has none. */
  get history(): History | undefined {
    return this.#options.history;
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

  /** The most bytes that its table of reports may take. */
  get maxTableBytes(): number {
    return this.#replica.status().table.maxBytes;
  }

  /** How often each limit was reached, without those that never were. */
  get limitHits(): ReadonlyMap<LimitName, number> {
    return this.#counts.hits;
  }

  /** Counts that a limit of its administration port was reached. */
  countLimit(limit: LimitName): void {
    this.#counts.hit(limit);
  }

  /** Counts that something was refused because of who has asked. */
  countRefusal(name: RefusalName): void {
    this.#refusals.add(name);
  }

  /** The newest AT line of a client. See `Replica.find`. */
  find(client: ByteString): Found | Promise<Found> {
    return this.#replica.find(client);
  }

  /**
   * Deletes what was heard about a client, from the history too. See
   * `Replica.forget`.
   */
  async forget(
    client: ByteString,
    until?: Timestamp,
  ): Promise<ForgottenClient | ForgetRefusal> {
    const result = await this.#replica.forget(client, until);
    if (typeof result === "string") return result;
    this.#emit("info", "server", "client forgotten", {
      client: escapeBytes(client),
      until: formatTimestamp(result.until),
      removed: result.removed !== undefined,
    });
    const historyRecords = await this.#historyDeletions?.finish(
      client,
      result.until,
    );
    return { ...result, historyRecords };
  }

  #emitHistoryDeleted(client: ByteString, result: number | Error): void {
    const shown = escapeBytes(client);
    if (result instanceof Error) {
      this.#emit("error", "server", "history not deleted", {
        client: shown,
        reason: result.message,
      });
    } else {
      this.#emit("info", "server", "history deleted", {
        client: shown,
        records: result,
      });
    }
  }

  /** A page of the newest AT lines. See `Replica.select`. */
  select(
    pattern: ByteString,
    limit: number,
    cursor?: string,
  ): Page | Promise<Page> {
    return this.#replica.select(pattern, limit, cursor);
  }

  /** The current status. */
  status(): ServerFacts {
    return {
      name: this.name,
      startedAt: this.#start.posixSeconds,
      uptimeSeconds: this.#start.ageSeconds,
      isStopping: this.#isStopping,
      clientPorts: this.clientPorts.map(formatPort),
      peerPort: formatPort(this.peerPort),
      ...describeParts({
        clientListener: this.#clientListener,
        gateways: this.#describeGateways(),
        replica: this.#replica,
        log: this.#options.log,
        data: this.#options.data?.state,
        history: this.#options.history?.state,
        places: this.#places,
        limits: this.#counts,
        refusals: this.#refusals,
        lines: this.#lines,
        propagation: this.#options.propagation,
        queryDurations: this.#queryDurations,
      }),
    };
  }

  #describeGateways(): GatewaysStatus | undefined {
    if (this.#gateways === undefined) return undefined;
    const { devices = [] } = this.#options;
    const ports = devices
      .map(({ kind, listener }) => [kind, formatPort(listener)]);
    return { ports: Object.fromEntries(ports), ...this.#gateways.status() };
  }

  /** The states that other servers have sent, as far as they are known. */
  summaries(): readonly AgedSummary[] {
    return this.#summaries.read();
  }

  /** Calls the observer with each event. Returns a function that ends this. */
  observeEvents(observer: Observer<ServerEvent>): () => void {
    return this.#options.events.observe(observer);
  }

  /**
   * Calls the observer with each new report. Returns a function that ends this.
   * The observer runs on the fast path. The report is in a reused buffer: copy
   * it to keep it.
   */
  observeReports(observer: Observer<Report>): () => void {
    return this.#replica.observe(observer);
  }

  /** Resolves with the reason when the server begins to stop. */
  get stopping(): Promise<string> {
    return this.#stopping.promise;
  }

  /**
   * The error of the log that stopped the server; undefined if there was none.
   */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Writes the first record, and waits until it is in the file. Do not call
   * `open` if this rejects.
   *
   * @throws {Error} The system's error, if the log cannot be written.
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

  /** Accepts clients. */
  open(): void {
    const { clients, clock, devices = [], log } = this.#options;
    log.startChecks();
    const context = {
      clock,
      emit: this.#emit,
      counts: this.#counts,
      isClosed: () => this.#isStopping,
      relieve: () => this.relieve(),
    };
    const ports = [
      ...clients.map((listener) => ({ listener, kind: undefined })),
      ...devices.map(({ kind, listener }) => ({
        listener,
        kind: this.#gateways!.kindOf(kind),
      })),
    ];
    for (const { datagrams, kind } of devices) {
      const service = this.#gateways!.kindOf(kind).datagrams;
      datagrams?.receive(
        (...received) => service?.receive(...received),
        ({ message }) =>
          this.#emit("error", "server", "receive failed", { message }),
      );
    }
    this.#accepting = Promise.all(
      ports.map(({ kind, listener }) =>
        acceptAll(
          listener,
          (client) => this.#clientListener.serve(client, kind),
          context,
        )
      ),
    );
  }

  /** Frees descriptors when there are none left; false if it cannot. */
  relieve(): boolean {
    return this.#options.descriptors?.relieve() ?? false;
  }

  /**
   * Logs that no descriptors are held in reserve.
   *
   * @param reason Why none could be opened.
   */
  recordNoReserve(reason: string): void {
    this.#emit("warning", "server", "no descriptors reserved", { reason });
  }

  /** Starts the replica. See `Replica.start`. */
  async link(): Promise<void> {
    if (this.#isStopping) return;
    this.#summaries.start();
    await this.#replica.start();
  }

  /**
   * Reports a failure of the log, which cannot be reported in the log itself.
   * Stops the server if nothing can be written and `onLogFailure` is `stop`.
   */
  emitLogFailure(failure: LogFailure): void {
    const { onLogFailure } = this.#options;
    emitLogFailure(this.name, failure, onLogFailure);
    if (failure.state !== "failing") return;
    if (failure.error instanceof SlowOperationError) {
      this.#counts.hit("log-operation-seconds");
    }
    if (onLogFailure === "stop") {
      this.#failure = failure.error;
      this.stop("the log cannot be written");
    }
  }

  /**
   * Logs that the certificate was renewed, or why it was not.
   *
   * @param validUntilMs When the certificate in use expires, in POSIX
   * milliseconds.
   * @param reason Why it was not renewed; undefined if it was.
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
   * Logs that the files of identities were read again.
   *
   * @param reason Why they were not; undefined if they were.
   */
  recordIdentities(reason: string | undefined): void {
    if (reason === undefined) {
      this.#emit("info", "server", "identities renewed");
    } else this.#emit("error", "server", "identities kept", { reason });
  }

  /**
   * Logs that the addresses that may report by NMEA were read again, and ends
   * the connections from those that are listed no longer.
   *
   * @param reason Why they were not; undefined if they were.
   */
  recordAddresses(reason: string | undefined): void {
    if (reason === undefined) {
      this.#emit("info", "server", "addresses renewed");
      this.#clientListener.checkIdentities();
    } else this.#emit("error", "server", "addresses kept", { reason });
  }

  /** Logs synchronously why the program is crashing: an uncaught error. */
  recordCrash(reason: string): void {
    this.#emit("error", "server", "crashed", { reason });
    this.#options.log.flushSync();
  }

  /**
   * Stops: accepts no more connections, answers the requests received, drains
   * the links, and flushes the log. Safe to call twice.
   */
  stop(reason = "requested"): Promise<void> {
    return this.#stopped ??= this.#stop(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(reason: string): Promise<void> {
    this.#isStopping = true;
    this.#stopping.resolve(reason);
    this.#emit("info", "server", "stopping", { reason });
    const { data, history, log } = this.#options;
    log.hurry();
    data?.hurry();
    history?.hurry();
    this.#summaries.stop();
    await this.#replica.stop(this.#stopClients());
    await Promise.all([data?.stop(), history?.stop()]);
    this.#emit("info", "server", "stopped");
    await log.close();
    // They are files too: on a disk that hangs, closing them could take as long.
    if (!log.isHanging) await this.#options.descriptors?.close();
  }

  async #stopClients(): Promise<void> {
    for (const stop of this.#stopObserving) stop();
    const { clients, devices = [] } = this.#options;
    for (const listener of clients) listener.close();
    for (const { datagrams, listener } of devices) {
      listener.close();
      datagrams?.close();
    }
    await this.#accepting;
    for (const { kind } of devices) {
      await this.#gateways!.kindOf(kind).datagrams?.stop();
    }
    await this.#clientListener.stop();
    this.#places.stop();
  }

  /** Logs that an identity does not permit a command. */
  #emitDenied(
    connection: string,
    use: "report" | "query",
    client: ByteString,
    { subject }: Identity,
  ): void {
    this.#emit("warning", connection, `${use} not permitted`, {
      client: escapeBytes(client),
      subject: escapeBytes(subject),
    });
  }

  #createBackend(): SessionBackend {
    const { clock, name } = this.#options;
    return {
      reports: new ReportWriter(name),
      now: (elapsedMs) => clock.now(elapsedMs),
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

/** The port of a listener, without `close`. */
function asPort({ address, isEncrypted }: Listener): Port {
  return { address, isEncrypted };
}
