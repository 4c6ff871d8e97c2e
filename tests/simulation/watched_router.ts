/**
 * The router of a simulated server. Everything that it accepts, sends and receives
 * is checked.
 *
 * @module
 */
import {
  type Acceptance,
  FloodRouter,
} from "../../peers/replication/flood_router.ts";
import { maxOutboxBytes, maxWriteBytes } from "../../peers/limits.ts";
import type {
  DeletionRefusal,
  DeletionResult,
} from "../../peers/store/report_store.ts";
import { root } from "../../peers/store/digest_tree.ts";
import type { Message } from "../../peers/replication/messages.ts";
import type { Outbox } from "../../peers/replication/outbox.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { maxPeerLineBytes } from "../../protocol/limits.ts";
import { isDeletion } from "../../protocol/deletion.ts";
import { isRepetition } from "../../protocol/order.ts";
import { isNewer } from "./report_order.ts";
import { lineOf, parseReport, type Report } from "../../protocol/report.ts";
import type { Crossings } from "./crossings.ts";
import { ClockWatch } from "./clock_watch.ts";
import { DeletionWatch } from "./deletions.ts";
import { ExpiryWatch } from "./expiry_watch.ts";
import type { FolderWatch } from "./folders.ts";
import { hasExpiry } from "./plan.ts";
import type { VirtualHost } from "./virtual_host.ts";
import { forgetSecondsOf, type ServerOptions } from "./server_options.ts";

/** The memory of an outbox without anything, in bytes. */
const leastOutboxBytes = 4_096;

/** The real router, with checks after each call. */
export class WatchedRouter extends FloodRouter {
  readonly #name: string;
  readonly #options: ServerOptions;
  readonly #writeBytes: number;
  readonly #outboxBytes: number;
  readonly #crossings: Crossings;
  /** Undefined if reports do not expire. */
  readonly #expiry: ExpiryWatch | undefined;
  readonly #deletions: DeletionWatch;
  readonly #clockWatch: ClockWatch;
  readonly #folderWatch: FolderWatch | undefined;
  readonly #host: VirtualHost;
  readonly #outboxes = new Map<string, Outbox>();

