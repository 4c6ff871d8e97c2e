/**
 * Floods reports: a report that is newer than the stored one is stored, and
 * forwarded to the other linked neighbours. All other reports are dropped, so
 * that each flood ends. No I/O, no clock.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { isDeletion, makeDeletion } from "../../protocol/deletion.ts";
import { maxHeardSeconds } from "../../protocol/limits.ts";
import { heardAtOf } from "../../protocol/order.ts";
import type { Report } from "../../protocol/report.ts";
import {
  compareTimestamps,
  secondsBetween,
  type Timestamp,
} from "../../protocol/time.ts";
import type {
  ForgetRefusal,
  Forgotten,
  ReplicaClockStatus,
} from "../../replica/replica.ts";
import type {
  ChangedRecords,
  RecordAges,
  RecordWalk,
  ReplicaRecords,
} from "../../replica/records.ts";
import type { ReportSource } from "../../replica/report_source.ts";
import {
  expiredOnArrivalForAlarm,
  rebuiltReports,
  sweptReports,
} from "../limits.ts";
import type { HashKey } from "../store/half_sip_hash.ts";
import {
  type DeletionRefusal,
  type DeletionResult,
  type NotStored,
  ReportStore,
  type StoreLimits,
  type StorePage,
} from "../store/report_store.ts";
import type { StoreResult } from "../store/report_table.ts";
import type { TreeKey } from "../tree_key.ts";
import { ClockComparison } from "./clock_comparison.ts";
import { Contacts } from "./contacts.ts";
import { RecentFingerprints } from "./lazy_announcements.ts";
import type { Message } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { PeerReplication } from "./peer_replication.ts";

/** What was done with a report. */
export type Acceptance =
  /** It is the newest of its client: it was stored and forwarded. */
  | "newer"
  /**
   * A neighbour has sent it, and it was heard at a time that has not come, by the
   * clocks of this server and its neighbours. Nothing changed.
   */
  | "ahead"
  /** Nothing changed. */
  | NotStored
  /** It is too old to be taken from a neighbour that was apart for so long. */
  | "apart";

/** The number of reports for each result. */
export type AcceptanceCounts = Readonly<Record<Acceptance, number>>;

/** What `FloodRouter` needs. */
export interface FloodRouterOptions {
  readonly limits: StoreLimits;
  /** Milliseconds from an arbitrary start; never decreases. */
  readonly elapsedMs: () => number;
  /** Whether neighbours run anti-entropy. */
  readonly catchUp: boolean;
  /** How many fingerprints of recent reports are kept; a power of two. */
  readonly recentReports?: number;
  /** Most bytes of a write to a neighbour; `maxWriteBytes` by default. */
  readonly writeBytes?: number;
  /** Random, so that clients cannot choose IDs that collide. */
  readonly hashKey?: HashKey;
  /** The first key of the digest tree; random, see `makeTreeKey`. */
  readonly treeKey?: TreeKey;
  /** Most bytes that wait for one neighbour; `maxOutboxBytes` by default. */
  readonly maxOutboxBytes?: number;
  /** How many reports `rebuild` looks at; `rebuiltReports` by default. */
  readonly rebuiltReports?: number;
  /** Called when too much waited for a neighbour and was dropped. */
  readonly onDropped?: () => void;
}

