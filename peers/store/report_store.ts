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
import { receivedAtOf, type Report } from "../../protocol/report.ts";
import { type DigestNode, leafCount } from "./digest_tree.ts";
import { expiredFraction, maxPageReports, sampledReports } from "../limits.ts";
import type { HashKey } from "./half_sip_hash.ts";
import {
  ReportTable,
  type StoredReport,
  type StoreResult,
} from "./report_table.ts";

/** The limits of a store. */
export interface StoreLimits {
  readonly maxClients: number;
  /** Seconds until a received report expires; undefined for never. */
  readonly clientTtlSeconds: number | undefined;
  /** This server's clock, in POSIX seconds. */
  readonly nowSeconds: () => number;
}

/** Why a report was not stored. */
export type NotStored =
  /** The stored report of its client is as new. */
  | "known"
  /** It was received at or before the horizon. */
  | "forgotten";

/** One page of the selected lines. */
export interface StorePage {
  readonly lines: readonly ByteString[];
  /** The cursor of the next page; undefined after the last. */
  readonly next: string | undefined;
}

/** The newest report of each client, within limits. */
export class ReportStore {
  readonly #limits: StoreLimits;
  readonly #onExpired: (client: ByteString, fingerprint: number) => void;
  readonly #table: ReportTable;
  #raisedTo = -Infinity;
  /** The leaf at which the sweep continues. */
  #cursor = 0;
  /** How many leaves are left until the sweep has visited all. */
  #leavesToSweep = 0;
  /**
   * While no sweep is running, no stored report was received before this time.
   * A sweep would find nothing until the time to live moves the horizon here.
   */
  #oldest = Infinity;

  /**
   * @param onExpired Called with each client that is removed.
   * @param hashKey Random, so that clients cannot choose IDs that collide.
   */
  constructor(
    limits: StoreLimits,
    onExpired: (client: ByteString, fingerprint: number) => void = () => {},
    hashKey?: HashKey,
  ) {
    this.#table = new ReportTable(hashKey);
    this.#limits = limits;
    this.#onExpired = onExpired;
  }

