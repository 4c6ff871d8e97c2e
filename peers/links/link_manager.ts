/**
 * Keeps this server linked with its neighbours: dials each neighbour, accepts
 * connections, keeps one link with each, and dials again when a link is lost.
 * Connections from unknown peers are refused with a reason.
 *
 * @module
 */
import {
  formatTimestamp,
  isTime,
  parseTimestamp,
} from "../../protocol/time.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { EmitEvent, EventLevel } from "../../runtime/events.ts";
import { formatAddress } from "../../runtime/network.ts";
import type { LimitCounts } from "../../runtime/limit_counts.ts";
import type { Turns } from "../../runtime/turns.ts";
import type { TrafficLog, Transport } from "../../runtime/transport.ts";
import type { ReplicaClockStatus } from "../../replica/replica.ts";
import type { Settling } from "../../replica/settling.ts";
import {
  compareEveryMs,
  firstDialWaitMs,
  leastEphemeralPort,
  minAlternations,
  mostEphemeralPort,
  pingAfterMs,
  warnEveryMs,
} from "../limits.ts";
import { isOfConnection, type Message } from "../replication/messages.ts";
import { Outbox } from "../replication/outbox.ts";
import type { FloodRouter } from "../replication/flood_router.ts";
import { ServerNames } from "../server_names.ts";
import type { ServerEntry, Topology } from "../topology.ts";
import { type ConnectToNeighbour, Dialer } from "./dialer.ts";
import { Flusher } from "./flusher.ts";
import {
  clockField,
  type HandshakeRefusal,
  type Hello,
  isRefusal,
  takesAttributes,
} from "./handshake.ts";
import {
  closedEarlyDetail,
  type HandshakeConnection,
} from "./handshake_connection.ts";
import {
  HandshakeExchange,
  type HandshakeOptions,
} from "./handshake_exchange.ts";
import {
  type EstablishedLink,
  Link,
  type LinkEnd,
  supersedes,
} from "./link.ts";
import type { LinkCounts } from "./link_counts.ts";
import { Neighbour } from "./neighbour.ts";
import { PendingHandshakes } from "./pending_handshakes.ts";
import {
  type DurationSink,
  PropagationSampler,
} from "./propagation_sampler.ts";
import { type NeighbourState, Readiness } from "./readiness.ts";

/** What `LinkManager` needs. */
export interface LinkManagerOptions extends Omit<HandshakeOptions, "name"> {
  readonly self: ServerEntry;
  readonly topology: Topology;
  readonly router: FloodRouter;
  readonly clock: Clock;
  /** The turns of this process. */
  readonly turns: Turns;
  readonly counts: LimitCounts;
  /** Counts how long reports took from their origin, in seconds. */
  readonly propagation: DurationSink;
  /** Most accepted connections whose handshake is pending. */
  readonly maxHalfOpenLinks: number;
  /** After this much silence of a neighbour, in milliseconds, its link ends. */
  readonly timeoutMs: number;
  readonly connect: ConnectToNeighbour;
  /** Receives a connection's traffic for the log. */
  readonly trafficLogFor: (connection: string) => TrafficLog;
  readonly emit: EmitEvent;
}

/** The state of a neighbour, with its counts. */
export interface NeighbourStatus extends NeighbourState {
  /** How many reports wait to be sent to it. */
  readonly waitingReports: number;
  /** How far its clock is ahead of this server's, in seconds, if known. */
  readonly clockAheadSeconds: number | undefined;
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
  #cancelClockComparison: (() => void) | undefined;
  /** Whether the log says that this server's clock differs. */
  #clockDiffers = false;

