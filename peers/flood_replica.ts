/**
 * A replica that keeps all reports and floods new ones to its neighbours: the
 * store, the links and the peer port of one server.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Report } from "../protocol/report.ts";
import type { Timestamp } from "../protocol/time.ts";
import { createMatcher } from "../replica/pattern.ts";
import type {
  ForgetRefusal,
  Forgotten,
  Found,
  Page,
  PutRefusal,
  Replica,
  ReplicaLinkStatus,
  ReplicaStatus,
} from "../replica/replica.ts";
import type { ReplicaRecords } from "../replica/records.ts";
import type { ReportSource } from "../replica/report_source.ts";
import type { Settling } from "../replica/settling.ts";
import type { SummaryExchange } from "../replica/summaries.ts";
import { acceptAll } from "../runtime/accept.ts";
import type { DescriptorUser } from "../runtime/descriptors.ts";
import { formatAddress, type Listener, type Port } from "../runtime/network.ts";
import { type Observer, Observers } from "../runtime/observers.ts";
import { LinkManager, type LinkManagerOptions } from "./links/link_manager.ts";
import {
  FloodRouter,
  type FloodRouterOptions,
} from "./replication/flood_router.ts";
import { SummaryFlood } from "./replication/summary_flood.ts";

const storesNothingReason = "the horizon or the reports are ahead of the clock";

/** What `FloodReplica` needs. */
export interface FloodReplicaOptions
  extends
    Omit<LinkManagerOptions, "router">,
    Omit<FloodRouterOptions, "elapsedMs" | "onDropped"> {
  /** The open peer port. The replica closes it when it stops. */
  readonly peers: Listener;
  /** Frees a descriptor when there is none for a connection. */
  readonly relieve?: () => boolean;
}

/**
 * The replica. A report settles when the sockets of all neighbours whose links
 * are not stalled have it, so that a client with a reply can query a neighbour.
 */
export class FloodReplica implements Replica, DescriptorUser {
  readonly #options: FloodReplicaOptions;
  readonly #router: FloodRouter;
  readonly #linkManager: LinkManager;
  readonly summaries: SummaryExchange;
  readonly records: ReplicaRecords;
  readonly #observers = new Observers<Report>();
  #accepting: Promise<void> | undefined;
  #storesNothing = false;
  #isStopping = false;

