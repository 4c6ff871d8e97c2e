/**
 * Keeps this server linked with its neighbours: dials each, lets each dial in,
 * keeps one link a pair, and tries again when one is lost. Strangers are told
 * why and shown the door.
 *
 * @module
 */
import { type Clock, secondsOf, sleep } from "../../runtime/clock.ts";
import type { EmitEvent } from "../../runtime/events.ts";
import type { LimitCounts } from "../../runtime/limit_counts.ts";
import type { TrafficLog, Transport } from "../../runtime/transport.ts";
import { compareEveryMs, firstDialWaitMs, pingAfterMs } from "../limits.ts";
import { isOfConnection, type Message } from "../replication/messages.ts";
import { Outbox } from "../replication/outbox.ts";
import type { Replica } from "../replication/replica.ts";
import { ServerNames } from "../server_names.ts";
import type { ServerEntry, Topology } from "../topology.ts";
import { type Connect, Redial } from "./dialer.ts";
import { Dispatch } from "./flusher.ts";
import { type Hello, isRefusal, type Refusal } from "./handshake.ts";
import type { Introduction } from "./handshake_connection.ts";
import { Hands, type HandsOptions } from "./handshake_exchange.ts";
import { type Introduced, Link } from "./link.ts";
import type { LinkCounts } from "./link_counts.ts";
import { Neighbour } from "./neighbour.ts";
import { Introductions } from "./pending_handshakes.ts";
import { Arrivals, type Durations } from "./propagation_sampler.ts";
import { Readiness, type Standing } from "./readiness.ts";
import { replaces } from "./supersedes.ts";

/** What the links need from outside the room. */
export interface LinksOptions extends Omit<HandsOptions, "name"> {
  readonly self: ServerEntry;
  readonly topology: Topology;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly counts: LimitCounts;
  /** Where it is counted how long reports of neighbours took, in seconds. */
  readonly propagation: Durations;
  /** Most connections that came in and are not linked yet. */
  readonly maxHalfOpenLinks: number;
  /** A neighbour that is silent for this long is given up. */
  readonly timeoutMs: number;
  readonly connect: Connect;
  /** Where a connection's traffic is told. */
  readonly trafficOf: (connection: string) => TrafficLog;
  readonly emit: EmitEvent;
}

/** How it stands with a neighbour. */
export interface NeighbourReport extends Standing {
  /** How many reports wait to be sent to it. */
  readonly waitingReports: number;
  readonly counts: Readonly<LinkCounts>;
}

/** All links of one server. */
export class Links {
  readonly #options: LinksOptions;
  readonly #hands: Hands;
  readonly #neighbours: ReadonlyMap<string, Neighbour>;
  readonly #servers: ServerNames;
  readonly #stop = new AbortController();
  readonly #tasks = new Set<Promise<unknown>>();
  readonly #introductions: Introductions;
  readonly #dispatch: Dispatch;
  readonly #redial: Redial;
  readonly #arrivals: Arrivals;
  readonly #readiness = new Readiness();

