/**
 * Keeps this server linked with its neighbours: dials each, lets each dial in,
 * keeps one link a pair, and tries again when one is lost. Strangers are told
 * why and shown the door.
 *
 * @module
 */
import { type Clock, secondsOf, sleep } from "../runtime/clock.ts";
import type { LimitCounts } from "../runtime/limit_counts.ts";
import type { Tell } from "../runtime/tell.ts";
import type { Traffic, Transport } from "../runtime/transport.ts";
import { Arrivals, type Durations } from "./arrivals.ts";
import { Backoff } from "./backoff.ts";
import { Dispatch } from "./dispatch.ts";
import { Hands, type HandsOptions } from "./hands.ts";
import { type Hello, isRefusal, type Refusal } from "./handshake.ts";
import type { Herd } from "./herd.ts";
import type { Introduction } from "./introduction.ts";
import { Introductions } from "./introductions.ts";
import {
  backoffFloorMs,
  compareEveryMs,
  dialTimeoutMs,
  firstDialWaitMs,
  pingAfterMs,
  stableAfterMs,
} from "./limits.ts";
import { type Introduced, Link } from "./link.ts";
import { LinkCounts } from "./link_counts.ts";
import { isOfConnection, type Message } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { ServerNames } from "./server_names.ts";
import { replaces } from "./settle.ts";
import type { ServerEntry, Topology } from "./topology.ts";

/** What the links need from outside the room. */
export interface LinksOptions extends Omit<HandsOptions, "name"> {
  readonly self: ServerEntry;
  readonly topology: Topology;
  readonly herd: Herd;
  readonly clock: Clock;
  readonly counts: LimitCounts;
  /** Where it is counted how long reports of neighbours took, in seconds. */
  readonly propagation: Durations;
  /** Most connections that came in and are not linked yet. */
  readonly maxHalfOpenLinks: number;
  /** A neighbour that is silent for this long is given up. */
  readonly timeoutMs: number;
  /** Opens a connection to a neighbour's peer port. */
  readonly connect: (
    neighbour: ServerEntry,
    signal: AbortSignal,
  ) => Promise<Transport>;
  /** Where a connection's traffic is told. */
  readonly trafficOf: (connection: string) => Traffic;
  readonly tell: Tell;
}

/** How it stands with a neighbour. */
export interface NeighbourReport {
  readonly neighbour: string;
  readonly isUp: boolean;
  /** How many reports wait to be sent to it. */
  readonly waitingReports: number;
  readonly counts: Readonly<LinkCounts>;
}

/** One neighbour, and the link with it that is in use. */
interface Neighbour {
  readonly entry: ServerEntry;
  readonly counts: LinkCounts;
  link?: Link;
  /** Whether we are shaking hands on a connection that we have dialled. */
  isShaking?: boolean;
  /** Called when there is no link in use any more. */
  onUnlinked?: () => void;
  /** The last reason why it could not be dialled, so as to log it once. */
  lastFailure?: string;
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
  readonly #arrivals: Arrivals;