  constructor(options: FloodReplicaOptions) {
    this.#options = options;
    this.#router = new FloodRouter({
      ...options,
      elapsedMs: () => options.clock.elapsedMs(),
      onDropped: () => options.counts.hit("outbox-bytes"),
    });
    this.#router.onDeletionsFull = () => options.counts.hit("deletion-bytes");
    this.#linkManager = new LinkManager({ ...options, router: this.#router });
    const { clock, self, topology } = options;
    this.summaries = new SummaryFlood({
      self: self.name,
      servers: topology.servers.map(({ name }) => name),
      router: this.#router,
      elapsedMs: () => clock.elapsedMs(),
      flush: () => this.#linkManager.scheduleFlush(),
    });
    this.records = this.#describeRecords();
  }

  #describeRecords(): ReplicaRecords {
    const router = this.#router;
    return {
      observe: (observer) => {
        router.onRecord = observer;
        return () => router.onRecord = undefined;
      },
      observeDeletions: (observer) => {
        router.onDeletion = observer;
        return () => router.onDeletion = undefined;
      },
      walk: () => router.walk(),
      restore: (record) => router.restore(record),
      get ages() {
        return router.ages;
      },
      restoreAges: (ages) => router.restoreAges(ages),
    };
  }

  /** Stores a report and puts it in the outboxes. `flush` settles it. */
  put(
    report: Report,
    _settling: Settling,
    source?: ReportSource,
  ): PutRefusal | undefined {
    const acceptance = this.#router.acceptOwn(report, source);
    const { storesNothing } = this.#router;
    if (storesNothing !== this.#storesNothing) this.#emitStoring(storesNothing);
    return acceptance === "share" ? "table-share" : undefined;
  }

  #emitStoring(storesNothing: boolean): void {
    this.#storesNothing = storesNothing;
    if (storesNothing) {
      const reason = storesNothingReason;
      this.#options.emit("warning", "server", "stores nothing", { reason });
    } else {
      this.#options.emit("info", "server", "stores again");
    }
  }

  find(client: ByteString): Found {
    return this.#router.newest(client);
  }

  findRecord(client: ByteString): Found {
    return this.#router.newestRecord(client);
  }

  select(pattern: ByteString, limit: number, cursor?: string): Page {
    return this.#router.select(createMatcher(pattern), limit, cursor);
  }

  observe(observer: Observer<Report>): () => void {
    const stop = this.#observers.add(observer);
    this.#router.onNews = (report) => this.#observers.notify(report);
    return () => {
      stop();
      if (this.#observers.count === 0) this.#router.onNews = undefined;
    };
  }

  /** Forgets a client, and sends the deletion; see `FloodRouter.forget`. */
  forget(client: ByteString, until?: Timestamp): Forgotten | ForgetRefusal {
    const result = this.#router.forget(client, until);
    this.#linkManager.scheduleFlush();
    return result;
  }

  load(reports: Iterable<Report>): void {
    for (const report of reports) this.#router.accept(report);
    this.#linkManager.scheduleFlush();
  }

  get ready(): boolean {
    return this.fault === undefined;
  }

  get fault(): string | undefined {
    return this.#linkManager.notReady ??
      (this.#router.storesNothing
        ? `it stores no reports: ${storesNothingReason}`
        : undefined);
  }

  /** Writes the outboxes to the sockets, and settles when these have taken it. */
  flush(settling: Settling): void {
    this.#router.onChunk(this.#options.turns.lastWorkAtMs);
    this.#linkManager.scheduleFlush(settling);
  }

  onShortage(): number {
    return this.#linkManager.onShortage();
  }

  onRecovery(): void {
    this.#linkManager.onRecovery();
  }

  status(): ReplicaStatus {
    const { ahead, apart, deleted, forgotten, known, newer, repeated } = this
      .#router.counts;
    return {
      clients: this.#router.clients,
      table: {
        bytes: this.#router.tableBytes,
        maxBytes: this.#options.limits.maxTableBytes,
      },
      deletions: this.#router.deletions,
      deletedReports: this.#router.deletedReports,
      reports: { newer, known, repeated, ahead, forgotten, deleted, apart },
      storesNothing: this.#router.storesNothing,
      clock: this.#router.clock,
      links: this.#linkManager.neighbourStatuses().map(describeLink),
    };
  }

  get port(): Port {
    const { address, isEncrypted } = this.#options.peers;
    return { address, isEncrypted };
  }

  /**
   * Accepts and dials neighbours. Resolves when each was dialled once, or after
   * `firstDialWaitMs`.
   */
  async start(): Promise<void> {
    const { clock, counts, emit, peers, relieve } = this.#options;
    this.#accepting = acceptAll(
      peers,
      ({ address, port, transport }) =>
        this.#linkManager.accept(transport, formatAddress(address, port)),
      { clock, counts, emit, isClosed: () => this.#isStopping, relieve },
    );
    await this.#linkManager.start();
  }

  /** Closes the peer port. When the clients are gone, drains all links. */
  async stop(clientsGone: Promise<unknown>): Promise<void> {
    this.#isStopping = true;
    this.#options.peers.close();
    await this.#accepting;
    await clientsGone;
    await this.#linkManager.stop();
  }
}

function describeLink(
  { counts, ...link }: ReturnType<LinkManager["neighbourStatuses"]>[number],
): ReplicaLinkStatus {
  const {
    bytesSent,
    duplicates,
    ignoredMessages,
    lastFailure,
    losses,
    reportsReceived,
    since,
    stateSeconds,
  } = counts;
  return {
    ...link,
    since,
    stateSeconds,
    reportsReceived,
    bytesSent,
    losses,
    lastFailure,
    duplicates,
    ignoredMessages,
  };
}