  constructor(options: LinksOptions) {
    const { self, topology } = options;
    this.#options = options;
    this.#hands = new Hands({ ...options, name: self.name });
    const entries = topology.neighbours.get(self.name) ?? [];
    const now = secondsOf(options.clock);
    this.#neighbours = new Map(
      entries.map((entry) => [entry.name, new Neighbour(entry, now)]),
    );
    this.#arrivals = new Arrivals(options.clock, options.propagation);
    this.#servers = new ServerNames(topology.servers.map(({ name }) => name));
    this.#introductions = new Introductions(options);
    this.#dispatch = new Dispatch({
      ...options,
      neighbours: this.#neighbours,
    });
    this.#redial = new Redial({
      ...options,
      signal: this.#stop.signal,
      shake: (transport, neighbour) => this.#shake(transport, neighbour),
    });
  }

  /**
   * Dials every neighbour and keeps dialling those that are not linked.
   * Resolves when each has been tried once, or is taking too long.
   */
  async start(): Promise<void> {
    const firstDials = [...this.#neighbours.values()].map((neighbour) => {
      const firstDial = this.#redial.dial(neighbour);
      this.#track(firstDial.then(() => this.#redial.keepLinked(neighbour)));
      return firstDial;
    });
    const tried = new AbortController();
    await Promise.race([
      Promise.all(firstDials),
      sleep(this.#options.clock, firstDialWaitMs, tried.signal),
    ]);
    tried.abort();
    this.#readiness.dialled(this.#standings());
  }

  /**
   * Takes a connection that came in on the peer port. Resolves when it has
   * become a link, or was refused and is closed.
   *
   * @param remote Where it came from, for the log.
   */
  accept(transport: Transport, remote: string): Promise<void> {
    return this.#track(
      this.#introductions.accept(
        transport,
        (introduction, connection) =>
          this.#answer(introduction, connection, remote),
      ),
    );
  }

  /** Hands all outboxes to the sockets. */
  flush(): void {
    this.#dispatch.flush();
  }

  /** The same when all chunks have been taken that came in together. */
  flushSoon(): void {
    this.#dispatch.flushSoon();
  }

  /**
   * When every report accepted so far has been handed to the sockets of all
   * neighbours that keep up. Undefined if that is the case already.
   */
  handed(): Promise<unknown> | undefined {
    return this.#dispatch.handed();
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
  report(): NeighbourReport[] {
    const { replica } = this.#options;
    return this.#standings().map((standing) => ({
      ...standing,
      waitingReports: replica.waitingFor(standing.neighbour),
      counts: this.#neighbours.get(standing.neighbour)!.counts,
    }));
  }

  #standings(): Standing[] {
    const { replica } = this.#options;
    return [...this.#neighbours.values()].map(({ isUp, name }) => ({
      neighbour: name,
      isUp,
      isCaughtUp: isUp && replica.hasCaughtUpWith(name),
    }));
  }

  /** Ends all links, behind what is being written. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#dispatch.stop();
    this.#introductions.close();
    for (const { link } of this.#neighbours.values()) {
      if (link !== undefined) this.#track(link.retire("stopping"));
    }
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  /** Shakes hands on a connection that we have dialled. */
  #shake(
    transport: Transport,
    neighbour: Neighbour,
  ): Promise<string | undefined> {
    return this.#introductions.dial(
      transport,
      async (introduction, connection) => {
        const { name } = neighbour;
        neighbour.isShaking = true;
        const answer = await this.#hands.shakeAsDialler(introduction, name);
        neighbour.isShaking = false;
        if (isRefusal(answer)) {
          introduction.close();
          const reason = `${answer.reason}: ${answer.detail}`;
          if (!neighbour.isUp) this.#lose(neighbour, reason);
          return reason;
        }
        const dialler = this.#options.self.name;
        this.#establish(introduction.introduced(answer, dialler), connection);
        return undefined;
      },
    );
  }

  /** Hears who dialled, and links or refuses. */
  async #answer(
    introduction: Introduction,
    connection: string,
    remote: string,
  ): Promise<void> {
    const result = await this.#hands.shakeAsAcceptor(
      introduction,
      [...this.#neighbours.keys()],
      (hello) => this.#refuseSecond(hello),
    );
    if (isRefusal(result)) {
      const { emit } = this.#options;
      emit("warning", connection, "link refused", { remote, ...result });
      // Who was crowded out is gone: there is nobody to tell.
      if (result.reason !== "crowded out") await introduction.refuse(result);
    } else {
      const introduced = introduction.introduced(result, result.from);
      this.#establish(introduced, connection);
    }
  }

  /** Refuses a second connection of a neighbour if the first one stays. */
  #refuseSecond({ from: dialler, incarnation }: Hello): Refusal | undefined {
    const { link } = this.#neighbours.get(dialler)!;
    return link === undefined || replaces({ dialler, incarnation }, link)
      ? undefined
      : { reason: "linked already", detail: `${dialler} is linked already` };
  }

  /** Both sides know each other: the connection becomes a link. */
  #establish(introduced: Introduced, connection: string): void {
    const { clock, emit, replica, self, timeoutMs, trafficOf } = this.#options;
    const { dialler, neighbour: name } = introduced;
    const neighbour = this.#neighbours.get(name)!;
    const inUse = neighbour.link;
    const isBetter = inUse === undefined || replaces(introduced, inUse);
    const linkName = `${connection}/${name}`;
    const isOfThisLife = () =>
      introduced.incarnation === neighbour.link?.incarnation;
    const link: Link = new Link(introduced, {
      clock,
      timeoutMs,
      // A link that is given up at once reads on, but has nothing to write.
      outbox: isBetter ? replica.link(name) : new Outbox(),
      counts: neighbour.counts,
      traffic: trafficOf(linkName),
      findServer: this.#servers.find,
      isServer: this.#servers.has,
      // What a neighbour's former life still says is true, but it does not
      // mean that the present one knows it, or has agreed to it.
      accept: (report) => {
        const from = isOfThisLife() ? name : undefined;
        const isNews = replica.accept(report, from) === "newer";
        // What it knew before it was linked is older than its way was long.
        if (isNews && replica.hasCaughtUpWith(name)) {
          this.#arrivals.hear(report);
        }
      },
      hear: (message) => {
        const isHeard = isOfConnection(message)
          ? neighbour.link === link
          : isOfThisLife();
        if (isHeard) this.#hear(name, linkName, message);
      },
      flush: () => {
        this.#arrivals.rest();
        this.flushSoon();
      },
      onBeat: (beats) => {
        if (neighbour.link === link) this.#onBeat(link, beats);
      },
    });
    if (isBetter) {
      neighbour.link = link;
      neighbour.lastFailure = undefined;
      neighbour.counts.up(secondsOf(clock));
      emit("info", linkName, "link up", { neighbour: name, dialler });
      if (inUse !== undefined) this.#track(inUse.retire("replaced"));
      // One of the two begins; the other answers.
      if (dialler === self.name) replica.compare(name);
      this.#readiness.update(this.#standings());
    }
    this.#track(this.#run(link, linkName));
    if (isBetter) link.flush();
    else this.#track(link.retire("replaced"));
    if (this.#stop.signal.aborted) this.#track(link.retire("stopping"));
  }

  #hear(neighbour: string, connection: string, message: Message): void {
    const { emit, replica } = this.#options;
    const hadCaughtUp = replica.hasCaughtUpWith(neighbour);
    replica.receive(neighbour, message);
    if (!hadCaughtUp && replica.hasCaughtUpWith(neighbour)) {
      emit("info", connection, "caught up", { neighbour });
      this.#readiness.update(this.#standings());
    }
  }

  #onBeat({ dialler, neighbour }: Link, beats: number): void {
    const { replica, self } = this.#options;
    replica.onHeartbeat(neighbour);
    const isTime = beats % (compareEveryMs / pingAfterMs) === 0;
    if (isTime && dialler === self.name) {
      replica.compare(neighbour);
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
      const isMoving = reason === "neighbour closed" && neighbour.isShaking;
      if (!isMoving) this.#lose(neighbour, reason);
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
  #lose(neighbour: Neighbour, reason: string): void {
    const { clock, replica } = this.#options;
    replica.unlink(neighbour.name);
    neighbour.counts.down(secondsOf(clock), reason);
    this.#readiness.update(this.#standings());
  }

  #track<Result>(task: Promise<Result>): Promise<Result> {
    this.#tasks.add(task);
    const forget = () => this.#tasks.delete(task);
    task.then(forget, forget);
    return task;
  }
}
