/**
 * What a server and one linked neighbour have said to each other that matters
 * for what it says next. No I/O, no clock.
 *
 * Most reports need to cross a link once, or not at all: where the herd has
 * circles, a neighbour gets some servers' reports sooner by another way. It says
 * so (PRUNE), and from then on those reports are held back for it: a moment later
 * it is told their fingerprints (HAVE), and asks for those that it still lacks
 * (WANT). If one of these is news then, something is wrong with the other way,
 * and it asks for all of them at once again (GRAFT). (J. Leitão, J. Pereira,
 * L. Rodrigues, "Epidemic Broadcast Trees", SRDS 2007.)
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Report } from "../../protocol/report.ts";
import { fingerprintOf } from "../store/fingerprint.ts";
import type { ReportStore } from "../store/report_store.ts";
import type { StoreResult } from "../store/report_table.ts";
import { AntiEntropy } from "./anti_entropy.ts";
import type { RecentFingerprints } from "./lazy_announcements.ts";
import type { Message, ReportId } from "./messages.ts";
import { Outbox } from "./outbox.ts";

/** What a conversation knows of its server. */
export interface PeerReplicationContext {
  readonly store: ReportStore;
  readonly recent: RecentFingerprints;
  /** Whether the two compare and repair what they know. */
  readonly catchUp: boolean;
  /** Most bytes of a write; undefined for the usual limit. */
  readonly writeBytes: number | undefined;
}

/** One side of the talk with a linked neighbour. */
export class PeerReplication {
  readonly neighbour: string;
  readonly outbox: Outbox;
  readonly #context: PeerReplicationContext;
  readonly #antiEntropy: AntiEntropy | undefined;
  /** The servers whose reports the neighbour gets by another way. */
  readonly #lazyServers = new Set<ByteString>();
  /** The servers whose reports we have asked it to hold back. */
  readonly #prunedServers = new Set<ByteString>();
  /** Those of them of which some may still be on their way. */
  readonly #recentlyPruned = new Set<ByteString>();

  constructor(neighbour: string, context: PeerReplicationContext) {
    this.neighbour = neighbour;
    this.#context = context;
    this.#antiEntropy = context.catchUp
      ? new AntiEntropy(context.store, (id) => this.outbox.requestReport(id))
      : undefined;
    this.outbox = new Outbox(this.#antiEntropy, context.writeBytes);
  }

  /**
   * There is a new connection: what was said on the last one may be lost, only
   * the news that waits is still good.
   */
  reset(): void {
    this.outbox.dropControlMessages();
    this.#antiEntropy?.reset();
    this.#lazyServers.clear();
    this.#prunedServers.clear();
    this.#recentlyPruned.clear();
  }

  /** Begins to compare what both know. */
  compare(): void {
    this.#antiEntropy?.start();
  }

  /**
   * Whether all that the neighbour knew when they were linked has come over.
   * Where nobody compares there is nothing to wait for.
   */
  get hasCaughtUp(): boolean {
    return this.#antiEntropy?.hasCaughtUp ?? true;
  }

  /** A report is news: to be sent at once, or held back. */
  forward(report: Report, stored: StoreResult): void {
    this.onNewer(stored);
    const isHeldBack = this.#lazyServers.has(report.server);
    if (isHeldBack) this.outbox.announcements.add(stored);
    else this.outbox.put(report, stored.fingerprint);
  }

  /** There is no use any more in announcing what this report replaces. */
  onNewer({ replaced }: StoreResult): void {
    if (replaced !== undefined) this.outbox.announcements.delete(replaced);
  }

  /** The neighbour has sent a report that we had already. */
  onDuplicate(report: Report): void {
    const { end, start, view } = report;
    this.outbox.cancel(fingerprintOf(view, start, end));
  }

  /**
   * Asks the neighbour to hold a server's reports back. Not before we have
   * caught up with it: what a comparison has shown may be replaced by what is
   * held back, and then neither would have come by the end of it.
   */
  prune(server: ByteString): void {
    if (!this.hasCaughtUp || this.#recentlyPruned.has(server)) return;
    this.#recentlyPruned.add(server);
    this.#prunedServers.add(server);
    this.outbox.sendDirective("PRUNE", server);
  }

  /**
   * The neighbour was the first to send a server's report. Returns whether it
   * is to go on: then it need not hold them back any more. False if this was
   * just under way when we asked it to.
   */
  acceptEager(server: ByteString): boolean {
    if (this.#recentlyPruned.has(server)) return false;
    if (this.#prunedServers.delete(server)) {
      this.outbox.sendDirective("GRAFT", server);
    }
    return true;
  }

  /** Another second: by now the neighbour has read what we asked for before. */
  onHeartbeat(): void {
    this.#recentlyPruned.clear();
  }

  /** Takes a message, other than one about the horizon. */
  onMessage(message: Message): void {
    switch (message.verb) {
      case "PRUNE":
        this.#lazyServers.add(message.server);
        break;
      case "GRAFT":
        this.#lazyServers.delete(message.server);
        break;
      case "HAVE":
        for (const id of message.ids) this.#onHave(id);
        break;
      case "WANT":
        this.#onWant(message.ids);
        break;
      case "DIGEST":
        this.#antiEntropy?.onDigests(message.node, message.digests);
        break;
      case "PART":
        this.#antiEntropy?.onListPart(message.reports);
        break;
      case "LIST":
        this.#antiEntropy?.onList(message.node, message.reports);
        break;
      case "SYNC":
        this.outbox.onSync();
        break;
      case "SYNCED":
        this.#antiEntropy?.onSynced();
        break;
    }
  }

  #onHave(id: ReportId): void {
    if (this.#context.recent.has(id.fingerprint)) {
      this.outbox.announcements.delete(id.fingerprint);
    } else {
      this.outbox.requestReport(id);
    }
  }

  #onWant(ids: readonly ReportId[]): void {
    const wanted = Map.groupBy(ids, ({ leaf }) => leaf);
    for (const [leaf, marksOfLeaf] of wanted) {
      const fingerprints = new Set(
        marksOfLeaf.map((id) => id.fingerprint),
      );
      for (const known of this.#context.store.leaf(leaf)) {
        if (!fingerprints.has(known.fingerprint)) continue;
        this.outbox.putRequested(known.client, known.line);
      }
    }
  }
}
