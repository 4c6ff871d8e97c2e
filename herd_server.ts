/**
 * One server of the herd, put together from its rooms. Knows a network, a
 * folder and a places service only as what it was given.
 *
 * @module
 */
import type { LogTrouble } from "./journal/appender.ts";
import {
  createTell,
  type OnLogFailure,
  tellLogTrouble,
} from "./journal/events.ts";
import type { Journal } from "./journal/journal.ts";
import { Herd } from "./peers/herd.ts";
import { Links } from "./peers/links.ts";
import type { ServerEntry, Topology } from "./peers/topology.ts";
import type { Budget } from "./places/budget.ts";
import { Places } from "./places/places.ts";
import { makeQuestion, type PlacesProvider } from "./places/provider.ts";
import { BatchPool } from "./protocol/batch.ts";
import { positionOf, ReportWriter } from "./protocol/report.ts";
import { type Clock, secondsOf } from "./runtime/clock.ts";
import {
  createHashKey,
  createNonce,
  createProver,
} from "./runtime/identity.ts";
import {
  type Accepted,
  type Connect,
  formatAddress,
  type Listener,
} from "./runtime/network.ts";
import type { Tell } from "./runtime/tell.ts";
import {
  ClientConnection,
  type ConnectionContext,
  type ConnectionEnd,
} from "./sessions/connection.ts";
import { keptReplyBatches } from "./sessions/limits.ts";
import type { Desk } from "./sessions/session.ts";

/** After an accept that failed, in milliseconds, before the next. */
const acceptPauseMs = 100;

/** What a server is put together from. */
export interface HerdServerOptions {
  /** Which server of the topology this one is. */
  readonly self: ServerEntry;
  readonly topology: Topology;
  /** The address where it listens for clients. */
  readonly clientHost: string;
  /** Whether neighbours compare and repair what they know. */
  readonly catchUp: boolean;
  /** What proves to neighbours who we are: none, one, or two that are valid. */
  readonly secrets: readonly string[];
  /** A neighbour that is silent for so long, in milliseconds, is given up. */
  readonly linkTimeoutMs: number;
  /** Most clients that are remembered. */
  readonly maxClients: number;
  /** For how long a client is remembered, in seconds; for good if undefined. */
  readonly clientTtlSeconds: number | undefined;
  /** The open client port. Closed by the server when it stops. */
  readonly clients: Listener;
  /** The open peer port, likewise. */
  readonly peers: Listener;
  readonly connect: Connect;
  readonly clock: Clock;
  /** Closed by the server when it stops. */
  readonly journal: Journal;
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
  readonly #tell: Tell;
  readonly #herd: Herd;
  readonly #links: Links;
  readonly #places: Places;
  readonly #desk: Desk;
  readonly #clientContext: ConnectionContext;
  readonly #acceptLoops: Promise<void>[] = [];
  readonly #connections = new Set<ClientConnection>();
  /** Called when the last client is gone. */
  #onNobody: (() => void) | undefined;
  #connectionCount = 0;
  #failure: Error | undefined;
  readonly #stopping = Promise.withResolvers<string>();
  #stopped: Promise<void> | undefined;

