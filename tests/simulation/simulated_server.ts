/**
 * One server of a simulated herd: the real links, flood, memory and catch-up, on
 * a virtual host. Everything that it accepts, sends and receives is watched.
 *
 * @module
 */
import { Turns } from "../../runtime/turns.ts";
import {
  type Acceptance,
  FloodRouter,
} from "../../peers/replication/flood_router.ts";
import { maxWriteBytes } from "../../peers/limits.ts";
import { defaultMaxHalfOpenLinks } from "../../peers/limits.ts";
import { LinkManager } from "../../peers/links/link_manager.ts";
import type { Message } from "../../peers/replication/messages.ts";
import { LimitCounts } from "../../runtime/limit_counts.ts";
import type { Outbox } from "../../peers/replication/outbox.ts";
import { findServer, type Topology } from "../../peers/topology.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import type { Iamat } from "../../protocol/command.ts";
import { maxPeerLineBytes } from "../../protocol/limits.ts";
import { isNewer, makeReport, type Report } from "../../protocol/report.ts";
import { secondsOf } from "../../runtime/clock.ts";
import { createFakeProver } from "../fakes/prover.ts";
import { CaughtUpWatch } from "./caught_up_watch.ts";
import type { Coverage, ServerEvent } from "./coverage.ts";
import { Crossings, type Violation } from "./crossings.ts";
import { ForgettingWatch } from "./forgetting_watch.ts";
import type { Random } from "../../runtime/random.ts";
import { isForgetful } from "./plan.ts";
import type { VirtualHost } from "./virtual_host.ts";

/** How the servers of a herd are set up. */
export interface ServerOptions {
  readonly topology: Topology;
  readonly catchUp: boolean;
  readonly secrets: readonly string[];
  readonly maxClients?: number;
  readonly clientTtlSeconds?: number;
  readonly timeoutMs: number;
  readonly writeBytes?: number;
  readonly recentReports: number;
  /** Counts what occurs. */
  readonly coverage: Coverage;
  /** Told of what the server tells its log. */
  readonly onServerEvent: (event: ServerEvent) => void;
  /** What a server knows that is alive. */
  readonly knowledgeOf: (name: string) => Iterable<ByteString>;
  /** Told of everything that must never happen. */
  readonly onViolation: (violation: Violation) => void;
  /** Told of events, for a person who looks into a failure. */
  readonly onEvent: (text: string) => void;
}

/** One life of a server. */
export class SimulatedServer {
  readonly name: string;
  readonly replica: WatchedRouter;
  readonly crossings: Crossings;
  readonly #host: VirtualHost;
  readonly #linkManager: LinkManager;

  /** @param random Where its nonces and its incarnation come from. */
  constructor(host: VirtualHost, options: ServerOptions, random: Random) {
    this.name = host.name;
    this.#host = host;
    const { clock } = host;
    const { topology } = options;
    const say = (text: string) =>
      options.onEvent(`${clock.elapsedMs().toFixed(1)} ${host.name} ${text}`);
    this.crossings = new Crossings(host.name, options);
    this.replica = new WatchedRouter(host, options, this.crossings);
    const caughtUpWatch = new CaughtUpWatch(host.name, this.replica, options);
    this.#linkManager = new LinkManager({
      self: findServer(topology, host.name)!,
      topology,
      router: this.replica,
      clock,
      turns: new Turns(clock),
      counts: new LimitCounts(clock, () => {}),
      propagation: { add: () => {} },
      maxHalfOpenLinks: defaultMaxHalfOpenLinks,
      incarnation: digits(random),
      nonce: () => digits(random),
      prove: createFakeProver(options.secrets),
      timeoutMs: options.timeoutMs,
      connect: (neighbour, signal) =>
        host.connect(neighbour.host, neighbour.peerPort, signal),
      trafficLogFor: (connection) => this.crossings.watch(connection),
      emit: (_level, connection, event, { detail, neighbour, reason } = {}) => {
        say([connection, event, neighbour, reason, detail].join(" "));
        caughtUpWatch.see(event, String(neighbour));
        const server = host.name;
        options.onServerEvent({ server, event, neighbour, reason });
      },
    });
    const { peerPort } = findServer(topology, host.name)!;
    host.listen(
      (transport, remote) => this.#linkManager.accept(transport, remote),
      peerPort,
    );
    this.#linkManager.start();
    say("started");
  }

  /** A client tells this server where it is. */
  report(iamat: Iamat): Report {
    const report = makeReport(this.name, this.#host.clock.now(), iamat);
    this.replica.accept(report);
    this.#linkManager.scheduleFlush();
    return report;
  }

  /** The names of the neighbours that are linked. */
  get linked(): string[] {
    return this.#linkManager.linked();
  }

  /** The names of those of them that it has caught up with. */
  get caughtUp(): string[] {
    return this.linked.filter((name) => this.replica.hasCaughtUpWith(name));
  }
}

