/**
 * The reports of one server, within limits. A report expires if its origin
 * heard it at or before the *horizon*. With a time to live, the horizon
 * follows the clock. When the store is full, the horizon is raised so that the
 * oldest reports expire. It never falls, and neighbours send each other their
 * raised horizons, so that the same reports expire on all servers.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { deletedUntil, isDeletion } from "../../protocol/deletion.ts";
import { heardAt, heardAtOf } from "../../protocol/order.ts";
import type { Report } from "../../protocol/report.ts";
import {
  addSeconds,
  compareTimestamps,
  secondsBetween,
  type Timestamp,
} from "../../protocol/time.ts";
import type { ChangedRecords, RecordWalk } from "../../replica/records.ts";
import type { ReportSource } from "../../replica/report_source.ts";
import {
  deletionShare,
  expiredFraction,
  maxClientsBeyondShare,
  maxClockSkewSeconds,
  maxPageBytes,
  maxPageReports,
  maxWaitingHorizons,
  sampledReports,
} from "../limits.ts";
import { DeletionPeriod, type NotApplied } from "./deletion_period.ts";
import type { DigestNode } from "./digest_tree.ts";
import type { HashKey } from "./half_sip_hash.ts";
import type { Walk } from "./record_arena.ts";
import {
  ReportTable,
  type StoreResult,
  type TreeWalk,
} from "./report_table.ts";
import type { TreeKey } from "../tree_key.ts";

/** The limits of a store. */
export interface StoreLimits {
  /** Most clients. */
  readonly maxClients: number;
  /** Most bytes of the table: records, the room between them, their index. */
  readonly maxTableBytes: number;
  /**
   * The share of a source in a table that is half full, as a fraction of both
   * limits.
   */
  readonly sourceShare: number;
  /** Seconds until a received report expires; undefined for never. */
  readonly clientTtlSeconds: number | undefined;
  /** Seconds for which deletions are kept; `defaultForgetDays` by default. */
  readonly forgetSeconds?: number;
  /**
   * This server's clock.
   *
   * @param elapsedMs What `elapsedMs` has returned lately, to read it only once.
   */
  readonly now: (elapsedMs?: number) => Timestamp;
}

/** Why a report was not stored. */
export type NotStored =
  /** The stored report about its client is as new. */
  | "known"
  /** Its client has sent the stored report again. */
  | "repeated"
  /** It was heard at or before the horizon. */
  | "forgotten"
  /** A deletion of its client is later than it was heard. */
  | "deleted"
  /** Its source holds its share of the table, and the client is new. */
  | "share";

/** Why a deletion was not stored. */
export type DeletionRefusal =
  /** The stored deletion of its client is as late. */
  | "known"
  /** It does not apply. */
  | NotApplied
  /** There is no room for further deletions. */
  | "full";

/** The result of storing a deletion. */
export interface DeletionResult extends StoreResult {
  /** The AT line that was deleted; undefined if there was none. */
  readonly removed: ByteString | undefined;
}

/** A page of selected lines. */
export interface StorePage {
  readonly lines: readonly ByteString[];
  /** The attributes of each; empty for none. */
  readonly attributes: readonly ByteString[];
  /** Where the next page begins; undefined if there is none. */
  readonly next: string | undefined;
}

/** The newest report of each client, within limits. */
export class ReportStore {
  readonly #limits: StoreLimits;
  readonly #onExpired: (key: ByteString, fingerprint: number) => void;
  readonly #table: ReportTable;
  #raisedTo: Timestamp | undefined;
  /** Horizons of other servers that this server's clock has not reached. */
  readonly #waitingHorizons: Timestamp[] = [];
  /** The walk over all records that frees expired ones, if one is under way. */
  #sweep: Walk | undefined;
  /** Whether more has to be freed since the walk began. */
  #isSweepOutdated = false;
  /**
   * Until the end of the walk, reports that were heard after this are removed,
   * and not visible. Undefined if there are none.
   */
  #removedAfter: Timestamp | undefined;
  /**
   * While no walk is under way, no report was heard before this: there is nothing
   * to free until the time to live has moved the horizon here. Undefined if there
   * are no reports.
   */
  #oldest: Timestamp | undefined;
  readonly #period: DeletionPeriod;
  /** The growth beyond shares in the present minute of the clock. */
  #beyondShares = { minute: 0, clients: 0, bytes: 0 };