  constructor(options: HerdServerOptions) {
    const { clock, journal, linkTimeoutMs, self, topology } = options;
    this.#options = options;
    this.#herd = createHerd(options);
    this.#tell = createTell(journal, self.name);
    this.#links = new Links({
      self,
      topology,
      herd: this.#herd,
      clock,
      incarnation: crypto.randomUUID(),
      nonce: createNonce,
      prove: createProver(options.secrets),
      timeoutMs: linkTimeoutMs,
      connect: ({ host, peerPort }, signal) =>
        options.connect(host, peerPort, signal),
      trafficOf: (connection) => journal.trafficOf(connection),
      tell: this.#tell,
    });
    this.#places = new Places({
      provider: options.places,
      clock,
      ttlSeconds: options.placesTtlSeconds,
      budget: options.placesBudget,
      tell: this.#tell,
    });
    this.#desk = this.#createDesk();
    this.#clientContext = {
      desk: this.#desk,
      clock,
      replyPool: new BatchPool(keptReplyBatches),
      flush: () => this.#links.flushSoon(),
      handed: () => this.#links.handed(),
    };
  }

  get name(): string {
    return this.#options.self.name;
  }

  /** Where clients connect: `host:port`. */
  get clientAddress(): string {
    const { clientHost, self } = this.#options;
    return formatAddress(clientHost, self.clientPort);
  }

  /** Where neighbours connect: `host:port`. */
  get peerAddress(): string {
    const { self } = this.#options;
    return formatAddress(self.host, self.peerPort);
  }

  /** The log file being written. */
  get logPath(): string {
    return this.#options.journal.path;
  }

  /** The names of the neighbours that are linked now. */
  get linkedNeighbours(): string[] {
    return this.#links.linked();
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
    const { journal, places, self } = this.#options;
    this.#tell("info", "server", "started", {
      name: self.name,
      clients: this.clientAddress,
      peers: this.peerAddress,
      places: places.name,
    });
    await journal.flush();
    if (journal.fault !== undefined) throw journal.fault;
  }

  /** Lets clients and neighbours in. */
  open(): void {
    const { clients, peers } = this.#options;
    this.#acceptLoops.push(
      this.#acceptAll(clients, (client) => this.#serve(client)),
      this.#acceptAll(
        peers,
        ({ remote, transport }) => this.#links.accept(transport, remote),
      ),
    );
  }

  /**
   * Dials the neighbours, and goes on dialling those that do not answer.
   * Resolves when each was tried once.
   */
  async link(): Promise<void> {
    if (this.#stopped === undefined) await this.#links.start();
  }

  /**
   * Says what the log cannot say about itself. Stops when nothing can be
   * written, if that was asked for.
   */
  tellLogTrouble(trouble: LogTrouble): void {
    const { onLogFailure } = this.#options;
    tellLogTrouble(this.name, trouble, onLogFailure);
    if (trouble.state === "failing" && onLogFailure === "stop") {
      this.#failure = trouble.error;
      this.stop("the log cannot be written");
    }
  }

  /**
   * Writes down why the program is about to die, before it returns. For what
   * nobody expected; everything else ends with `stop`.
   */
  recordCrash(reason: string): void {
    this.#tell("error", "server", "crashed", { reason });
    this.#options.journal.flushSync();
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
    this.#tell("info", "server", "stopping", { reason });
    this.#options.clients.close();
    this.#options.peers.close();
    await Promise.all(this.#acceptLoops);
    for (const connection of this.#connections) connection.stop();
    await this.#allGone();
    this.#places.stop();
    await this.#links.stop();
    this.#tell("info", "server", "stopped");
    await this.#options.journal.close();
  }

  #createDesk(): Desk {
    const { clock, self } = this.#options;
    return {
      reports: new ReportWriter(self.name),
      now: () => clock.now(),
      accept: (report) => this.#herd.accept(report),
      newest: (client) => this.#herd.newest(client),
      places: (line, question) =>
        this.#places.nearby(
          makeQuestion(positionOf(line), question.radiusKm, question.bound),
        ),
    };
  }

  /** Accepts until the listener closes, whatever else goes wrong. */
  async #acceptAll(
    listener: Listener,
    serve: (accepted: Accepted) => void,
  ): Promise<void> {
    let lastFailure: string | undefined;
    while (true) {
      try {
        serve(await listener.accept());
        lastFailure = undefined;
      } catch (error) {
        if (this.#stopped !== undefined) return;
        // Who was gone before we came must not keep others waiting.
        if (isAlreadyGone(error)) continue;
        // Out of descriptors, most likely: it takes time until there are more.
        // Told once for any number of attempts that fail alike.
        const message = String(error);
        if (message !== lastFailure) {
          this.#tell("error", "server", "accept failed", { message });
          lastFailure = message;
        }
        await new Promise<void>((resolve) =>
          this.#options.clock.after(acceptPauseMs, resolve)
        );
      }
    }
  }

  #serve({ remote, transport }: Accepted): void {
    this.#connectionCount += 1;
    const name = `client/${this.#connectionCount}`;
    this.#tell("debug", name, "connected", { remote });
    const connection = new ClientConnection(
      transport,
      this.#options.journal.trafficOf(name),
      this.#clientContext,
    );
    this.#connections.add(connection);
    // No function waits here: it would cost every idle connection its memory.
    connection.run().then((reason) => this.#forget(connection, name, reason));
  }

  #forget(
    connection: ClientConnection,
    name: string,
    reason: ConnectionEnd,
  ): void {
    this.#connections.delete(connection);
    const { detail } = connection;
    this.#tell("debug", name, "closed", {
      reason,
      ...(detail === "" ? {} : { detail }),
    });
    if (this.#connections.size === 0) this.#onNobody?.();
  }

  /** Resolves when no client is connected any more. */
  async #allGone(): Promise<void> {
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => this.#onNobody = resolve);
  }
}

function createHerd(options: HerdServerOptions): Herd {
  const { catchUp, clientTtlSeconds, clock, maxClients } = options;
  const nowSeconds = () => secondsOf(clock);
  return new Herd({
    catchUp,
    limits: { clientTtlSeconds, maxClients, nowSeconds },
    hashKey: createHashKey(),
  });
}

/** Whether a connection was reset between its coming in and our accepting it. */
function isAlreadyGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}
