/**
 * What a server remembers, and what it forgets. There is one rule: a report
 * that was heard at or before the *horizon* is forgotten. With a time to live
 * the horizon follows the clock; when there is no room for another client, it
 * moves up to those heard longest ago. It never moves down, and neighbours tell
 * each other where it is, so that all servers forget the same.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { heardAtOf, type Report } from "../../protocol/report.ts";
import { type DigestNode, leafCount } from "./digest_tree.ts";
import { expiredFraction, maxPageReports, sampledReports } from "../limits.ts";
import type { HashKey } from "./half_sip_hash.ts";
import {
  ReportTable,
  type StoredReport,
  type StoreResult,
} from "./report_table.ts";

/** How much a server remembers. */
export interface StoreLimits {
  /** Most clients. */
  readonly maxClients: number;
  /** Seconds from hearing a report until it expires; undefined for never. */
  readonly clientTtlSeconds: number | undefined;
  /** This server's clock, in POSIX seconds. */
  readonly nowSeconds: () => number;
}

/** Why a report was not stored. */
export type NotStored =
  /** What is known about its client is as new. */
  | "known"
  /** It was heard before the horizon. */
  | "forgotten";

/** Some of the lines that are selected. */
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
  /** Where the search for forgotten reports goes on. */
  #cursor = 0;
  /** How many leaves are left until the circle is complete. */
  #leavesToSweep = 0;
  /**
   * While no circle is under way, no report was heard before this: there is
   * nothing to sweep until the time to live has moved the horizon here.
   */
  #oldest = Infinity;

  /**
   * @param onExpired Told of each client that is forgotten.
   * @param hashKey Random, so that nobody can choose IDs that crowd the table.
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

  /** Takes a report, or says why not. */
  put(report: Report): StoreResult | NotStored {
    const horizon = this.#horizon();
    if (horizon > -Infinity) {
      const heardAt = heardAtOf(report.line);
      if (heardAt <= horizon) return "forgotten";
      this.#oldest = Math.min(this.#oldest, heardAt);
      const { client } = report;
      this.#removeIfExpired(client, this.#table.get(client), horizon);
    }
    const isFull = this.#table.size >= this.#limits.maxClients;
    if (isFull && this.#table.get(report.client) === undefined) {
      const heardAt = heardAtOf(report.line);
      this.#makeRoom(heardAt);
      if (heardAt <= this.#raisedTo) return "forgotten";
    }
    return this.#table.put(report) ?? "known";
  }

  /** The newest AT line about a client, unless it is forgotten. */
  get(client: ByteString): ByteString | undefined {
    const line = this.#table.get(client);
    return line === undefined || this.isExpired(line) ? undefined : line;
  }

  /** Whether a report was heard too long ago to be remembered. */
  isExpired(line: ByteString): boolean {
    const horizon = this.#horizon();
    return horizon > -Infinity && heardAtOf(line) <= horizon;
  }

  /** How many clients take up memory. */
  get size(): number {
    return this.#table.size;
  }

  /** What neighbours compare: digests and counts, by node. */
  get digests(): ReportTable["digests"] {
    return this.#table.digests;
  }

  /** A copy of the reports of a leaf. */
  leaf(leaf: number): StoredReport[] {
    return this.#table.leaf(leaf);
  }

  /** The remembered lines below a node; the table may change meanwhile. */
  *linesBelow(node: DigestNode): Generator<ByteString, undefined> {
    for (const line of this.#table.linesBelow(node)) {
      if (!this.isExpired(line)) yield line;
    }
  }

  /**
   * The remembered lines about clients that a test picks, in pages: leaf by
   * leaf, and within a leaf in the order of the IDs.
   *
   * @param limit Most lines of a page.
   * @param cursor `next` of the page before.
   * @throws {RangeError} If the cursor is not one of these.
   */
  select(
    matches: (client: ByteString) => boolean,
    limit: number,
    cursor = "0 ",
  ): StorePage {
    // The last leaf that the page before has looked at, and the last ID there.
    const [, firstLeaf, lastClient] = cursor.match(/^(\d{1,5}) (.*)$/s) ?? [];
    if (firstLeaf === undefined) {
      throw new RangeError(`Not a cursor: ${cursor}`);
    }
    const lines: ByteString[] = [];
    let looked = 0;
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
        if (lines.length >= limit || looked >= maxPageReports) {
          return { lines, next: `${leaf} ${after}` };
        }
        looked += 1;
        after = client;
        if (matches(client) && !this.isExpired(line)) lines.push(line);
      }
    }
    return { lines, next: undefined };
  }

  /** Forgets a client if it was heard at or before a time, in POSIX seconds. */
  forget(client: ByteString, heardUntil: number): void {
    this.#removeIfExpired(client, this.#table.get(client), heardUntil);
  }

  /**
   * The horizon, in POSIX seconds, as far as room for clients made it move;
   * undefined if there always was room.
   */
  get raisedHorizon(): number | undefined {
    return this.#raisedTo === -Infinity ? undefined : this.#raisedTo;
  }

  /** Moves the horizon up to a time. False if it is as far already. */
  raiseHorizon(seconds: number): boolean {
    if (seconds <= this.#raisedTo) return false;
    this.#raisedTo = seconds;
    this.#leavesToSweep = leafCount;
    return true;
  }

  /** Whether there may be forgotten reports that still take up memory. */
  get needsSweep(): boolean {
    return this.#leavesToSweep > 0 ||
      this.#limits.clientTtlSeconds !== undefined && this.size > 0;
  }

  /** Frees forgotten reports, looking at about so many. */
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
   * Frees at least one place, by moving the horizon if need be. It may move
   * past the report for which the place is needed.
   */
  #makeRoom(heardAt: number): void {
    const { maxClients } = this.#limits;
    while (this.size >= maxClients && heardAt > this.#raisedTo) {
      if (this.#leavesToSweep === 0) {
        this.raiseHorizon(this.#expiryTime(heardAt));
      }
      this.#sweepWhile(() => this.size >= maxClients);
    }
  }

  /** A time before or at which some of the reports were heard, but few. */
  #expiryTime(heardAt: number): number {
    const sample = [heardAt];
    for (const [from, end] of [[this.#cursor, leafCount], [0, this.#cursor]]) {
      let leaf = this.digests.nextFilledLeaf(from) ?? end;
      while (leaf < end && sample.length < sampledReports) {
        for (const { line } of this.leaf(leaf)) sample.push(heardAtOf(line));
        leaf = this.digests.nextFilledLeaf(leaf + 1) ?? end;
      }
    }
    sample.sort((one, other) => one - other);
    return sample[Math.floor(sample.length * expiredFraction)];
  }

  #sweepWhile(goesOn: (swept: number) => boolean): void {
    const horizon = this.#horizon();
    let swept = 0;
    while (this.#leavesToSweep > 0 && goesOn(swept)) {
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
    const heardAt = heardAtOf(line);
    if (heardAt > horizon) {
      this.#oldest = Math.min(this.#oldest, heardAt);
      return;
    }
    const fingerprint = this.#table.delete(client);
    if (fingerprint !== undefined) this.#onExpired(client, fingerprint);
  }
}