/** The real thing, and a look at each step of it. */
export class WatchedRouter extends FloodRouter {
  readonly #name: string;
  readonly #options: ServerOptions;
  readonly #writeBytes: number;
  readonly #crossings: Crossings;
  /** Undefined where nothing is forgotten. */
  readonly #forgetting: ForgettingWatch | undefined;
  readonly #outboxes = new Map<string, Outbox>();

  constructor(
    host: VirtualHost,
    options: ServerOptions,
    crossings: Crossings,
  ) {
    const { catchUp, clientTtlSeconds, recentReports, writeBytes } = options;
    const { maxClients = Infinity } = options;
    const nowSeconds = () => secondsOf(host.clock);
    super({
      catchUp,
      limits: {
        maxClients,
        maxTableBytes: Infinity,
        sourceShare: 1,
        clientTtlSeconds,
        nowSeconds,
      },
      recentReports,
      writeBytes,
    });
    this.#name = host.name;
    this.#options = options;
    this.#crossings = crossings;
    this.#writeBytes = writeBytes ?? maxWriteBytes;
    this.#forgetting = isForgetful(options)
      ? new ForgettingWatch(this, {
        ...options,
        nowSeconds,
        onViolation: (rule, detail) => this.#violate(rule, detail),
      })
      : undefined;
  }

  /**
   * Where the horizon must be, in POSIX seconds: what was heard until then is
   * forgotten.
   */
  get horizon(): number {
    return this.#forgetting?.horizon ?? -Infinity;
  }

  override accept(report: Report, from?: string): Acceptance {
    const { client } = report;
    const before = this.newest(client);
    const herdBefore = this.#forgetting?.look();
    const acceptance = super.accept(report, from);
    if (herdBefore !== undefined) {
      this.#forgetting!.seeAcceptance(report, acceptance, before, herdBefore);
      if (acceptance === "newer") {
        this.#crossings.storedAgain(report.line, from);
      }
    }
    const after = this.newest(client);
    if (
      before !== undefined && after !== undefined && before !== after &&
      !isNewer(after, before)
    ) {
      this.#violate(
        "something older took the place of something newer",
        `${before} then ${after}`,
      );
    }
    if (acceptance !== "forgotten" && after !== undefined) {
      const { line } = report;
      if (line !== after && !isNewer(after, line)) {
        this.#violate(
          "a newer report was not taken",
          `${line} where ${after} is known`,
        );
      }
    }
    if (this.clients > (this.#options.maxClients ?? Infinity)) {
      this.#violate("more clients than the limit", `${this.clients}`);
    }
    this.#checkOutboxes();
    return acceptance;
  }

  override receive(from: string, message: Message): void {
    const { coverage } = this.#options;
    const hear = () => super.receive(from, message);
    if (message.verb === "HORIZON" && this.#forgetting !== undefined) {
      return this.#forgetting.watchHorizon(message.seconds, hear);
    }
    hear();
    switch (message.verb) {
      case "PRUNE":
        return coverage.add("a neighbour is asked to hold reports back: PRUNE");
      case "GRAFT":
        return coverage.add("a neighbour is asked to send them again: GRAFT");
      case "WANT":
        return coverage.add("a neighbour asks for an announced report: WANT");
    }
  }

  override runMaintenance(): void {
    const before = this.#forgetting?.look();
    super.runMaintenance();
    if (before === undefined) return;
    this.#forgetting!.seeChores(before);
    this.#checkOutboxes();
  }

  #checkOutboxes(): void {
    for (const [neighbour, outbox] of this.#outboxes) {
      const { announcements, backlog, batchBytes } = outbox;
      if (backlog > this.clients || announcements.size > this.clients) {
        this.#violate(
          "more waits for a neighbour than there are clients",
          `${backlog} and ${announcements.size} for ${neighbour}`,
        );
      }
      if (batchBytes > this.#writeBytes + maxPeerLineBytes) {
        this.#violate(
          "more waits for a neighbour than a write takes",
          `${batchBytes} bytes for ${neighbour}`,
        );
      }
    }
  }

  override link(neighbour: string): Outbox {
    const outbox = super.link(neighbour);
    this.#outboxes.set(neighbour, outbox);
    return outbox;
  }

  override unlink(neighbour: string): void {
    super.unlink(neighbour);
    this.#outboxes.delete(neighbour);
  }

  /** How many reports are kept by client for a neighbour. */
  backlogFor(neighbour: string): number {
    return this.#outboxes.get(neighbour)?.backlog ?? 0;
  }

  #violate(rule: string, detail: string): void {
    this.#options.onViolation({ rule, detail: `${this.#name}: ${detail}` });
  }
}

function digits(random: Random): string {
  const parts = Array.from(
    { length: 4 },
    () => random.below(2 ** 32).toString(16).padStart(8, "0"),
  );
  return parts.join("");
}