  /**
   * @param onExpired Called with the key of each record that is removed.
   * @param hashKey Random, so that clients cannot choose IDs that collide.
   * @param treeKey The first key of the digest tree.
   */
  constructor(
    limits: StoreLimits,
    onExpired: (key: ByteString, fingerprint: number) => void = () => {},
    hashKey?: HashKey,
    treeKey?: TreeKey,
  ) {
    this.#table = new ReportTable(hashKey, treeKey);
    this.#limits = limits;
    this.#period = new DeletionPeriod(limits.now, limits.forgetSeconds);
    this.#onExpired = onExpired;
  }

  /**
   * Stores a report, or returns why not.
   *
   * @param source The connection that it came from; undefined for a neighbour.
   * @param isOwn Whether this server is its origin, and has just heard it.
   */
  put(
    report: Report,
    source?: ReportSource,
    isOwn = false,
  ): StoreResult | NotStored {
    const horizon = this.#horizon();
    if (horizon !== undefined) {
      const heard = heardAt(report);
      if (isUntil(heard, horizon)) return "forgotten";
      this.#noteOldest(heard);
    }
    if (this.#mayBeGone(horizon)) {
      const stored = this.#table.heardAtOf(report);
      if (stored !== undefined && this.#isGone(stored, horizon)) {
        this.#remove(report.client);
      }
    }
    if (this.#table.deletions > 0 && this.#isDeleted(report)) return "deleted";
    return this.#table.put(report, source, this.#admit, isOwn);
  }

  #isDeleted(report: Report): boolean {
    const until = this.#table.deletedUntil(report);
    return until !== undefined && this.#period.fault(until) === undefined &&
      isUntil(heardAt(report), until);
  }

