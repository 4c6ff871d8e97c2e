/**
 * The state of the exchange between a server and one linked neighbour. No I/O,
 * no clock.
 *
 * If the graph of links has cycles, a neighbour gets the reports of some servers
 * sooner by another link. It then sends PRUNE, and those reports are held back
 * for it: they are announced a moment later (HAVE), and the neighbour requests
 * those that it lacks (WANT). If one of them is new to it, the other link is
 * slow or down, and the neighbour requests that they be sent at once again
 * (GRAFT). (J. Leitão, J. Pereira, L. Rodrigues, "Epidemic Broadcast Trees",
 * SRDS 2007.)
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import type { Report } from "../../protocol/report.ts";
import type { Timestamp } from "../../protocol/time.ts";
import {
  clockEveryHeartbeats,
  heartbeatsPerSeen,
  maxKeysOfLink,
} from "../limits.ts";
import { fingerprintOf } from "../store/fingerprint.ts";
import type { HashKey } from "../store/half_sip_hash.ts";
import type { ReportStore } from "../store/report_store.ts";
import type { StoreResult } from "../store/report_table.ts";
import type { TreeKey } from "../tree_key.ts";
import { AntiEntropy } from "./anti_entropy.ts";
import type { ContactAges, Contacts } from "./contacts.ts";
import type { RecentFingerprints } from "./lazy_announcements.ts";
import type { Message, ReportId } from "./messages.ts";
import { Outbox } from "./outbox.ts";

/** What `PeerReplication` needs. */
export interface PeerReplicationContext {
  readonly store: ReportStore;
  /** Whether the neighbour knows attributes. */
  readonly takesAttributes: boolean;
  readonly recent: RecentFingerprints;
  /** Whether to run anti-entropy. */
  readonly catchUp: boolean;
  /** Most bytes of a write; `maxWriteBytes` by default. */
  readonly writeBytes: number | undefined;
  /** Most bytes that wait for the neighbour; `maxOutboxBytes` by default. */
  readonly maxOutboxBytes: number | undefined;
  readonly hashKey: HashKey | undefined;
  readonly contacts: Contacts;
  /** Called when the two were apart for longer than deletions are kept. */
  readonly onApart: () => void;
  /** Called when what waits for the neighbour was dropped. */
  readonly onDropped: () => void;
  /** This server's clock. */
  readonly now: () => Timestamp;
}

/** One side of the exchange with a linked neighbour. */
export class PeerReplication {
  readonly neighbour: string;
  /** Whether it is sent attributes. */
  readonly takesAttributes: boolean;
  readonly outbox: Outbox;
  readonly #context: PeerReplicationContext;
  readonly #antiEntropy: AntiEntropy | undefined;
  /** The servers whose reports are held back for the neighbour. */
  readonly #lazyServers = new Set<ByteString>();
  /** The servers whose reports the neighbour was asked to hold back. */
  readonly #prunedServers = new Set<ByteString>();
  /** Those of `#prunedServers` whose reports may still be under way. */
  readonly #recentlyPruned = new Set<ByteString>();
  /** The key of the neighbour's digest tree, as it was told last. */
  #theirKey: TreeKey | undefined;
  #keysTold = 0;
  /** What the neighbour has told last about its contacts. */
  #theirContacts: ContactAges | undefined;
  #isApart = false;
  #heartbeats = 0;

  constructor(neighbour: string, context: PeerReplicationContext) {
    const { takesAttributes } = context;
    this.neighbour = neighbour;
    this.takesAttributes = takesAttributes;
    this.#context = context;
    this.#antiEntropy = context.catchUp
      ? new AntiEntropy(
        context.store,
        {
          add: (id) => this.outbox.requestReport(id),
          areWaiting: () => this.outbox.hasRequests,
        },
        { isWithheld: (report) => this.withholds(report), takesAttributes },
      )
      : undefined;
    this.outbox = new Outbox({
      takesAttributes,
      whenIdle: this.#antiEntropy,
      writeBytes: context.writeBytes,
      maxBytes: context.maxOutboxBytes,
      hashKey: context.hashKey,
      now: context.now,
      findReport: ({ fingerprint, leaf }) =>
        context.store.inLeaf(leaf, fingerprint),
      onDropped: () => {
        context.onDropped();
        this.#antiEntropy?.repair();
      },
    });
  }

  /**
   * Starts again on a new connection. Only the new reports that wait are kept,
   * as messages on the last connection may be lost.
   */
  reset(): void {
    this.outbox.dropControlMessages();
    this.#antiEntropy?.reset();
    this.#lazyServers.clear();
    this.#prunedServers.clear();
    this.#recentlyPruned.clear();
    this.#theirKey = undefined;
    this.#keysTold = 0;
    this.#theirContacts = undefined;
    this.#isApart = false;
    this.#heartbeats = 0;
    this.#tellContacts();
    this.tellKey();
    this.outbox.tellClock();
  }

