/**
 * The reports of one server, within limits. A report expires if its origin
 * received it at or before the *horizon*. With a time to live, the horizon
 * follows the clock. When the store is full, the horizon is raised so that the
 * oldest reports expire. It never falls, and neighbours send each other their
 * raised horizons, so that the same reports expire on all servers.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import {
  receivedAtIn,
  receivedAtOf,
  type Report,
} from "../../protocol/report.ts";
import type { ReportSource } from "../../replica/report_source.ts";
import {
  expiredFraction,
  maxClientsBeyondShare,
  maxClockSkewSeconds,
  maxPageBytes,
  maxPageReports,
  maxWaitingHorizons,
  sampledReports,
} from "../limits.ts";
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
  /** This server's clock, in POSIX seconds. */
  readonly nowSeconds: () => number;
}

/** Why a report was not stored. */
export type NotStored =
  /** The stored report about its client is as new. */
  | "known"
  /** It was received at or before the horizon. */
  | "forgotten"
  /** Its source holds its share of the table, and the client is new. */
  | "share";

/** A page of selected lines. */
export interface StorePage {
  readonly lines: readonly ByteString[];
  /** Where the next page begins; undefined if there is none. */
  readonly next: string | undefined;
}

/** The newest report of each client, within limits. */
export class ReportStore {
  readonly #limits: StoreLimits;
  readonly #onExpired: (client: ByteString, fingerprint: number) => void;
  readonly #table: ReportTable;
  #raisedTo = -Infinity;
  /** Horizons of other servers that this server's clock has not reached. */
  readonly #waitingHorizons: number[] = [];
  /** The walk over all records that frees expired ones, if one is under way. */
  #sweep: Walk | undefined;
  /** Whether the horizon has moved up since the walk began. */
  #isSweepOutdated = false;
  /**
   * While no walk is under way, no report was received before this: there is
   * nothing to free until the time to live has moved the horizon here.
   */
  #oldest = Infinity;
  /** The growth beyond shares in the present minute of the clock. */
  #beyondShares = { minute: 0, clients: 0, bytes: 0 };

  /**
   * @param onExpired Called with each client that is removed.
   * @param hashKey Random, so that clients cannot choose IDs that collide.
   * @param treeKey The first key of the digest tree.
   */
  constructor(
    limits: StoreLimits,
    onExpired: (client: ByteString, fingerprint: number) => void = () => {},
    hashKey?: HashKey,
    treeKey?: TreeKey,
  ) {
    this.#table = new ReportTable(hashKey, treeKey);
    this.#limits = limits;
    this.#onExpired = onExpired;
  }