  constructor(options: LinkManagerOptions) {
    const { self, topology } = options;
    this.#options = options;
    this.#exchange = new HandshakeExchange({
      ...options,
      name: self.name,
      helloFields: () =>
        new Map([[clockField, formatTimestamp(options.router.now())]]),
    });
    const entries = topology.neighbours.get(self.name) ?? [];
    this.#neighbours = new Map(
      entries.map((entry) => [entry.name, new Neighbour(entry, options.clock)]),
    );
    this.#propagationSampler = new PropagationSampler(
      options.clock,
      options.propagation,
    );
    options.router.onHorizonAhead = (neighbour, seconds) =>
      this.#onHorizonAhead(neighbour, seconds);
    options.router.onApart = (neighbour) =>
      options.emit("warning", "server", "apart too long", {
        neighbour,
        hint:
          `restart the server whose old reports are to be removed: ${options.self.name} ` +
          `or ${neighbour}`,
      });
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
        this.#connectAsDialer(transport, neighbour),
    });
  }

  /**
   * Dials every neighbour, and keeps dialling those that are not linked.
   * Resolves when each was dialled once, or after `firstDialWaitMs`.
   */
  async start(): Promise<void> {
    const { emit, self: { peerPort: port } } = this.#options;
    if (port >= leastEphemeralPort && port <= mostEphemeralPort) {
      emit("debug", "server", "ephemeral port", { port });
    }
    this.#scheduleClockComparison();
    const firstDials = [...this.#neighbours.values()].map((neighbour) => {
      const firstDial = this.#dialer.dial(neighbour);
      this.#track(firstDial.then(() => this.#dialer.keepLinked(neighbour)));
      return firstDial;
    });
    const done = new AbortController();
    await Promise.race([
      Promise.all(firstDials),
      sleep(this.#options.clock, firstDialWaitMs, done.signal),
    ]);
    done.abort();
    this.#readiness.onDialled(this.#neighbourStates());
  }

  /**
   * Runs the handshake of a connection to the peer port. Resolves when it is a
   * link, or was refused and closed.
   *
   * @param remote The address of the other side, for the log.
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

  /** Frees descriptors of handshakes: see `PendingHandshakes`. */
  onShortage(): number {
    return this.#pendingHandshakes.onShortage();
  }

  onRecovery(): void {
    this.#pendingHandshakes.onRecovery();
  }

  /** Writes all outboxes to the sockets. */
  flush(): void {
    this.#flusher.flush();
  }

  /**
   * Flushes after all chunks that arrived together are processed.
   *
   * @param settling See `Flusher.scheduleFlush`.
   */
  scheduleFlush(settling?: Settling): void {
    this.#flusher.scheduleFlush(settling);
  }

  /** The names of the linked neighbours. */
  linked(): string[] {
    return [...this.#neighbours.values()]
      .filter(({ isUp }) => isUp)
      .map(({ name }) => name);
  }

  /** Why this server is not ready for clients; undefined if it is. */
  get notReady(): string | undefined {
    return this.#readiness.fault;
  }

  /** The state of each neighbour. */
  neighbourStatuses(): NeighbourStatus[] {
    const { router } = this.#options;
    return this.#neighbourStates().map((state) => ({
      ...state,
      waitingReports: router.waitingFor(state.neighbour),
      clockAheadSeconds: router.clockAheadOf(state.neighbour),
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

  /** Drains all links, and ends all other tasks. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#cancelClockComparison?.();
    this.#flusher.stop();
    this.#pendingHandshakes.close();
    for (const { link } of this.#neighbours.values()) {
      if (link !== undefined) this.#track(link.drain("stopping"));
    }
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  /** Runs the dialer's side of a handshake. Resolves to the failure, if any. */
  #connectAsDialer(
    transport: Transport,
    neighbour: Neighbour,
  ): Promise<string | undefined> {
    return this.#pendingHandshakes.dial(
      transport,
      async (handshake, connection) => {
        const { entry, name } = neighbour;
        neighbour.isInHandshake = true;
        const answer = await this.#exchange.runAsDialer(handshake, name);
        neighbour.isInHandshake = false;
        if (isRefusal(answer)) {
          handshake.close();
          const reason = `${answer.reason}: ${answer.detail}`;
          if (!neighbour.isUp) this.#onLost(neighbour, reason);
          return reason;
        }
        const dialer = this.#options.self.name;
        const remote = formatAddress(entry.host, entry.peerPort);
        this.#establish(
          handshake.established(answer, dialer, remote),
          connection,
        );
        return undefined;
      },
    );
  }

  /** Runs the acceptor's side of a handshake, and links or refuses. */
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
      const level = isHarmless(result, handshake) ? "debug" : "warning";
      emit(level, connection, "link refused", { remote, ...result });
      // An evicted connection is already closed.
      if (result.reason !== "crowded out") await handshake.refuse(result);
    } else {
      const established = handshake.established(
        result,
        result.from,
        remote,
      );
      this.#establish(established, connection);
    }
  }

  /** Returns a refusal if the neighbour's link in use stays. */
  #refuseSecond(
    { from: dialer, incarnation }: Hello,
  ): HandshakeRefusal | undefined {
    const { link } = this.#neighbours.get(dialer)!;
    return link === undefined || supersedes({ dialer, incarnation }, link)
      ? undefined
      : { reason: "linked already", detail: `${dialer} is linked already` };
  }

  /** Makes a link of a connection that has finished its handshake. */
  #establish(established: EstablishedLink, connection: string): void {
    const { clock, emit, router, self, timeoutMs, trafficLogFor, turns } =
      this.#options;
    const { dialer, neighbour: name } = established;
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
      // A link that is drained at once still reads, but has nothing to write.
      outbox: isBetter
        ? router.link(name, takesAttributes(established.fields))
        : new Outbox(),
      counts: neighbour.counts,
      traffic: trafficLogFor(linkName),
      findServer: this.#servers.find,
      isServer: this.#servers.has,
      // A report of a neighbour's earlier incarnation is valid, but the present
      // incarnation may not have it.
      onReport: (report) => {
        const from = isCurrentIncarnation() ? name : undefined;
        const isNews = router.accept(report, from) === "newer";
        // A report from before the link has waited: its age is not the time of
        // its propagation.
        if (isNews && router.hasCaughtUpWith(name)) {
          this.#propagationSampler.sample(report);
        }
      },
      onDeletion: (deletion) => {
        const isCurrent = isCurrentIncarnation();
        const result = router.delete(deletion, isCurrent ? name : undefined);
        if (result === "ahead") this.#onDeletionAhead(neighbour);
      },
      onMessage: (message) => {
        const isValid = isOfConnection(message)
          ? neighbour.link === link
          : isCurrentIncarnation();
        return isValid ? this.#onMessage(name, linkName, message) : undefined;
      },
      onOptional: (line) =>
        !isCurrentIncarnation() || (router.onOptional?.(name, line) ?? false),
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
      neighbour.counts.up();
      const told = established.fields.get(clockField);
      if (told !== undefined && isTime(told)) {
        router.onClock(name, parseTimestamp(told));
      }
      this.#watchIncarnations(neighbour, established, linkName);
      emit("info", linkName, "link up", { neighbour: name, dialler: dialer });
      if (inUse !== undefined) this.#track(inUse.drain("replaced"));
      // The dialer starts the comparison.
      if (dialer === self.name) router.compare(name);
      this.#readiness.update(this.#neighbourStates());
    }
    this.#track(this.#run(link, linkName));
    if (isBetter) link.flush();
    else this.#track(link.drain("replaced"));
    if (this.#stop.signal.aborted) this.#track(link.drain("stopping"));
  }

  /** Receives a message. Returns a fault, if the link is to end. */
  #onMessage(
    neighbour: string,
    connection: string,
    message: Message,
  ): string | undefined {
    const { emit, router } = this.#options;
    const hadCaughtUp = router.hasCaughtUpWith(neighbour);
    const fault = router.receive(neighbour, message);
    if (!hadCaughtUp && router.hasCaughtUpWith(neighbour)) {
      emit("info", connection, "caught up", { neighbour });
      this.#readiness.update(this.#neighbourStates());
    }
    return fault;
  }

  /** A neighbour's horizon waits for the clock; said once a minute. */
  #onHorizonAhead(name: string, seconds: number): void {
    const { clock, emit } = this.#options;
    const neighbour = this.#neighbours.get(name)!;
    const nowMs = clock.elapsedMs();
    if (nowMs - neighbour.horizonWarnedAtMs < warnEveryMs) return;
    neighbour.horizonWarnedAtMs = nowMs;
    emit("warning", "server", "horizon ahead", { neighbour: name, seconds });
  }

  /** A neighbour's deletion is ahead of the clock; said once a minute. */
  #onDeletionAhead(neighbour: Neighbour): void {
    const { clock, emit } = this.#options;
    const nowMs = clock.elapsedMs();
    if (nowMs - neighbour.deletionWarnedAtMs < warnEveryMs) return;
    neighbour.deletionWarnedAtMs = nowMs;
    const { name } = neighbour;
    emit("warning", "server", "deletion ahead", { neighbour: name });
  }

  /**
   * Notices two servers with one name: their connections replace each other, so
   * that an incarnation comes back after another one.
   */
  #watchIncarnations(
    neighbour: Neighbour,
    { incarnation, remote }: EstablishedLink,
    connection: string,
  ): void {
    const { clock, emit } = this.#options;
    const [last, former] = neighbour.incarnations;
    if (last?.incarnation === incarnation) return;
    neighbour.incarnations = last === undefined
      ? [{ incarnation, remote }]
      : [{ incarnation, remote }, last];
    if (former?.incarnation !== incarnation) return;
    neighbour.counts.duplicates += 1;
    const nowMs = clock.elapsedMs();
    const recent = neighbour.alternationsMs
      .filter((ms) => nowMs - ms < warnEveryMs);
    neighbour.alternationsMs = [...recent, nowMs].slice(-minAlternations);
    if (neighbour.alternationsMs.length < minAlternations) return;
    if (nowMs - neighbour.duplicateWarnedAtMs < warnEveryMs) return;
    neighbour.duplicateWarnedAtMs = nowMs;
    const remotes = [last!.remote, remote];
    emit("warning", connection, "two servers of one name", {
      neighbour: neighbour.name,
      remotes,
    });
  }

  /** Compares the clocks once a second. */
  #scheduleClockComparison(): void {
    const { clock, router } = this.#options;
    this.#cancelClockComparison = clock.after(pingAfterMs, () => {
      router.compareClocks();
      this.#emitClock(router.clock);
      this.flush();
      this.#scheduleClockComparison();
    });
  }

  /** Says once that this server's clock differs, and once that it agrees. */
  #emitClock({ aheadSeconds, clocks, differs }: ReplicaClockStatus): void {
    if (differs === this.#clockDiffers) return;
    this.#clockDiffers = differs;
    const fields = { aheadSeconds: roundToMs(aheadSeconds), clocks };
    const { emit } = this.#options;
    if (differs) emit("warning", "server", "clock differs", fields);
    else emit("info", "server", "clock agrees", fields);
  }

  #onHeartbeat({ dialer, neighbour }: Link, heartbeats: number): void {
    const { router, self } = this.#options;
    router.onHeartbeat(neighbour);
    const isTime = heartbeats % (compareEveryMs / pingAfterMs) === 0;
    if (isTime && dialer === self.name) {
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
      // When a neighbour accepts another connection of this server, it ends the
      // link in use, and that end may arrive before the end of the handshake.
      // Then the outbox is kept for the other connection.
      const isMoving = reason === "neighbour closed" && neighbour.isInHandshake;
      if (!isMoving) this.#onLost(neighbour, reason);
      neighbour.onUnlinked?.();
    }
    emit(levelOf(reason), connection, "link down", {
      neighbour: link.neighbour,
      reason,
      ...(link.detail === "" ? {} : { detail: link.detail }),
    });
  }

  /** Drops the outbox of a neighbour without a link, and counts a lost link. */
  #onLost(neighbour: Neighbour, reason: string): void {
    this.#options.router.unlink(neighbour.name);
    neighbour.counts.down(reason);
    this.#readiness.update(this.#neighbourStates());
  }

  #track<Result>(task: Promise<Result>): Promise<Result> {
    this.#tasks.add(task);
    const forget = () => this.#tasks.delete(task);
    task.then(forget, forget);
    return task;
  }
}

function roundToMs(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}

/** Replacing a connection by a better one is normal, a loss is not. */
function levelOf(reason: LinkEnd): EventLevel {
  switch (reason) {
    case "replaced":
      return "debug";
    case "stopping":
      return "info";
    default:
      return "warning";
  }
}

/**
 * Whether a refusal is normal: both neighbours have dialled, or something has
 * connected only to see whether the port is open.
 */
function isHarmless(
  { detail, reason }: HandshakeRefusal,
  handshake: HandshakeConnection,
): boolean {
  return reason === "linked already" ||
    reason === "closed early" && !handshake.hasReceived &&
      detail === closedEarlyDetail;
}
