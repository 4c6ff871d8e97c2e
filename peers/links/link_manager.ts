/**
 * Keeps this server linked with its neighbours: dials each, accepts their dials,
 * keeps one link a pair, and dials again when a link is lost. Connections from
 * unknown peers are refused with a reason.
 *
 * @module
 */
import { type Clock, secondsOf, sleep } from "../../runtime/clock.ts";
import type { EmitEvent } from "../../runtime/events.ts";
import type { LimitCounts } from "../../runtime/limit_counts.ts";
import type { Turns } from "../../runtime/turns.ts";
import type { TrafficLog, Transport } from "../../runtime/transport.ts";
import type { Settling } from "../../replica/settling.ts";
import { compareEveryMs, firstDialWaitMs, pingAfterMs } from "../limits.ts";
import { isOfConnection, type Message } from "../replication/messages.ts";
import { Outbox } from "../replication/outbox.ts";
import type { FloodRouter } from "../replication/flood_router.ts";
import { ServerNames } from "../server_names.ts";
import type { ServerEntry, Topology } from "../topology.ts";
import { type ConnectToNeighbour, Dialer } from "./dialer.ts";
import { Flusher } from "./flusher.ts";
import { type HandshakeRefusal, type Hello, isRefusal } from "./handshake.ts";
import type { HandshakeConnection } from "./handshake_connection.ts";
import {
  HandshakeExchange,
  type HandshakeOptions,
} from "./handshake_exchange.ts";
import { type EstablishedLink, Link, supersedes } from "./link.ts";
import type { LinkCounts } from "./link_counts.ts";
import { Neighbour } from "./neighbour.ts";
import { PendingHandshakes } from "./pending_handshakes.ts";
import {
  type DurationSink,
  PropagationSampler,
} from "./propagation_sampler.ts";
import { type NeighbourState, Readiness } from "./readiness.ts";

/** What the links need from outside the room. */
export interface LinkManagerOptions extends Omit<HandshakeOptions, "name"> {
  readonly self: ServerEntry;
  readonly topology: Topology;
  readonly router: FloodRouter;
  readonly clock: Clock;
  /** The turns of this process. */
  readonly turns: Turns;
  readonly counts: LimitCounts;
  /** Where it is counted how long reports of neighbours took, in seconds. */
  readonly propagation: DurationSink;
  /** Most connections that came in and are not linked yet. */
  readonly maxHalfOpenLinks: number;
  /** A neighbour that is silent for this long is given up. */
  readonly timeoutMs: number;
  readonly connect: ConnectToNeighbour;
  /** Where a connection's traffic is told. */
  readonly trafficLogFor: (connection: string) => TrafficLog;
  readonly emit: EmitEvent;
}

/** How it stands with a neighbour. */
export interface NeighbourStatus extends NeighbourState {
  /** How many reports wait to be sent to it. */
  readonly waitingReports: number;
  readonly counts: Readonly<LinkCounts>;
}

/** All links of one server. */
export class LinkManager {
  readonly #options: LinkManagerOptions;
  readonly #exchange: HandshakeExchange;
  readonly #neighbours: ReadonlyMap<string, Neighbour>;
  readonly #servers: ServerNames;
  readonly #stop = new AbortController();
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #pendingHandshakes: PendingHandshakes;
  readonly #flusher: Flusher;
  readonly #dialer: Dialer;
  readonly #propagationSampler: PropagationSampler;
  readonly #readiness = new Readiness();