  /**
   * Stores a deletion, and removes the report about its client if that was heard
   * until then; or returns why not.
   */
  putDeletion(deletion: Report): DeletionResult | DeletionRefusal {
    const until = deletedUntil(deletion);
    const fault = this.#period.fault(until);
    if (fault !== undefined) return fault;
    const stored = this.#table.putDeletion(
      deletion,
      (until) => this.#period.fault(until) === undefined,
      (growth) => this.#refuseDeletion(until, growth),
    );
    if (typeof stored === "string") return stored;
    this.#period.note(until);
    const { client } = deletion;
    const line = this.#table.get(client);
    const isReached = line !== undefined && isUntil(heardAtOf(line), until);
    if (isReached) this.#remove(client);
    return { ...stored, removed: isReached ? line : undefined };
  }

  /** Whether there is no room for another deletion. */
  #refuseDeletion(until: Timestamp, growth: number): "full" | undefined {
    const { maxTableBytes } = this.#limits;
    const table = this.#table;
    if (table.deletionBytes + growth > maxTableBytes * deletionShare) {
      return "full";
    }
    const isFull = () => table.bytes + growth > maxTableBytes;
    return !isFull() || this.#makeRoom(until, isFull) ? undefined : "full";
  }

  /**
   * Whether a record is a report that was heard so long ago that a deletion of it
   * may have ended.
   */
  mayBeDeleted(report: Report): boolean {
    return !isDeletion(report) &&
      this.#period.fault(heardAt(report)) === "expired";
  }

  /** How many deletions take up memory. */
  get deletions(): number {
    return this.#table.deletions;
  }

  /** Whether a deletion of this client is stored that applies. */
  deletedUntil(client: ByteString): Timestamp | undefined {
    const until = this.#table.deletedUntilOf(client);
    return until !== undefined && this.#period.fault(until) === undefined
      ? until
      : undefined;
  }

  /** Whether a report may take more of the table. */
  readonly #admit = (
    report: Report,
    source: ReportSource | undefined,
    growth: number,
    isNew: boolean,
  ): NotStored | undefined => {
    const { maxClients, maxTableBytes } = this.#limits;
    const table = this.#table;
    if (isNew && source !== undefined && this.#isHalfFull) {
      if (!this.#isWithinShare(source, growth)) return "share";
    }
    const isFull = () =>
      isNew && table.size >= maxClients ||
      table.bytes + growth > maxTableBytes;
    return !isFull() || this.#makeRoom(heardAt(report), isFull)
      ? undefined
      : "forgotten";
  };

  /** The newest AT line about a client, unless it has expired. */
  get(client: ByteString): ByteString | undefined {
    const line = this.#table.get(client);
    return line === undefined || this.isExpired(line) ? undefined : line;
  }

  /** Whether a report has expired. */
  isExpired(line: ByteString): boolean {
    const horizon = this.#horizon();
    return this.#mayBeGone(horizon) && this.#isGone(heardAtOf(line), horizon);
  }

  /** How many clients take up memory. */
  get size(): number {
    return this.#table.size;
  }

  /** The digests and counts that neighbours compare, by node. */
  get digests(): ReportTable["digests"] {
    return this.#table.digests;
  }

  /** The key of the digest tree. */
  get treeKey(): TreeKey {
    return this.#table.treeKey;
  }

  /** Whether the digest tree lacks reports, as its key has changed. */
  get isRebuilding(): boolean {
    return this.#table.isRebuilding;
  }

  /** See `ReportTable.startRebuild`. */
  startRebuild(key: TreeKey): void {
    this.#table.startRebuild(key);
  }

  /** See `ReportTable.rebuild`. */
  rebuild(reports: number): void {
    this.#table.rebuild(reports);
  }

  /** See `ReportTable.walkBelow`. */
  walkBelow(node: DigestNode): TreeWalk {
    return this.#table.walkBelow(node);
  }

  /** See `ReportTable.endWalk`. */
  endWalk(walk: TreeWalk): void {
    this.#table.endWalk(walk);
  }

  /**
   * The next record of a walk, expired ones too; valid until the store changes;
   * undefined at the end.
   */
  nextOf(walk: TreeWalk): Report | undefined {
    return this.#table.nextOf(walk);
  }

  /**
   * The record with a fingerprint in a leaf, unless it has expired; valid until
   * the store changes.
   */
  inLeaf(leaf: number, fingerprint: number): Report | undefined {
    const report = this.#table.inLeaf(leaf, fingerprint);
    return report === undefined || this.hasExpired(report) ? undefined : report;
  }

  /** Starts a walk over all records, amid changes. */
  walk(): RecordWalk {
    const walk = this.#table.walk();
    return { next: () => this.#toBeKept(this.#table.next(walk)) };
  }

  /**
   * A record that is to be kept, or "expired". A deletion is kept while it is in
   * the table: if the clock is wrong, a deletion may not apply for a moment only.
   */
  #toBeKept(record: Report | undefined): Report | "expired" | undefined {
    return record === undefined || isDeletion(record) ||
        !this.hasExpired(record)
      ? record
      : "expired";
  }

  /** See `ReplicaRecords.noteChanges`. */
  noteChanges(isNoting: boolean): void {
    this.#table.noteChanges(isNoting);
  }

  /** See `ReplicaRecords.changed`. */
  get changed(): ChangedRecords {
    return this.#table.changed;
  }

  /** See `ReplicaRecords.nextChanged`. */
  nextChanged(): Report | "expired" | undefined {
    return this.#toBeKept(this.#table.nextChanged());
  }

  /** Whether a report or a deletion in a buffer has expired. */
  hasExpired(report: Report): boolean {
    if (isDeletion(report)) {
      return this.#period.fault(deletedUntil(report)) !== undefined;
    }
    const horizon = this.#horizon();
    return this.#mayBeGone(horizon) && this.#isGone(heardAt(report), horizon);
  }

  /** The same with its attributes. */
  getRecord(client: ByteString): ByteString | undefined {
    const record = this.#table.getRecord(client);
    return record === undefined || this.isExpired(record) ? undefined : record;
  }

  /** Whether the record of a report is stored, byte for byte. */
  has(report: Report): boolean {
    return this.#table.has(report);
  }

  /** All remembered records. One that is replaced meanwhile may occur twice. */
  *records(): Generator<ByteString, undefined> {
    for (const record of this.#table.records()) {
      if (!this.isExpired(record)) yield record;
    }
  }

  /**
   * The stored lines about clients that pass a test, in pages. A client that
   * reports meanwhile may be on two of them.
   *
   * @param limit Most lines of a page.
   * @param cursor `next` of the page before.
   * @throws {RangeError} If the cursor is not one of these.
   */
  select(
    matches: (client: ByteString) => boolean,
    limit: number,
    cursor = "0 0",
  ): StorePage {
    const [, block, unit] = cursor.match(/^(\d{1,15}) (\d{1,6})$/) ?? [];
    if (block === undefined) throw new RangeError(`Not a cursor: ${cursor}`);
    const lines: ByteString[] = [];
    const attributes: ByteString[] = [];
    let looked = 0;
    let bytes = 0;
    const next = this.#table.read(
      { block: Number(block), unit: Number(unit) },
      (report) => {
        const isFull = lines.length >= limit || looked >= maxPageReports ||
          bytes >= maxPageBytes;
        if (isFull) return false;
        looked += 1;
        bytes += report.recordEnd - report.start;
        if (matches(report.client) && !this.hasExpired(report)) {
          lines.push(report.line);
          attributes.push(report.attributes);
        }
        return true;
      },
    );
    return {
      lines,
      attributes,
      next: next === undefined ? undefined : `${next.block} ${next.unit}`,
    };
  }

  /**
   * Removes the reports that were heard after a time: by `sweep`, but they are
   * not visible from now on.
   */
  removeAfter(time: Timestamp): void {
    this.#removedAfter = time;
    if (this.#sweep === undefined) this.#startSweep();
    else this.#isSweepOutdated = true;
  }

  /** The raised horizon; undefined if it was never raised. */
  get raisedHorizon(): Timestamp | undefined {
    return this.#raisedTo;
  }

  /**
   * Raises the horizon to that of another server. A horizon that is ahead of
   * this server's clock waits until the clock reaches it: if it were applied at
   * once, every report would expire on arrival.
   *
   * @returns Whether the horizon was raised, is there already, or waits.
   */
  raiseHorizon(horizon: Timestamp): "raised" | "known" | "waits" {
    if (this.#isRaisedTo(horizon)) return "known";
    if (isUntil(horizon, this.#limits.now())) {
      this.#raise(horizon);
      return "raised";
    }
    const waiting = this.#waitingHorizons;
    const isKnown = waiting.some((other) =>
      compareTimestamps(other, horizon) === 0
    );
    if (isKnown) return "known";
    waiting.push(horizon);
    waiting.sort(compareTimestamps);
    if (waiting.length > maxWaitingHorizons) dropClosest(waiting);
    return "waits";
  }

  /** Raises the horizon to those that the clock has reached. */
  raiseWaitingHorizons(): boolean {
    const waiting = this.#waitingHorizons;
    const now = this.#limits.now();
    const reached = waiting.filter((horizon) => isUntil(horizon, now)).length;
    if (reached === 0) return false;
    const horizon = waiting.splice(0, reached)[reached - 1];
    if (this.#isRaisedTo(horizon)) return false;
    this.#raise(horizon);
    return true;
  }

  /** Whether a horizon waits for the clock. */
  get hasWaitingHorizon(): boolean {
    return this.#waitingHorizons.length > 0;
  }

  /** Whether there may be expired reports that still take memory. */
  get needsSweep(): boolean {
    return this.#sweep !== undefined || this.#period.isOver ||
      this.#limits.clientTtlSeconds !== undefined && this.size > 0;
  }

  /**
   * Frees expired records.
   *
   * @param reports How many records to look at.
   */
  sweep(reports: number): void {
    if (this.#sweep === undefined) {
      if (!this.#hasExpiredReports && !this.#period.isOver) return;
      this.#startSweep();
    }
    this.#sweepWhile((swept) => swept < reports);
  }

  get #hasExpiredReports(): boolean {
    const [horizon, oldest] = [this.#horizon(), this.#oldest];
    return horizon !== undefined && oldest !== undefined &&
      isUntil(oldest, horizon);
  }

  /** The table's size as the limit on bytes counts it. */
  get tableBytes(): number {
    return this.#table.bytes;
  }

  /** Reports that were heard until then have expired; undefined for none. */
  #horizon(): Timestamp | undefined {
    const { clientTtlSeconds, now } = this.#limits;
    if (clientTtlSeconds === undefined) return this.#raisedTo;
    const byAge = addSeconds(now(), -clientTtlSeconds);
    return this.#isRaisedTo(byAge) ? this.#raisedTo : byAge;
  }

  /** Whether reports may have expired, or are to be removed. */
  #mayBeGone(horizon: Timestamp | undefined): boolean {
    return horizon !== undefined || this.#removedAfter !== undefined;
  }

  /** Whether a report that was heard then has expired or is to be removed. */
  #isGone(heard: Timestamp, horizon: Timestamp | undefined): boolean {
    const latest = this.#removedAfter;
    return horizon !== undefined && isUntil(heard, horizon) ||
      latest !== undefined && !isUntil(heard, latest);
  }

  /** Whether the raised horizon is at this time or later. */
  #isRaisedTo(time: Timestamp): boolean {
    return this.#raisedTo !== undefined && isUntil(time, this.#raisedTo);
  }

  #noteOldest(heard: Timestamp): void {
    if (this.#oldest === undefined || isUntil(heard, this.#oldest)) {
      this.#oldest = heard;
    }
  }

  #raise(horizon: Timestamp): void {
    this.#raisedTo = horizon;
    if (this.#sweep === undefined) this.#startSweep();
    else this.#isSweepOutdated = true;
  }

  #startSweep(): void {
    this.#sweep = this.#table.walk();
    this.#isSweepOutdated = false;
    this.#oldest = undefined;
    this.#period.clear();
  }

  get #isHalfFull(): boolean {
    const { maxClients, maxTableBytes } = this.#limits;
    return this.#table.size * 2 >= maxClients ||
      this.#table.bytes * 2 >= maxTableBytes;
  }

  /**
   * Whether a source may add a client to a table that is half full. Beyond its
   * share, each of its connections may still add a few, but all sources
   * together no more than a share in a minute. So a late phone is accepted even
   * if another one with its address has filled the share.
   */
  #isWithinShare(source: ReportSource, bytes: number): boolean {
    const table = this.#table;
    if (this.#isShare(table.clientsOf(source), table.bytesOf(source))) {
      return true;
    }
    const minute = Math.floor(this.#limits.now().seconds / 60);
    if (minute !== this.#beyondShares.minute) {
      this.#beyondShares = { minute, clients: 0, bytes: 0 };
    }
    const beyond = this.#beyondShares;
    if (source.clientsBeyondShare >= maxClientsBeyondShare) return false;
    if (!this.#isShare(beyond.clients, beyond.bytes)) return false;
    source.clientsBeyondShare += 1;
    beyond.clients += 1;
    beyond.bytes += bytes;
    return true;
  }

  /** Whether that is no more than a share of the table. */
  #isShare(clients: number, bytes: number): boolean {
    const { maxClients, maxTableBytes, sourceShare } = this.#limits;
    return clients <= maxClients * sourceShare &&
      bytes <= maxTableBytes * sourceShare;
  }

  /**
   * Frees room for a record, by raising the horizon if necessary. False if the
   * record itself has expired then, or if the horizon cannot be raised: it is
   * never further ahead of the clock than the clocks of two servers may differ.
   *
   * @param heard When the report was heard, or the time of the deletion.
   */
  #makeRoom(heard: Timestamp, isFull: () => boolean): boolean {
    while (isFull() && !this.#isRaisedTo(heard)) {
      if (this.#sweep === undefined) {
        const horizon = this.#expiryTime(heard);
        const ahead = secondsBetween(this.#limits.now(), horizon);
        if (ahead > maxClockSkewSeconds) return false;
        this.#raise(horizon);
      }
      this.#sweepWhile(isFull);
    }
    return !this.#isRaisedTo(heard);
  }

  /** Estimates a horizon at which a small part of the reports expires. */
  #expiryTime(heard: Timestamp): Timestamp {
    const sample = [heard];
    for (const report of this.#table.sample(sampledReports)) {
      sample.push(heardAt(report));
    }
    sample.sort(compareTimestamps);
    return sample[Math.floor(sample.length * expiredFraction)];
  }

  #sweepWhile(goesOn: (swept: number) => boolean): void {
    const horizon = this.#horizon();
    const isExpired = (report: Report) => {
      if (isDeletion(report)) return this.#isOver(report);
      const heard = heardAt(report);
      if (this.#isGone(heard, horizon)) return true;
      this.#noteOldest(heard);
      return false;
    };
    for (let swept = 0; goesOn(swept); swept++) {
      if (this.#sweep === undefined) return;
      if (this.#table.sweep(this.#sweep, isExpired, this.#onExpired)) continue;
      this.#sweep = undefined;
      if (this.#isSweepOutdated) this.#startSweep();
      else this.#removedAfter = undefined;
    }
  }

  /** Whether a deletion does not apply any more; notes it if it does. */
  #isOver(deletion: Report): boolean {
    if (this.hasExpired(deletion)) return true;
    this.#period.note(deletedUntil(deletion));
    return false;
  }

  #remove(client: ByteString): void {
    const fingerprint = this.#table.delete(client);
    if (fingerprint !== undefined) this.#onExpired(client, fingerprint);
  }
}

/** Whether one time is at or before another. */
function isUntil(time: Timestamp, other: Timestamp): boolean {
  return compareTimestamps(time, other) <= 0;
}

/**
 * Drops the horizon that the next one follows soonest: it is the one that is
 * missed for the shortest time.
 */
function dropClosest(horizons: Timestamp[]): void {
  let closest = 0;
  let shortest = Infinity;
  for (let index = 0; index + 1 < horizons.length; index++) {
    const gap = secondsBetween(horizons[index], horizons[index + 1]);
    if (gap >= shortest) continue;
    closest = index;
    shortest = gap;
  }
  horizons.splice(closest, 1);
}