/** One server's reports, and their exchange with the linked neighbours. */
export class FloodRouter implements ReplicaRecords {
  readonly #options: FloodRouterOptions;
  /** The smallest key that is to be adopted after the rebuild under way. */
  #nextKey: TreeKey | undefined;
  readonly #store: ReportStore;
  readonly #recent: RecentFingerprints;
  readonly #contacts: Contacts;
  readonly #clocks: ClockComparison;
  readonly #peers = new Map<string, PeerReplication>();
  /** By server, the neighbour that was first to send its latest report. */
  readonly #sources = new Map<ByteString, string>();
  readonly #counts: Record<Acceptance, number> = {
    newer: 0,
    known: 0,
    repeated: 0,
    ahead: 0,
    forgotten: 0,
    deleted: 0,
    apart: 0,
    share: 0,
  };
  /** Reports of this server's clients in a row that have expired on arrival. */
  #expiredOnArrival = 0;
  #deletedReports = 0;
  /**
   * Called with each new report, whose buffer is reused afterwards. It is on the
   * fast path and must return at once.
   */
  onNews: ((report: Report) => void) | undefined;
  /** Called with each new deletion, whose buffer is reused afterwards. */
  #onDeletion: ((deletion: Report) => void) | undefined;
  /**
   * Called when this server and a neighbour were apart for longer than deletions
   * are kept.
   */
  onApart: ((neighbour: string) => void) | undefined;
  /** Called when a deletion was not stored because there are too many. */
  onDeletionsFull: (() => void) | undefined;
  /**
   * Receives an optional message of a linked neighbour. Returns whether it is
   * known.
   */
  onOptional: ((from: string, line: ByteString) => boolean) | undefined;
  /** Called when a neighbour's horizon is ahead of the clock by some seconds. */
  onHorizonAhead:
    | ((neighbour: string, seconds: number) => void)
    | undefined;

  constructor(options: FloodRouterOptions) {
    this.#options = options;
    const onExpired = (key: ByteString, fingerprint: number) => {
      for (const { outbox } of this.#peers.values()) {
        outbox.drop(key, fingerprint);
      }
    };
    this.#store = new ReportStore(
      options.limits,
      onExpired,
      options.hashKey,
      options.treeKey,
    );
    this.#recent = new RecentFingerprints(options.recentReports);
    const { elapsedMs, limits: { forgetSeconds, now } } = options;
    this.#clocks = new ClockComparison({ elapsedMs, now });
    this.#contacts = new Contacts(() => elapsedMs() / 1000, forgetSeconds);
  }

  /**
   * Receives a report of a client of this server. If it is newer than the
   * stored one, it is stored and sent to every linked neighbour.
   *
   * @param source The connection that it came from; undefined for none.
   */
  acceptOwn(report: Report, source?: ReportSource): Acceptance {
    const acceptance = this.#count(
      report,
      this.#accept(report, undefined, source, true),
    );
    if (acceptance === "forgotten") this.#expiredOnArrival += 1;
    else if (acceptance === "newer") this.#expiredOnArrival = 0;
    return acceptance;
  }

  /**
   * Receives a report that came over a link. If it is newer than the stored
   * one, it is stored and sent to every linked neighbour but the one it came
   * from. A report that was heard at a time that has not come is neither stored
   * nor sent. It comes again with a comparison.
   *
   * @param from The neighbour; undefined if it is not linked any more.
   */
  accept(report: Report, from?: string): Acceptance {
    if (this.#clocks.isAhead(report)) {
      this.#counts.ahead += 1;
      return "ahead";
    }
    const sender = from === undefined ? undefined : this.#peers.get(from);
    return this.#count(report, this.#accept(report, sender, undefined, false));
  }

  /**
   * Whether the reports of this server's clients expire on arrival, so that it
   * answers them and stores nothing: the horizon is ahead of the clock, or the
   * table is full of reports that were received by clocks ahead of it.
   */
  get storesNothing(): boolean {
    return this.#expiredOnArrival >= expiredOnArrivalForAlarm;
  }

  /**
   * Receives a deletion. One that is later than the stored one of its client is
   * stored and sent to every linked neighbour but the one that it came from.
   * Deletions are few, so they are never held back.
   *
   * @param from The neighbour; undefined for an operator of this server.
   */
  delete(deletion: Report, from?: string): DeletionResult | DeletionRefusal {
    const horizon = this.#store.raisedHorizon;
    const stored = this.#store.putDeletion(deletion);
    if (this.#store.raisedHorizon !== horizon) this.#sendHorizon();
    if (stored === "full") this.onDeletionsFull?.();
    if (typeof stored === "string") return stored;
    this.#onDeletion?.(deletion);
    if (stored.removed !== undefined) {
      this.#deletedReports += 1;
      // A report that is ordered before the removed one, but was heard after the
      // deletion, may have come first, and was not stored.
      if (from !== undefined) this.#peers.get(from)?.repair();
    }
    for (const [neighbour, { outbox }] of this.#peers) {
      if (neighbour !== from) outbox.put(deletion, stored.fingerprint);
    }
    return stored;
  }

  /**
   * Deletes what was heard about a client until a time, on every server.
   *
   * @param until By default the present time, or the time at which the stored
   * report was heard, if that is later by another server's clock.
   */
  forget(
    client: ByteString,
    until = this.#presentOf(client),
  ): Forgotten | ForgetRefusal {
    // There is no line for a later one.
    if (until.seconds >= maxHeardSeconds) return "ahead";
    const result = this.delete(makeDeletion(client, until));
    if (result === "known") return { until, removed: undefined };
    return typeof result === "string"
      ? result
      : { until, removed: result.removed };
  }

  #presentOf(client: ByteString): Timestamp {
    const now = this.#options.limits.now();
    const line = this.#store.get(client);
    if (line === undefined) return now;
    const heard = heardAtOf(line);
    return compareTimestamps(heard, now) > 0 ? heard : now;
  }

  /** See `ReplicaRecords.restore`. */
  restore(record: Report): boolean {
    if (isDeletion(record)) {
      return typeof this.#store.putDeletion(record) !== "string";
    }
    return !this.#clocks.isAhead(record) &&
      typeof this.#store.put(record) !== "string";
  }

  /** See `ReplicaRecords.observeDeletions`. */
  observeDeletions(observer: (deletion: Report) => void): () => void {
    this.#onDeletion = observer;
    return () => this.#onDeletion = undefined;
  }

  /** See `ReplicaRecords.walk`. */
  walk(): RecordWalk {
    return this.#store.walk();
  }

  /** See `ReplicaRecords.noteChanges`. */
  noteChanges(isNoting: boolean): void {
    this.#store.noteChanges(isNoting);
  }

  /** See `ReplicaRecords.changed`. */
  get changed(): ChangedRecords {
    return this.#store.changed;
  }

  /** See `ReplicaRecords.nextChanged`. */
  nextChanged(): Report | "expired" | undefined {
    return this.#store.nextChanged();
  }

  /** How long the records may have missed deletions. */
  get ages(): RecordAges {
    return this.#contacts.ages;
  }

  /** See `ReplicaRecords.restoreAges`. */
  restoreAges(ages: RecordAges): void {
    this.#contacts.restore(ages);
  }

  /** See `ReplicaRecords.restoreHorizon`. */
  restoreHorizon(horizon: Timestamp): void {
    this.#store.raiseHorizon(horizon);
  }

  /** Until when reports about a client are deleted; undefined for none. */
  deletedUntil(client: ByteString): Timestamp | undefined {
    return this.#store.deletedUntil(client);
  }

  /** How many deletions are held. */
  get deletions(): number {
    return this.#store.deletions;
  }

  /** How many reports deletions have removed. */
  get deletedReports(): number {
    return this.#deletedReports;
  }

  #count(report: Report, acceptance: Acceptance): Acceptance {
    this.#counts[acceptance] += 1;
    if (acceptance === "newer") this.onNews?.(report);
    return acceptance;
  }

  #accept(
    report: Report,
    sender: PeerReplication | undefined,
    source: ReportSource | undefined,
    isOwn: boolean,
  ): Acceptance {
    sender?.outbox.cancelOlder(report);
    if (sender?.withholds(report)) return "apart";
    const horizon = this.#store.raisedHorizon;
    const stored = this.#store.put(report, source, isOwn);
    if (this.#store.raisedHorizon !== horizon) this.#sendHorizon();
    if (stored === "known") {
      if (sender !== undefined) this.#onDuplicate(report, sender);
      return stored;
    }
    if (typeof stored === "string") return stored;
    this.#flood(report, stored, sender);
    return "newer";
  }

  /**
   * Receives a message from a linked neighbour.
   *
   * @returns A fault, if the neighbour has sent more than can be true.
   */
  receive(from: string, message: Message): string | undefined {
    if (message.verb === "HORIZON") {
      this.raiseHorizon(from, message.time);
      return undefined;
    }
    if (message.verb === "CLOCK") {
      this.onClock(from, message.time);
      return undefined;
    }
    const fault = this.#peers.get(from)?.onMessage(message);
    if (message.verb === "TREE") this.#adopt(message.key);
    return fault;
  }

  /**
   * Sends a summary of a server to every linked neighbour. It replaces an
   * earlier one of this server that waits.
   *
   * @param except A neighbour that does not get it.
   */
  sendSummary(server: ByteString, line: ByteString, except?: string): void {
    for (const [neighbour, { outbox }] of this.#peers) {
      if (neighbour !== except) outbox.sendSummary(server, line);
    }
  }

  /** Whether a server is a linked neighbour. */
  isLinked(server: ByteString): boolean {
    return this.#peers.has(server);
  }

  /** Whether the digest tree gets another key: then `rebuild` must be called. */
  get isRebuilding(): boolean {
    return this.#store.isRebuilding;
  }

  /** The key of the digest tree. */
  get treeKey(): TreeKey {
    return this.#store.treeKey;
  }

  /** Goes on with a rebuild. The caller must flush the outboxes afterwards. */
  rebuild(): void {
    if (!this.#store.isRebuilding) return;
    this.#store.rebuild(this.#options.rebuiltReports ?? rebuiltReports);
    this.#endRebuild();
  }

  /** Linked servers adopt the smallest of their keys. */
  #adopt(key: TreeKey): void {
    if (key >= (this.#nextKey ?? this.#store.treeKey)) return;
    if (this.#store.isRebuilding) this.#nextKey = key;
    else this.#startRebuild(key);
  }

  #startRebuild(key: TreeKey): void {
    this.#store.startRebuild(key);
    for (const peer of this.#peers.values()) peer.align();
    this.#endRebuild();
  }

  /** Tells the neighbours the new key when the tree is complete. */
  #endRebuild(): void {
    if (this.#store.isRebuilding) return;
    const next = this.#nextKey;
    this.#nextKey = undefined;
    if (next !== undefined) return this.#startRebuild(next);
    for (const peer of this.#peers.values()) {
      peer.tellKey();
      peer.align();
    }
  }

  /** This server's clock. */
  now(): Timestamp {
    return this.#options.limits.now();
  }

  /** How this server's clock compares with those of its neighbours. */
  get clock(): ReplicaClockStatus {
    return this.#clocks.state;
  }

  /**
   * How far a neighbour's clock is ahead of this server's, in seconds; undefined
   * if it is not linked or has not told it.
   */
  clockAheadOf(neighbour: string): number | undefined {
    return this.#clocks.aheadSecondsOf(neighbour);
  }

  /** To be called when a linked neighbour has told its clock. */
  onClock(neighbour: string, theirs: Timestamp): void {
    this.#clocks.onTold(neighbour, theirs);
  }

  /**
   * To be called after `acceptOwn`, once for the reports of a chunk.
   *
   * @param elapsedMs When they were heard, by `elapsedMs`, if that is known.
   */
  onChunk(elapsedMs?: number): void {
    this.#clocks.onHeard(elapsedMs);
  }

  /**
   * Compares the clocks; to be called once a second. If one was set back,
   * maintenance removes the reports that were heard at a time that has
   * not come. The caller must flush the outboxes afterwards.
   */
  compareClocks(): void {
    const latest = this.#clocks.tick();
    if (latest !== undefined) this.#store.removeAfter(latest);
  }

  /**
   * Receives a neighbour's horizon.
   *
   * @returns "waits" if it is ahead of this server's clock: then it is applied
   * when the clock reaches it.
   */
  raiseHorizon(
    from: string,
    horizon: Timestamp,
  ): "raised" | "known" | "waits" {
    const result = this.#store.raiseHorizon(horizon);
    if (result === "raised") this.#sendHorizon(from);
    if (result === "waits") {
      const { now } = this.#options.limits;
      const ahead = secondsBetween(now(), horizon);
      this.onHorizonAhead?.(from, Math.ceil(ahead));
    }
    return result;
  }

  /** The newest AT line about a client; undefined if there is none. */
  newest(client: ByteString): ByteString | undefined {
    return this.#store.get(client);
  }

  /** The same with its attributes. */
  newestRecord(client: ByteString): ByteString | undefined {
    return this.#store.getRecord(client);
  }

  /** Whether a report was heard at or before the horizon. */
  isExpired(line: ByteString): boolean {
    return this.#store.isExpired(line);
  }

  /** The horizon without the time to live; undefined if it was never raised. */
  get raisedHorizon(): Timestamp | undefined {
    return this.#store.raisedHorizon;
  }

  /** The newest AT lines about clients whose ID matches, in pages. */
  select(
    matches: (client: ByteString) => boolean,
    limit: number,
    cursor?: string,
  ): StorePage {
    return this.#store.select(matches, limit, cursor);
  }

  /** All newest records. Reports may arrive during the iteration. */
  records(): IterableIterator<ByteString> {
    return this.#store.records();
  }

  /** The results of the reports so far. */
  get counts(): AcceptanceCounts {
    return { ...this.#counts };
  }

  /** How many new reports wait for a neighbour. */
  waitingFor(neighbour: string): number {
    return this.#peers.get(neighbour)?.outbox.waiting ?? 0;
  }

  /** What the table takes of its limit, in bytes. */
  get tableBytes(): number {
    return this.#store.tableBytes;
  }

  /** The number of stored clients. */
  get clients(): number {
    return this.#store.size;
  }

  /** Digests and counts, by node. */
  get digests(): ReportStore["digests"] {
    return this.#store.digests;
  }

  /**
   * Forwards new reports to a neighbour from now on. Returns the outbox for its
   * link.
   *
   * @param takesAttributes Whether the neighbour knows attributes. If not, it
   * gets the AT lines alone.
   */
  link(neighbour: string, takesAttributes = true): Outbox {
    let peer = this.#peers.get(neighbour);
    // What waits is in the form for the neighbour's earlier version. If it has
    // restarted with another one, a comparison sends that again.
    if (peer?.takesAttributes !== takesAttributes) {
      peer = new PeerReplication(neighbour, {
        store: this.#store,
        takesAttributes,
        recent: this.#recent,
        catchUp: this.#options.catchUp,
        writeBytes: this.#options.writeBytes,
        maxOutboxBytes: this.#options.maxOutboxBytes,
        hashKey: this.#options.hashKey,
        contacts: this.#contacts,
        onApart: () => this.onApart?.(neighbour),
        now: this.#options.limits.now,
        onDropped: () => this.#options.onDropped?.(),
      });
      this.#peers.set(neighbour, peer);
    }
    peer.reset();
    const horizon = this.#store.raisedHorizon;
    if (horizon !== undefined) peer.outbox.sendHorizon(horizon);
    return peer.outbox;
  }

  /** Drops the outbox and the state of a neighbour whose link is lost. */
  unlink(neighbour: string): void {
    this.#peers.delete(neighbour);
    this.#clocks.onUnlinked(neighbour);
  }

  /**
   * Whether this server has caught up with a neighbour: each report that the
   * neighbour had when it was linked is stored, replaced by a newer one, or
   * expired. Without anti-entropy, true for each linked neighbour. False if the
   * neighbour is not linked.
   */
  hasCaughtUpWith(neighbour: string): boolean {
    return this.#peers.get(neighbour)?.hasCaughtUp ?? false;
  }

  /** Starts a comparison of digests with a linked neighbour. */
  compare(neighbour: string): void {
    this.#peers.get(neighbour)?.compare();
  }

  /** To be called at each heartbeat of the link with a neighbour. */
  onHeartbeat(neighbour: string): void {
    this.#peers.get(neighbour)?.onHeartbeat();
  }

  /** Whether `runMaintenance` has anything to do. */
  get needsMaintenance(): boolean {
    if (this.#store.needsSweep || this.#store.hasWaitingHorizon) return true;
    for (const { outbox } of this.#peers.values()) {
      if (outbox.announcements.size > 0) return true;
    }
    return false;
  }

  /**
   * Announces reports that were held back, and removes expired ones. The caller
   * must flush the outboxes afterwards.
   */
  runMaintenance(): void {
    for (const { outbox } of this.#peers.values()) {
      outbox.announcements.age();
    }
    if (this.#store.raiseWaitingHorizons()) this.#sendHorizon();
    if (this.#store.needsSweep) this.#store.sweep(sweptReports);
  }

  #flood(
    report: Report,
    stored: StoreResult,
    sender: PeerReplication | undefined,
  ): void {
    if (this.#peers.size === 0) return;
    this.#recent.add(stored.fingerprint);
    for (const peer of this.#peers.values()) {
      if (peer === sender) peer.onNewer(stored);
      else peer.forward(report, stored);
    }
    const { server } = report;
    if (sender?.acceptEager(server)) {
      this.#sources.set(server, sender.neighbour);
    }
  }

  /**
   * Asks a neighbour to hold back the reports of a server if another neighbour
   * sends them sooner. A neighbour's own reports are always received directly.
   */
  #onDuplicate(report: Report, sender: PeerReplication): void {
    sender.onDuplicate(report);
    const { server } = report;
    if (!this.#store.has(report)) return;
    const source = this.#sources.get(server);
    const { neighbour } = sender;
    if (source === undefined) return;
    if (source === neighbour || server === neighbour) return;
    if (this.#peers.has(source)) sender.prune(server);
  }

  #sendHorizon(from?: string): void {
    const horizon = this.#store.raisedHorizon!;
    for (const [neighbour, { outbox }] of this.#peers) {
      if (neighbour !== from) outbox.sendHorizon(horizon);
    }
  }
}