  constructor(options: LinkManagerOptions) {
    const { self, topology } = options;
    this.#options = options;
    this.#exchange = new HandshakeExchange({ ...options, name: self.name });
    const entries = topology.neighbours.get(self.name) ?? [];
    const now = secondsOf(options.clock);
    this.#neighbours = new Map(
      entries.map((entry) => [entry.name, new Neighbour(entry, now)]),
    );
    this.#propagationSampler = new PropagationSampler(
      options.clock,
      options.propagation,
    );
    this.#servers = new ServerNames(topology.servers.map(({ name }) => name));
    this.#pendingHandshakes = new PendingHandshakes(options);
    this.#flusher = new Flusher({
      ...options,
      neighbours: this.#neighbours,
    });
    this.#dialer = new Dialer({
      ...options,
      signal: this.#stop.signal,
      handshake: (transport, neighbour) =>
        this.#connectAsDialler(transport, neighbour),
    });
  }

  /**
   * Dials every neighbour and keeps dialling those that are not linked.
   * Resolves when each has been tried once, or is taking too long.
   */
  async start(): Promise<void> {
    const firstDials = [...this.#neighbours.values()].map((neighbour) => {
      const firstDial = this.#dialer.dial(neighbour);
      this.#track(firstDial.then(() => this.#dialer.keepLinked(neighbour)));
      return firstDial;
    });
    const tried = new AbortController();
    await Promise.race([
      Promise.all(firstDials),
      sleep(this.#options.clock, firstDialWaitMs, tried.signal),
    ]);
    tried.abort();
    this.#readiness.onDialled(this.#neighbourStates());
  }

  /**
   * Takes a connection that came in on the peer port. Resolves when it has
   * become a link, or was refused and is closed.
   *
   * @param remote Where it came from, for the log.
   */
  accept(transport: Transport, remote: string): Promise<void> {
    return this.#track(
      this.#pendingHandshakes.accept(
        transport,
        (handshake, connection) =>
          this.#connectAsAcceptor(handshake, connection, remote),
      ),
    );
  }

  /** Hands all outboxes to the sockets. */
  flush(): void {
    this.#flusher.flush();
  }

  /**
   * The same when all chunks have been taken that came in together.
   *
   * @param settling Settled when every report accepted so far has been handed
   * to the sockets of all neighbours that keep up.
   */
  scheduleFlush(settling?: Settling): void {
    this.#flusher.scheduleFlush(settling);
  }

  /** The names of the neighbours that are linked now. */
  linked(): string[] {
    return [...this.#neighbours.values()]
      .filter(({ isUp }) => isUp)
      .map(({ name }) => name);
  }

  /** Why this server should not be sent clients yet; undefined if it may. */
  get notReady(): string | undefined {
    return this.#readiness.fault;
  }

  /** How it stands with each neighbour. */
  neighbourStatuses(): NeighbourStatus[] {
    const { router } = this.#options;
    return this.#neighbourStates().map((state) => ({
      ...state,
      waitingReports: router.waitingFor(state.neighbour),
      counts: this.#neighbours.get(state.neighbour)!.counts,
    }));
  }

  #neighbourStates(): NeighbourState[] {
    const { router } = this.#options;
    return [...this.#neighbours.values()].map(({ isUp, name }) => ({
      neighbour: name,
      isUp,
      isCaughtUp: isUp && router.hasCaughtUpWith(name),
    }));
  }

  /** Ends all links, behind what is being written. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#flusher.stop();
    this.#pendingHandshakes.close();
    for (const { link } of this.#neighbours.values()) {
      if (link !== undefined) this.#track(link.drain("stopping"));
    }
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  /** Shakes hands on a connection that we have dialled. */
  #connectAsDialler(
    transport: Transport,
    neighbour: Neighbour,
  ): Promise<string | undefined> {
    return this.#pendingHandshakes.dial(
      transport,
      async (handshake, connection) => {
        const { name } = neighbour;
        neighbour.isInHandshake = true;
        const answer = await this.#exchange.runAsDialler(handshake, name);
        neighbour.isInHandshake = false;
        if (isRefusal(answer)) {
          handshake.close();
          const reason = `${answer.reason}: ${answer.detail}`;
          if (!neighbour.isUp) this.#onLost(neighbour, reason);
          return reason;
        }
        const dialler = this.#options.self.name;
        this.#establish(handshake.established(answer, dialler), connection);
        return undefined;
      },
    );
  }

  /** Hears who dialled, and links or refuses. */
  async #connectAsAcceptor(
    handshake: HandshakeConnection,
    connection: string,
    remote: string,
  ): Promise<void> {
    const result = await this.#exchange.runAsAcceptor(
      handshake,
      [...this.#neighbours.keys()],
      (hello) => this.#refuseSecond(hello),
    );
    if (isRefusal(result)) {
      const { emit } = this.#options;
      emit("warning", connection, "link refused", { remote, ...result });
      // Who was crowded out is gone: there is nobody to tell.
      if (result.reason !== "crowded out") await handshake.refuse(result);
    } else {
      const established = handshake.established(result, result.from);
      this.#establish(established, connection);
    }
  }

  /** Refuses a second connection of a neighbour if the first one stays. */
  #refuseSecond(
    { from: dialler, incarnation }: Hello,
  ): HandshakeRefusal | undefined {
    const { link } = this.#neighbours.get(dialler)!;
    return link === undefined || supersedes({ dialler, incarnation }, link)
      ? undefined
      : { reason: "linked already", detail: `${dialler} is linked already` };
  }

  /** Both sides know each other: the connection becomes a link. */
  #establish(established: EstablishedLink, connection: string): void {
    const { clock, emit, router, self, timeoutMs, trafficLogFor, turns } =
      this.#options;
    const { dialler, neighbour: name } = established;
    const neighbour = this.#neighbours.get(name)!;
    const inUse = neighbour.link;
    const isBetter = inUse === undefined || supersedes(established, inUse);
    const linkName = `${connection}/${name}`;
    const isCurrentIncarnation = () =>
      established.incarnation === neighbour.link?.incarnation;
    const link: Link = new Link(established, {
      clock,
      turns,
      timeoutMs,
      // A link that is given up at once reads on, but has nothing to write.
      outbox: isBetter ? router.link(name) : new Outbox(),
      counts: neighbour.counts,
      traffic: trafficLogFor(linkName),
      findServer: this.#servers.find,
      isServer: this.#servers.has,
      // What a neighbour's former life still says is true, but it does not
      // mean that the present one knows it, or has agreed to it.
      onReport: (report) => {
        const from = isCurrentIncarnation() ? name : undefined;
        const isNews = router.accept(report, from) === "newer";
        // What it knew before it was linked is older than its way was long.
        if (isNews && router.hasCaughtUpWith(name)) {
          this.#propagationSampler.sample(report);
        }
      },
      onMessage: (message) => {
        const isHeard = isOfConnection(message)
          ? neighbour.link === link
          : isCurrentIncarnation();
        if (isHeard) this.#onMessage(name, linkName, message);
      },
      onChunkEnd: () => {
        this.#propagationSampler.endBatch();
        this.scheduleFlush();
      },
      onHeartbeat: (beats) => {
        if (neighbour.link === link) this.#onHeartbeat(link, beats);
      },
    });
    if (isBetter) {
      neighbour.link = link;
      neighbour.lastFailure = undefined;
      neighbour.counts.up(secondsOf(clock));
      emit("info", linkName, "link up", { neighbour: name, dialler });
      if (inUse !== undefined) this.#track(inUse.drain("replaced"));
      // One of the two begins; the other answers.
      if (dialler === self.name) router.compare(name);
      this.#readiness.update(this.#neighbourStates());
    }
    this.#track(this.#run(link, linkName));
    if (isBetter) link.flush();
    else this.#track(link.drain("replaced"));
    if (this.#stop.signal.aborted) this.#track(link.drain("stopping"));
  }

  #onMessage(neighbour: string, connection: string, message: Message): void {
    const { emit, router } = this.#options;
    const hadCaughtUp = router.hasCaughtUpWith(neighbour);
    router.receive(neighbour, message);
    if (!hadCaughtUp && router.hasCaughtUpWith(neighbour)) {
      emit("info", connection, "caught up", { neighbour });
      this.#readiness.update(this.#neighbourStates());
    }
  }

  #onHeartbeat({ dialler, neighbour }: Link, heartbeats: number): void {
    const { router, self } = this.#options;
    router.onHeartbeat(neighbour);
    const isTime = heartbeats % (compareEveryMs / pingAfterMs) === 0;
    if (isTime && dialler === self.name) {
      router.compare(neighbour);
      this.flush();
    }
  }

  async #run(link: Link, connection: string): Promise<void> {
    const { emit } = this.#options;
    const reason = await link.run();
    const neighbour = this.#neighbours.get(link.neighbour)!;
    if (neighbour.link === link) {
      neighbour.link = undefined;
      // A neighbour that accepts another connection of ours ends the one in use,
      // and we may hear of that first. Then the news waits for the other one.
      const isMoving = reason === "neighbour closed" && neighbour.isInHandshake;
      if (!isMoving) this.#onLost(neighbour, reason);
      neighbour.onUnlinked?.();
    }
    // That a better connection took over is news to nobody.
    const level = reason === "replaced" ? "debug" : "info";
    emit(level, connection, "link down", {
      neighbour: link.neighbour,
      reason,
      ...(link.detail === "" ? {} : { detail: link.detail }),
    });
  }

  /** There is no link with a neighbour, and none is about to be. */
  #onLost(neighbour: Neighbour, reason: string): void {
    const { clock, router } = this.#options;
    router.unlink(neighbour.name);
    neighbour.counts.down(secondsOf(clock), reason);
    this.#readiness.update(this.#neighbourStates());
  }

  #track<Result>(task: Promise<Result>): Promise<Result> {
    this.#tasks.add(task);
    const forget = () => this.#tasks.delete(task);
    task.then(forget, forget);
    return task;
  }
}