  /** Stores a report, or returns why not. */
  put(report: Report): StoreResult | NotStored {
    const horizon = this.#horizon();
    if (horizon > -Infinity) {
      const receivedAt = receivedAtOf(report.line);
      if (receivedAt <= horizon) return "forgotten";
      this.#oldest = Math.min(this.#oldest, receivedAt);
      const { client } = report;
      this.#removeIfExpired(client, this.#table.get(client), horizon);
    }
    const isFull = this.#table.size >= this.#limits.maxClients;
    if (isFull && this.#table.get(report.client) === undefined) {
      const receivedAt = receivedAtOf(report.line);
      this.#makeRoom(receivedAt);
      if (receivedAt <= this.#raisedTo) return "forgotten";
    }
    return this.#table.put(report) ?? "known";
  }

  /** The newest AT line about a client, unless it has expired. */
  get(client: ByteString): ByteString | undefined {
    const line = this.#table.get(client);
    return line === undefined || this.isExpired(line) ? undefined : line;
  }

  /** Whether a report was received at or before the horizon. */
  isExpired(line: ByteString): boolean {
    const horizon = this.#horizon();
    return horizon > -Infinity && receivedAtOf(line) <= horizon;
  }

  /** The number of clients, with those that expired but were not swept yet. */
  get size(): number {
    return this.#table.size;
  }

  /** Digests and counts, by node. */
  get digests(): ReportTable["digests"] {
    return this.#table.digests;
  }

  /** A copy of the reports of a leaf. */
  leaf(leaf: number): StoredReport[] {
    return this.#table.leaf(leaf);
  }

  /** The lines below a node. The table may change during the iteration. */
  *linesBelow(node: DigestNode): Generator<ByteString, undefined> {
    for (const line of this.#table.linesBelow(node)) {
      if (!this.isExpired(line)) yield line;
    }
  }

  /**
   * The lines about clients whose ID matches, in pages: by leaf, and within a
   * leaf by ID.
   *
   * @param limit Most lines of a page.
   * @param cursor `next` of the previous page.
   * @throws {RangeError} If the cursor is invalid.
   */
  select(
    matches: (client: ByteString) => boolean,
    limit: number,
    cursor = "0 ",
  ): StorePage {
    // The last leaf that the previous page examined, and the last ID in it.
    const [, firstLeaf, lastClient] = cursor.match(/^(\d{1,5}) (.*)$/s) ?? [];
    if (firstLeaf === undefined) {
      throw new RangeError(`invalid cursor: ${cursor}`);
    }
    const lines: ByteString[] = [];
    let examined = 0;
    let after = lastClient;
    for (
      let leaf = this.digests.nextFilledLeaf(Number(firstLeaf));
      leaf !== undefined;
      leaf = this.digests.nextFilledLeaf(leaf + 1)
    ) {
      if (leaf > Number(firstLeaf)) after = "";
      const stored = this.leaf(leaf).filter(({ client }) => client > after)
        .sort((one, other) => one.client < other.client ? -1 : 1);
      for (const { client, line } of stored) {
        if (lines.length >= limit || examined >= maxPageReports) {
          return { lines, next: `${leaf} ${after}` };
        }
        examined += 1;
        after = client;
        if (matches(client) && !this.isExpired(line)) lines.push(line);
      }
    }
    return { lines, next: undefined };
  }

  /**
   * Removes a client if its report was received at or before a time, in POSIX
   * seconds.
   */
  forget(client: ByteString, receivedUntil: number): void {
    this.#removeIfExpired(client, this.#table.get(client), receivedUntil);
  }

  /**
   * The horizon without the time to live, in POSIX seconds; undefined if it was
   * never raised.
   */
  get raisedHorizon(): number | undefined {
    return this.#raisedTo === -Infinity ? undefined : this.#raisedTo;
  }

  /** Raises the horizon to a time. Returns false if it is already as high. */
  raiseHorizon(seconds: number): boolean {
    if (seconds <= this.#raisedTo) return false;
    this.#raisedTo = seconds;
    this.#leavesToSweep = leafCount;
    return true;
  }

  /** Whether there may be expired reports to remove. */
  get needsSweep(): boolean {
    return this.#leavesToSweep > 0 ||
      this.#limits.clientTtlSeconds !== undefined && this.size > 0;
  }

  /** Examines about this many reports, and removes those that have expired. */
  sweep(reports: number): void {
    if (this.#leavesToSweep === 0) {
      if (this.#horizon() < this.#oldest) return;
      this.#leavesToSweep = leafCount;
      this.#oldest = Infinity;
    }
    this.#sweepWhile((swept) => swept < reports);
  }

  #horizon(): number {
    const { clientTtlSeconds, nowSeconds } = this.#limits;
    return clientTtlSeconds === undefined
      ? this.#raisedTo
      : Math.max(this.#raisedTo, nowSeconds() - clientTtlSeconds);
  }

  /**
   * Removes at least one client for a report that was received at a time. If it
   * has to raise the horizon for this, that report itself may expire instead.
   */
  #makeRoom(receivedAt: number): void {
    const { maxClients } = this.#limits;
    while (this.size >= maxClients && receivedAt > this.#raisedTo) {
      if (this.#leavesToSweep === 0) {
        this.raiseHorizon(this.#expiryTime(receivedAt));
      }
      this.#sweepWhile(() => this.size >= maxClients);
    }
  }

  /** A horizon at which a small part of the reports expires, estimated. */
  #expiryTime(receivedAt: number): number {
    const sample = [receivedAt];
    for (const [from, end] of [[this.#cursor, leafCount], [0, this.#cursor]]) {
      let leaf = this.digests.nextFilledLeaf(from) ?? end;
      while (leaf < end && sample.length < sampledReports) {
        for (const { line } of this.leaf(leaf)) sample.push(receivedAtOf(line));
        leaf = this.digests.nextFilledLeaf(leaf + 1) ?? end;
      }
    }
    sample.sort((one, other) => one - other);
    return sample[Math.floor(sample.length * expiredFraction)];
  }

  #sweepWhile(shouldContinue: (swept: number) => boolean): void {
    const horizon = this.#horizon();
    let swept = 0;
    while (this.#leavesToSweep > 0 && shouldContinue(swept)) {
      const leaf = this.digests.nextFilledLeaf(this.#cursor);
      const next = (leaf ?? leafCount - 1) + 1;
      this.#leavesToSweep -= Math.min(
        next - this.#cursor,
        this.#leavesToSweep,
      );
      this.#cursor = next % leafCount;
      if (leaf === undefined) continue;
      for (const { client, line } of this.leaf(leaf)) {
        swept += 1;
        this.#removeIfExpired(client, line, horizon);
      }
    }
  }

  #removeIfExpired(
    client: ByteString,
    line: ByteString | undefined,
    horizon: number,
  ): void {
    if (line === undefined) return;
    const receivedAt = receivedAtOf(line);
    if (receivedAt > horizon) {
      this.#oldest = Math.min(this.#oldest, receivedAt);
      return;
    }
    const fingerprint = this.#table.delete(client);
    if (fingerprint !== undefined) this.#onExpired(client, fingerprint);
  }
}