  constructor(options: LinksOptions) {
    const { self, topology } = options;
    this.#options = options;
    this.#hands = new Hands({ ...options, name: self.name });
    const entries = topology.neighbours.get(self.name) ?? [];
    const now = secondsOf(options.clock);
    this.#neighbours = new Map(
      entries.map((
        entry,
      ) => [entry.name, { entry, counts: new LinkCounts(now) }]),
    );
    this.#arrivals = new Arrivals(options.clock, options.propagation);
    this.#servers = new ServerNames(topology.servers.map(({ name }) => name));
    this.#introductions = new Introductions(options);
    this.#dispatch = new Dispatch({
      ...options,
      neighbours: this.#neighbours,
    });
  }

  /**
   * Dials every neighbour and keeps dialling those that are not linked.
   * Resolves when each has been tried once, or is taking too long.
   */
  async start(): Promise<void> {
    const firstDials = [...this.#neighbours.values()].map((neighbour) => {
      const firstDial = this.#dial(neighbour);
      this.#track(firstDial.then(() => this.#keepLinked(neighbour)));
      return firstDial;
    });
    const tried = new AbortController();
    await Promise.race([
      Promise.all(firstDials),
      sleep(this.#options.clock, firstDialWaitMs, tried.signal),
    ]);
    tried.abort();
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
      .filter(({ link }) => link !== undefined)
      .map(({ entry }) => entry.name);
  }

  /** How it stands with each neighbour. */
  report(): NeighbourReport[] {
    const { herd } = this.#options;
    return [...this.#neighbours.values()].map(({ counts, entry, link }) => ({
      neighbour: entry.name,
      isUp: link !== undefined,
      waitingReports: herd.waitingFor(entry.name),
      counts,
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

  async #keepLinked(neighbour: Neighbour): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    const backoff = new Backoff(() => clock.random());
    let dialledForMs = 0;
    while (!signal.aborted) {
      if (neighbour.link !== undefined) {
        const sinceMs = clock.elapsedMs();
        await new Promise<void>((resolve) => neighbour.onUnlinked = resolve);
        if (clock.elapsedMs() - sinceMs >= stableAfterMs) backoff.reset();
        dialledForMs = 0;
      }
      // An attempt that has hung for long was itself a wait.
      const waitMs = backoff.nextMs() - dialledForMs;
      await sleep(clock, Math.max(waitMs, backoffFloorMs), signal);
      if (neighbour.link === undefined && !signal.aborted) {
        const sinceMs = clock.elapsedMs();
        await this.#dial(neighbour);
        dialledForMs = clock.elapsedMs() - sinceMs;
      }
    }
  }

  /** Tries once to link a neighbour. Logs a failure when it is a new one. */
  async #dial(neighbour: Neighbour): Promise<void> {
    const reason = await this.#tryDial(neighbour);
    const isOver = neighbour.link !== undefined || this.#stop.signal.aborted;
    if (!isOver && reason !== undefined && reason !== neighbour.lastFailure) {
      const { name } = neighbour.entry;
      this.#options.tell("info", "server", "dial failed", {
        neighbour: name,
        reason,
      });
    }
    neighbour.lastFailure = reason;
    if (!isOver && reason !== undefined) neighbour.counts.lastFailure = reason;
  }

  /** Connects to a neighbour's peer port, within the deadline. */
  async #connect(neighbour: ServerEntry): Promise<Transport> {
    const { clock, connect } = this.#options;
    const { signal } = this.#stop;
    const attempt = new AbortController();
    const abort = () => attempt.abort(signal.reason);
    const cancel = clock.after(dialTimeoutMs, () => {
      const message = `no connection in ${dialTimeoutMs} ms`;
      attempt.abort(new Deno.errors.TimedOut(message));
    });
    signal.addEventListener("abort", abort);
    try {
      return await connect(neighbour, attempt.signal);
    } catch (error) {
      throw attempt.signal.aborted ? attempt.signal.reason : error;
    } finally {
      cancel();
      signal.removeEventListener("abort", abort);
    }
  }

  /** Dials and shakes hands. Returns what went wrong, or undefined. */
  async #tryDial(neighbour: Neighbour): Promise<string | undefined> {
    let transport: Transport;
    try {
      transport = await this.#connect(neighbour.entry);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return await this.#introductions.dial(
      transport,
      async (introduction, connection) => {
        const { name } = neighbour.entry;
        neighbour.isShaking = true;
        const answer = await this.#hands.shakeAsDialler(introduction, name);
        neighbour.isShaking = false;
        if (isRefusal(answer)) {
          introduction.close();
          if (neighbour.link === undefined) this.#options.herd.unlink(name);
          return `${answer.reason}: ${answer.detail}`;
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
      const { tell } = this.#options;
      tell("warning", connection, "link refused", { remote, ...result });
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
    const { clock, herd, self, tell, timeoutMs, trafficOf } = this.#options;
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
      outbox: isBetter ? herd.link(name) : new Outbox(),
      counts: neighbour.counts,
      traffic: trafficOf(linkName),
      findServer: this.#servers.find,
      isServer: this.#servers.has,
      // What a neighbour's former life still says is true, but it does not
      // mean that the present one knows it, or has agreed to it.
      accept: (report) => {
        const from = isOfThisLife() ? name : undefined;
        if (herd.accept(report, from) === "newer") this.#arrivals.hear(report);
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
      if (inUse === undefined) neighbour.counts.up(secondsOf(clock));
      tell("info", linkName, "link up", { neighbour: name, dialler });
      if (inUse !== undefined) this.#track(inUse.retire("replaced"));
      // One of the two begins; the other answers.
      if (dialler === self.name) herd.compare(name);
    }
    this.#track(this.#run(link, linkName));
    if (isBetter) link.flush();
    else this.#track(link.retire("replaced"));
    if (this.#stop.signal.aborted) this.#track(link.retire("stopping"));
  }

  #hear(neighbour: string, connection: string, message: Message): void {
    const { herd, tell } = this.#options;
    const hadCaughtUp = herd.hasCaughtUpWith(neighbour);
    herd.hear(neighbour, message);
    if (!hadCaughtUp && herd.hasCaughtUpWith(neighbour)) {
      tell("info", connection, "caught up", { neighbour });
    }
  }

  #onBeat({ dialler, neighbour }: Link, beats: number): void {
    const { herd, self } = this.#options;
    herd.beat(neighbour);
    const isTime = beats % (compareEveryMs / pingAfterMs) === 0;
    if (isTime && dialler === self.name) {
      herd.compare(neighbour);
      this.flush();
    }
  }

  async #run(link: Link, connection: string): Promise<void> {
    const { clock, herd, tell } = this.#options;
    const reason = await link.run();
    const neighbour = this.#neighbours.get(link.neighbour)!;
    if (neighbour.link === link) {
      neighbour.link = undefined;
      neighbour.counts.down(secondsOf(clock), reason);
      // A neighbour that accepts another connection of ours ends the one in use,
      // and we may hear of that first. Then the news waits for the other one.
      const isMoving = reason === "neighbour closed" && neighbour.isShaking;
      if (!isMoving) herd.unlink(link.neighbour);
      neighbour.onUnlinked?.();
    }
    tell("info", connection, "link down", {
      neighbour: link.neighbour,
      reason,
      ...(link.detail === "" ? {} : { detail: link.detail }),
    });
  }

  #track<Result>(task: Promise<Result>): Promise<Result> {
    this.#tasks.add(task);
    const forget = () => this.#tasks.delete(task);
    task.then(forget, forget);
    return task;
  }
}