  #tellContacts(): void {
    const { contacts } = this.#context;
    this.outbox.sendContacts(contacts.agesFor(this.neighbour));
  }

  /**
   * Whether a report is neither given to the neighbour nor taken from it: the two
   * were apart, and a deletion of it may have ended meanwhile.
   */
  withholds(report: Report): boolean {
    return this.#isApart && this.#context.store.mayBeDeleted(report);
  }

  /** Decides whether the two were apart. If not, they have the same contacts. */
  #meet(): void {
    const { contacts, onApart } = this.#context;
    const theirs = this.#theirContacts;
    if (theirs === undefined) return;
    const wasApart = this.#isApart;
    this.#isApart = contacts.areApart(this.neighbour, theirs);
    if (this.#isApart && !wasApart) onApart();
    if (this.#isApart) return;
    contacts.takeOver(this.neighbour, theirs);
    if (this.hasCaughtUp) contacts.meet(this.neighbour, theirs);
  }

  /** Tells the neighbour the key of this server's tree, if it is complete. */
  tellKey(): void {
    const { store } = this.#context;
    if (!store.isRebuilding) this.outbox.sendTreeKey(store.treeKey);
  }

  /**
   * To be called when a rebuild of the tree begins or ends, and when the
   * neighbour tells its key. The two servers compare only while their trees have
   * the same key, and answer SYNC only then.
   */
  align(): void {
    const isAligned = this.#isAligned;
    if (!isAligned) this.outbox.dropSync();
    this.#antiEntropy?.align(isAligned);
  }

  get #isAligned(): boolean {
    const { store } = this.#context;
    return !store.isRebuilding && store.treeKey === this.#theirKey;
  }

  /** Starts a comparison of digests. */
  compare(): void {
    this.#antiEntropy?.start();
  }

  /** Starts a comparison, as something of the neighbour may be missing here. */
  repair(): void {
    this.#antiEntropy?.repair();
  }

  /**
   * Whether this server has caught up with the neighbour. Always true without
   * anti-entropy.
   */
  get hasCaughtUp(): boolean {
    return this.#antiEntropy?.hasCaughtUp ?? true;
  }

  /** Sends a new report, or holds it back. */
  forward(report: Report, stored: StoreResult): void {
    this.onNewer(stored);
    const isHeldBack = this.#lazyServers.has(report.server);
    if (isHeldBack) this.outbox.announce(stored);
    else this.outbox.put(report, stored.fingerprint);
  }

  /** Drops the announcement of the report that a newer one has replaced. */
  onNewer({ replaced }: StoreResult): void {
    if (replaced !== undefined) this.outbox.announcements.delete(replaced);
  }

  /** Drops a report that the neighbour has sent too. */
  onDuplicate(report: Report): void {
    const { recordEnd, start, view } = report;
    this.outbox.cancel(fingerprintOf(view, start, recordEnd));
  }

  /**
   * Asks the neighbour to hold back the reports of a server, but not before this
   * server has caught up with it. Otherwise a report that differed could be
   * replaced by one that is held back, and neither would have arrived when the
   * comparison ends.
   */
  prune(server: ByteString): void {
    if (!this.hasCaughtUp || this.#recentlyPruned.has(server)) return;
    this.#recentlyPruned.add(server);
    this.#prunedServers.add(server);
    this.outbox.sendDirective("PRUNE", server);
  }

  /**
   * To be called when the neighbour was first to send a report of a server.
   * Returns whether it shall send these reports at once, and asks it to do so if
   * it holds them back. Returns false if the report may have been sent before
   * the neighbour received PRUNE.
   */
  acceptEager(server: ByteString): boolean {
    if (this.#recentlyPruned.has(server)) return false;
    if (this.#prunedServers.delete(server)) {
      this.outbox.sendDirective("GRAFT", server);
    }
    return true;
  }

  /**
   * At each heartbeat, assumes that the neighbour has received each PRUNE. Tells
   * it this server's clock and contacts at some of them.
   */
  onHeartbeat(): void {
    this.#recentlyPruned.clear();
    this.#heartbeats += 1;
    if (this.#heartbeats % heartbeatsPerSeen === 0) this.#tellContacts();
    if (this.#heartbeats % clockEveryHeartbeats === 0) this.outbox.tellClock();
  }

  /**
   * Receives a message other than HORIZON.
   *
   * @returns A fault, if the neighbour has sent more than can be true.
   */
  onMessage(message: Message): string | undefined {
    switch (message.verb) {
      case "TREE":
        this.#theirKey = message.key;
        this.#keysTold += 1;
        this.align();
        if (this.#keysTold > maxKeysOfLink) {
          return `over ${maxKeysOfLink} keys of its tree`;
        }
        break;
      case "SEEN":
        this.#theirContacts = message.ages;
        this.#meet();
        break;
      case "ECHO":
        this.outbox.onEcho(message.number);
        break;
      case "ECHOED":
        this.outbox.onEchoed(message.number);
        break;
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
        for (const id of message.ids) this.outbox.onWanted(id);
        break;
      case "DIGEST":
        this.#antiEntropy?.onDigests(message.node, message.digests);
        break;
      case "PART":
        return this.#antiEntropy?.onListPart(message.node, message.reports);
      case "LIST":
        this.#antiEntropy?.onList(message.node, message.reports);
        break;
      case "SYNC":
        if (this.#isAligned) this.outbox.onSync();
        break;
      case "SYNCED":
        this.#antiEntropy?.onSynced();
        this.#meet();
        break;
    }
    return undefined;
  }

  #onHave(id: ReportId): void {
    if (this.#context.recent.has(id.fingerprint)) {
      this.outbox.announcements.delete(id.fingerprint);
    } else {
      this.outbox.requestReport(id);
    }
  }
}