  constructor(
    host: VirtualHost,
    options: ServerOptions,
    crossings: Crossings,
    treeKey: string,
    folderWatch: FolderWatch | undefined,
  ) {
    const { catchUp, clientTtlSeconds, recentReports, writeBytes } = options;
    const { maxClients = Infinity } = options;
    const now = () => host.clock.now();
    super({
      catchUp,
      elapsedMs: () => host.clock.elapsedMs(),
      limits: {
        maxClients,
        maxTableBytes: Infinity,
        sourceShare: 1,
        clientTtlSeconds,
        forgetSeconds: options.forgetSeconds,
        now,
      },
      recentReports,
      writeBytes,
      treeKey,
      maxOutboxBytes: options.outboxBytes,
      rebuiltReports: options.rebuiltReports,
      onDropped: () =>
        options.coverage.add("more waits for a neighbour than the limit"),
    });
    this.#host = host;
    this.#folderWatch = folderWatch;
    this.#outboxBytes = options.outboxBytes ?? maxOutboxBytes;
    this.#name = host.name;
    this.#options = options;
    this.#crossings = crossings;
    this.#writeBytes = writeBytes ?? maxWriteBytes;
    this.#deletions = new DeletionWatch(this, {
      coverage: options.coverage,
      hostClock: options.hostClockOf(host.name),
      elapsedMs: () => host.clock.elapsedMs(),
      forgetSeconds: forgetSecondsOf(options),
      onViolation: (rule, detail) => this.#violate(rule, detail),
    });
    const names = options.topology.neighbours.get(host.name)!
      .map(({ name }) => name);
    this.#clockWatch = new ClockWatch({
      elapsedMs: () => host.clock.elapsedMs(),
      clocks: () =>
        [
          host.name,
          ...names.filter((name) => this.clockAheadOf(name) !== undefined),
        ].map(options.hostClockOf),
      onViolation: (rule, detail) => this.#violate(rule, detail),
    });
    this.#expiry = hasExpiry(options)
      ? new ExpiryWatch(this, {
        ...options,
        now,
        onViolation: (rule, detail) => this.#violate(rule, detail),
      })
      : undefined;
  }

  /** Whether a report has expired, by the correct horizon. */
  hasExpired(line: ByteString): boolean {
    return this.#expiry?.hasExpired(line) ?? false;
  }

  override accept(report: Report, from?: string): Acceptance {
    const acceptance = this.#watch(
      report,
      from,
      false,
      () => super.accept(report, from),
    );
    this.#clockWatch.onAcceptance(report.record, acceptance);
    if (acceptance === "ahead") {
      this.#options.coverage.add(
        "a report of a time that has not come is refused",
      );
    }
    return acceptance;
  }

  override acceptOwn(report: Report): Acceptance {
    return this.#watch(report, undefined, true, () => super.acceptOwn(report));
  }

  #watch(
    report: Report,
    from: string | undefined,
    isOwn: boolean,
    accept: () => Acceptance,
  ): Acceptance {
    const { client } = report;
    const before = this.newestRecord(client);
    const stateBefore = this.#expiry?.snapshot();
    const acceptance = accept();
    if (acceptance === "newer") this.#onStored(report);
    if (stateBefore !== undefined && acceptance !== "ahead") {
      this.#expiry!.onAcceptance(report, acceptance, before, stateBefore);
      if (acceptance === "newer") {
        this.#crossings.storedAgain(report.record, from);
      }
    }
    this.#deletions.onAcceptance(report, acceptance);
    const after = this.newestRecord(client);
    if (
      before !== undefined && after !== undefined && before !== after &&
      !isNewer(after, before)
    ) {
      this.#violate(
        "an older report replaced a newer one",
        `${before}, then ${after}`,
      );
    }
    if ((after && lineOf(after)) !== this.newest(client)) {
      this.#violate("a client sees another report", `than ${after}`);
    }
    if (isOwn) this.#checkRepetition(report, acceptance, before);
    if (acceptance === "repeated") {
      this.#options.coverage.add("a client sends a report again");
    }
    const isNotStored = acceptance === "forgotten" ||
      acceptance === "deleted" || acceptance === "repeated" ||
      acceptance === "ahead";
    if (!isNotStored && after !== undefined) {
      const { record: line } = report;
      if (line !== after && !isNewer(after, line)) {
        this.#violate(
          "a newer report was not stored",
          `${line}, but ${after} is stored`,
        );
      }
    }
    if (this.clients > (this.#options.maxClients ?? Infinity)) {
      this.#violate("more clients than the limit", `${this.clients}`);
    }
    this.#checkOutboxes();
    return acceptance;
  }

  #onStored(record: Report): void {
    this.#folderWatch?.onStored(record, this.#host.process.activeMs);
    this.#noteHorizon();
  }

  #noteHorizon(): void {
    const { activeMs } = this.#host.process;
    this.#folderWatch?.onHorizon(this.raisedHorizon, activeMs);
  }

  override restore(record: Report): boolean {
    const isStored = super.restore(record);
    if (!isStored) return false;
    if (!isDeletion(record)) {
      this.#expiry?.onRestored(record);
      return true;
    }
    this.#deletions.onRestored(record);
    const { client } = record;
    const isGone = this.newestRecord(client) === undefined;
    if (isGone) this.#expiry?.onDeletion(client);
    return true;
  }

  /** Checks that a report is a repetition of the stored one, or news. */
  #checkRepetition(
    report: Report,
    acceptance: Acceptance,
    before: ByteString | undefined,
  ): void {
    const repeats = before !== undefined &&
      isRepetition(report, parseReport(before, () => true)!);
    if (acceptance === "deleted") return;
    // Of a server whose clock is behind, it may have expired on arrival.
    if (repeats && acceptance === "forgotten") return;
    if (repeats === (acceptance === "repeated")) return;
    this.#violate(
      repeats ? "a repeated report is news" : "news is a repeated report",
      `${report.record} after ${before}`,
    );
  }

  override delete(
    deletion: Report,
    from?: string,
  ): DeletionResult | DeletionRefusal {
    const result = super.delete(deletion, from);
    if (typeof result !== "string") this.#onStored(deletion);
    this.#deletions.onDeletion(deletion, result);
    if (typeof result !== "string" && result.removed !== undefined) {
      this.#expiry?.onDeletion(deletion.client);
    }
    this.#checkOutboxes();
    return result;
  }

  override receive(from: string, message: Message): string | undefined {
    const receive = () => super.receive(from, message);
    if (message.verb === "HORIZON" && this.#expiry !== undefined) {
      this.#expiry.watchHorizon(message.time, receive);
      this.#noteHorizon();
      return undefined;
    }
    const fault = receive();
    if (fault !== undefined) this.#violate("a server sends too much", fault);
    this.#count(message);
    return fault;
  }

  #count(message: Message): void {
    const { coverage } = this.#options;
    switch (message.verb) {
      case "PRUNE":
        return coverage.add("a neighbour is asked to hold reports back: PRUNE");
      case "GRAFT":
        return coverage.add("a neighbour is asked to send them again: GRAFT");
      case "WANT":
        return coverage.add("a neighbour requests an announced report: WANT");
      case "DIGEST":
        if (message.node === root) return;
        return coverage.add("a comparison goes below the root's children");
      case "TREE":
        if (this.isRebuilding) coverage.add("a digest tree is rebuilt");
        return;
    }
  }

  override runMaintenance(): void {
    const before = this.#expiry?.snapshot();
    super.runMaintenance();
    this.#noteHorizon();
    if (before === undefined) return;
    this.#expiry!.onMaintenance(before);
    this.#checkOutboxes();
  }

  #checkOutboxes(): void {
    for (const [neighbour, outbox] of this.#outboxes) {
      const { announcements, backlog, batchBytes } = outbox;
      const records = this.clients + this.deletions;
      if (backlog > records || announcements.size > records) {
        this.#violate(
          "more reports wait for a neighbour than there are clients",
          `${backlog} and ${announcements.size} for ${neighbour}`,
        );
      }
      if (outbox.bytes > Math.max(this.#outboxBytes, leastOutboxBytes)) {
        this.#violate(
          "more waits for a neighbour than the limit",
          `${outbox.bytes} bytes for ${neighbour}`,
        );
      }
      if (batchBytes > this.#writeBytes + maxPeerLineBytes) {
        this.#violate(
          "more bytes wait for a neighbour than a write takes",
          `${batchBytes} for ${neighbour}`,
        );
      }
    }
  }

  override link(neighbour: string, takesAttributes?: boolean): Outbox {
    const outbox = super.link(neighbour, takesAttributes);
    this.#outboxes.set(neighbour, outbox);
    return outbox;
  }

  override unlink(neighbour: string): void {
    super.unlink(neighbour);
    this.#outboxes.delete(neighbour);
  }

  /** How many reports wait in the backlog for a neighbour. */
  backlogFor(neighbour: string): number {
    return this.#outboxes.get(neighbour)?.backlog ?? 0;
  }

  #violate(rule: string, detail: string): void {
    this.#options.onViolation({ rule, detail: `${this.#name}: ${detail}` });
  }
}