  /**
   * Stores a report, or returns why not.
   *
   * @param source The connection that it came from; undefined for a neighbour.
   */
  put(report: Report, source?: ReportSource): StoreResult | NotStored {
    const horizon = this.#horizon();
    if (horizon > -Infinity) {
      const receivedAt = receivedAtIn(report);
      if (receivedAt <= horizon) return "forgotten";
      this.#oldest = Math.min(this.#oldest, receivedAt);
      const stored = this.#table.receivedAtOf(report);
      if (stored !== undefined && stored <= horizon) {
        this.#remove(report.client);
      }
    }
    return this.#table.put(report, source, this.#admit);
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
    return !isFull() || this.#makeRoom(report, isFull)
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
    return horizon > -Infinity && receivedAtOf(line) <= horizon;
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
   * The next report of a walk, expired ones too; valid until the store changes;
   * undefined at the end.
   */
  nextOf(walk: TreeWalk): Report | undefined {
    return this.#table.nextOf(walk);
  }

  /**
   * The report with a fingerprint in a leaf, unless it has expired; valid until
   * the store changes.
   */
  inLeaf(leaf: number, fingerprint: number): Report | undefined {
    const report = this.#table.inLeaf(leaf, fingerprint);
    return report === undefined || this.hasExpired(report) ? undefined : report;
  }

  /** Whether a report in a buffer has expired. */
  hasExpired(report: Report): boolean {
    const horizon = this.#horizon();
    return horizon > -Infinity && receivedAtIn(report) <= horizon;
  }

  /** All remembered lines. One that is replaced meanwhile may occur twice. */
  *lines(): Generator<ByteString, undefined> {
    for (const line of this.#table.lines()) {
      if (!this.isExpired(line)) yield line;
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
    let looked = 0;
    let bytes = 0;
    const next = this.#table.read(
      { block: Number(block), unit: Number(unit) },
      (report) => {
        const isFull = lines.length >= limit || looked >= maxPageReports ||
          bytes >= maxPageBytes;
        if (isFull) return false;
        looked += 1;
        bytes += report.end - report.start;
        if (matches(report.client) && !this.hasExpired(report)) {
          lines.push(report.line);
        }
        return true;
      },
    );
    return {
      lines,
      next: next === undefined ? undefined : `${next.block} ${next.unit}`,
    };
  }

  /**
   * Forgets a client if its report was received at or before a time.
   *
   * @param heardUntil POSIX seconds.
   */
  forget(client: ByteString, heardUntil: number): void {
    const line = this.#table.get(client);
    if (line !== undefined && receivedAtOf(line) <= heardUntil) {
      this.#remove(client);
    }
  }

  /** The raised horizon, in POSIX seconds; undefined if it was never raised. */
  get raisedHorizon(): number | undefined {
    return this.#raisedTo === -Infinity ? undefined : this.#raisedTo;
  }

  /**
   * Raises the horizon to that of another server. A horizon that is ahead of
   * this server's clock waits until the clock reaches it: if it were applied at
   * once, every report would expire on arrival.
   *
   * @returns Whether the horizon was raised, is there already, or waits.
   */
  raiseHorizon(seconds: number): "raised" | "known" | "waits" {
    if (seconds <= this.#raisedTo) return "known";
    if (seconds <= this.#limits.nowSeconds()) {
      this.#raise(seconds);
      return "raised";
    }
    const waiting = this.#waitingHorizons;
    if (waiting.includes(seconds)) return "known";
    waiting.push(seconds);
    waiting.sort((one, other) => one - other);
    if (waiting.length > maxWaitingHorizons) dropClosest(waiting);
    return "waits";
  }

  /** Raises the horizon to those that the clock has reached. */
  raiseWaitingHorizons(): boolean {
    const waiting = this.#waitingHorizons;
    const now = this.#limits.nowSeconds();
    const reached = waiting.filter((seconds) => seconds <= now).length;
    if (reached === 0) return false;
    const seconds = waiting.splice(0, reached)[reached - 1];
    if (seconds <= this.#raisedTo) return false;
    this.#raise(seconds);
    return true;
  }

  /** Whether a horizon waits for the clock. */
  get hasWaitingHorizon(): boolean {
    return this.#waitingHorizons.length > 0;
  }

  /** Whether there may be expired reports that still take memory. */
  get needsSweep(): boolean {
    return this.#sweep !== undefined ||
      this.#limits.clientTtlSeconds !== undefined && this.size > 0;
  }

  /**
   * Frees expired reports.
   *
   * @param reports How many reports to look at.
   */
  sweep(reports: number): void {
    if (this.#sweep === undefined) {
      if (this.#horizon() < this.#oldest) return;
      this.#startSweep();
    }
    this.#sweepWhile((swept) => swept < reports);
  }

  /** The table's size as the limit on bytes counts it. */
  get tableBytes(): number {
    return this.#table.bytes;
  }

  #horizon(): number {
    const { clientTtlSeconds, nowSeconds } = this.#limits;
    return clientTtlSeconds === undefined
      ? this.#raisedTo
      : Math.max(this.#raisedTo, nowSeconds() - clientTtlSeconds);
  }

  #raise(seconds: number): void {
    this.#raisedTo = seconds;
    if (this.#sweep === undefined) this.#startSweep();
    else this.#isSweepOutdated = true;
  }

  #startSweep(): void {
    this.#sweep = this.#table.walk();
    this.#isSweepOutdated = false;
    this.#oldest = Infinity;
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
    const { nowSeconds } = this.#limits;
    const table = this.#table;
    if (this.#isShare(table.clientsOf(source), table.bytesOf(source))) {
      return true;
    }
    const minute = Math.floor(nowSeconds() / 60);
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
   * Frees room for a report, by raising the horizon if necessary. False if the
   * report itself has expired then, or if the horizon cannot be raised: it is
   * never further ahead of the clock than the clocks of two servers may differ.
   */
  #makeRoom(report: Report, isFull: () => boolean): boolean {
    const receivedAt = receivedAtIn(report);
    while (isFull() && receivedAt > this.#raisedTo) {
      if (this.#sweep === undefined) {
        const seconds = this.#expiryTime(receivedAt);
        const now = this.#limits.nowSeconds();
        if (seconds > now + maxClockSkewSeconds) return false;
        this.#raise(seconds);
      }
      this.#sweepWhile(isFull);
    }
    return receivedAt > this.#raisedTo;
  }

  /** Estimates a horizon at which a small part of the reports expires. */
  #expiryTime(receivedAt: number): number {
    const sample = [receivedAt];
    for (const report of this.#table.sample(sampledReports)) {
      sample.push(receivedAtIn(report));
    }
    sample.sort((one, other) => one - other);
    return sample[Math.floor(sample.length * expiredFraction)];
  }

  #sweepWhile(goesOn: (swept: number) => boolean): void {
    const horizon = this.#horizon();
    const isExpired = (report: Report) => {
      const receivedAt = receivedAtIn(report);
      if (receivedAt <= horizon) return true;
      this.#oldest = Math.min(this.#oldest, receivedAt);
      return false;
    };
    for (let swept = 0; goesOn(swept); swept++) {
      if (this.#sweep === undefined) return;
      if (this.#table.sweep(this.#sweep, isExpired, this.#onExpired)) continue;
      this.#sweep = undefined;
      if (this.#isSweepOutdated) this.#startSweep();
    }
  }

  #remove(client: ByteString): void {
    const fingerprint = this.#table.delete(client);
    if (fingerprint !== undefined) this.#onExpired(client, fingerprint);
  }
}

/**
 * Drops the horizon that the next one follows soonest: it is the one that is
 * missed for the shortest time.
 */
function dropClosest(horizons: number[]): void {
  let closest = 0;
  let shortest = Infinity;
  for (let index = 0; index + 1 < horizons.length; index++) {
    const gap = horizons[index + 1] - horizons[index];
    if (gap >= shortest) continue;
    closest = index;
    shortest = gap;
  }
  horizons.splice(closest, 1);
}
