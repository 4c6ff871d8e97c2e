/**
 * The newest report of each client. The table also detects duplicates: a report
 * that is not newer than the stored one is not forwarded.
 *
 * The records of the clients of a leaf of the digest tree form a chain, so that
 * the reports below a node can be listed when its digest differs from a
 * neighbour's.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "../../protocol/bytes.ts";
import { receivedAtIn, Report } from "../../protocol/report.ts";
import type { ReportSource } from "../../replica/report_source.ts";
import { ClientIndex } from "./client_index.ts";
import {
  type DigestNode,
  DigestTree,
  leafCount,
  leafOf,
  leavesBelow,
} from "./digest_tree.ts";
import { fingerprintOf, hashOf } from "./fingerprint.ts";
import { HalfSipHash, type HashKey } from "./half_sip_hash.ts";
import {
  type Address,
  maxFreeFraction,
  RecordArena,
  recordBytes,
  type Walk,
} from "./record_arena.ts";

/** The result of storing a report. */
export interface StoreResult {
  readonly fingerprint: number;
  /** The leaf of its client. */
  readonly leaf: number;
  /** The fingerprint of the report that it replaced, if there was one. */
  readonly replaced: number | undefined;
}

/**
 * Sources are told apart by a hash of their keys, so that they cost no memory
 * each. Those with equal hashes share what one of them may hold.
 */
const sourceCount = 2 ** 16;

/**
 * Decides whether a report may take more memory, and may remove others first.
 *
 * @param growth What the table takes more of its limit, in bytes.
 * @param isNew Whether its client is unknown so far.
 * @returns Why not; undefined if it may.
 */
export type Admit<Refusal> = (
  report: Report,
  source: ReportSource | undefined,
  growth: number,
  isNew: boolean,
) => Refusal | undefined;

/** A copy of a stored report. */
export interface StoredReport {
  readonly client: ByteString;
  readonly line: ByteString;
  readonly fingerprint: number;
}

const nothingRead = { address: 0, line: "" };

/**
 * What records take of the limit for each of their bytes: besides what is in
 * use, the blocks have this much free.
 */
const allocatedPerUsed = 1 + maxFreeFraction;

/**
 * A sample of a table with more blocks than this is the first few records of
 * each: blocks are filled one after the other, so that is even enough. With
 * fewer blocks it is every n-th record, found in a walk of 2 ms at most.
 */
const maxWalkedBlocks = 16;

/** AT lines by client ID. */
export class ReportTable {
  readonly #arena = new RecordArena((from, to) => this.#onMoved(from, to));
  readonly #index = new ClientIndex();
  readonly #hash: HalfSipHash;
  /** The first record of each leaf; 0 where there is none. */
  readonly #leaves = new Uint32Array(leafCount);
  readonly #digests = new DigestTree();
  /** A client that is looked for, and a record that is read: used again. */
  readonly #sought = new Report();
  readonly #read = new Report();
  readonly #moved = new Report();
  #size = 0;
  #removals = 0;
  /**
   * The record that was read last, as text: many queries about one client share
   * one copy of its line.
   */
  #lastRead = nothingRead;
  /** How many clients, and bytes, each source holds, by its number. */
  readonly #clientsOfSources = new Uint32Array(sourceCount);
  readonly #bytesOfSources = new Float64Array(sourceCount);

  /** @param key Random, so that clients cannot choose IDs that collide. */
  constructor(key: HashKey = [0, 0]) {
    this.#hash = new HalfSipHash(key);
  }

  /**
   * Takes a report.
   *
   * @param source The connection that it came from; undefined for a neighbour.
   * @returns "known" if the stored report about its client is as new, or why
   * `admit` does not take it.
   */
  put<Refusal>(
    report: Report,
    source: ReportSource | undefined,
    admit: Admit<Refusal>,
  ): StoreResult | "known" | Refusal {
    const { clientEnd, clientStart, end, start, view } = report;
    const hash = this.#hash.hash(view, clientStart, clientEnd);
    let known: Address = 0;
    // To make room, records may be removed or moved, even that of the client.
    for (let removals = -1; removals !== this.#removals;) {
      removals = this.#removals;
      known = this.#find(hash, report);
      if (known !== 0 && !this.#arena.isOlder(known, report)) return "known";
      const growth = this.#growthBy(report, hash, known);
      if (growth <= 0) break;
      const refusal = admit(report, source, growth, known === 0);
      if (refusal !== undefined) return refusal;
    }
    const leaf = leafOf(hashOf(view, clientStart, clientEnd));
    const fingerprint = fingerprintOf(view, start, end);
    const number = source === undefined ? 0 : this.numberOf(source);
    const replaced = known === 0
      ? this.#add(hash, leaf, report, fingerprint, number)
      : this.#replace(known, hash, leaf, report, fingerprint, number);
    return { fingerprint, leaf, replaced };
  }

  /** What the table would take more of its limit, in bytes. */
  #growthBy(report: Report, hash: number, known: Address): number {
    const bytes = recordBytes(report);
    return known === 0
      ? bytes * allocatedPerUsed + this.#index.growthBy(hash)
      : (bytes - this.#arena.bytesOf(known)) * allocatedPerUsed;
  }

  #add(
    hash: number,
    leaf: number,
    report: Report,
    fingerprint: number,
    source: number,
  ): undefined {
    const arena = this.#arena;
    const first = this.#leaves[leaf];
    const address = arena.add(report, fingerprint, first, source);
    this.#leaves[leaf] = address;
    this.#index.add(hash, address);
    this.#digests.add(leaf, fingerprint);
    this.#size += 1;
    this.#charge(source, 1, arena.bytesOf(address));
  }

  /** Returns the fingerprint of the report that was replaced. */
  #replace(
    known: Address,
    hash: number,
    leaf: number,
    report: Report,
    fingerprint: number,
    source: number,
  ): number {
    const arena = this.#arena;
    this.#lastRead = nothingRead;
    const replaced = arena.fingerprintOf(known);
    const bytesBefore = arena.bytesOf(known);
    const sourceBefore = arena.sourceOf(known);
    const address = arena.replace(known, report, fingerprint, source);
    this.#digests.replace(leaf, replaced, fingerprint);
    // A client is charged to the source that has reported it last.
    if (address !== known || source !== sourceBefore) {
      this.#charge(sourceBefore, -1, -bytesBefore);
      this.#charge(source, 1, arena.bytesOf(address));
    }
    if (address !== known) {
      if (this.#leaves[leaf] === known) this.#leaves[leaf] = address;
      this.#index.move(hash, known, address);
      arena.compact(bytesBefore);
    }
    return replaced;
  }

  /**
   * When the stored report about the client of a report was received, in POSIX
   * seconds; undefined for an unknown client.
   */
  receivedAtOf(report: Report): number | undefined {
    const address = this.#find(this.#hashOf(report), report);
    if (address === 0) return undefined;
    this.#arena.read(address, this.#read);
    return receivedAtIn(this.#read);
  }

  /** The newest AT line about a client. */
  get(client: ByteString): ByteString | undefined {
    const sought = this.#reportAbout(client);
    const address = this.#find(this.#hashOf(sought), sought);
    if (address === 0) return undefined;
    if (address !== this.#lastRead.address) {
      this.#arena.read(address, this.#read);
      this.#lastRead = { address, line: this.#read.line };
    }
    return this.#lastRead.line;
  }

  /** Removes a client. Returns the fingerprint of its report, if any. */
  delete(client: ByteString): number | undefined {
    const sought = this.#reportAbout(client);
    const address = this.#find(this.#hashOf(sought), sought);
    return address === 0 ? undefined : this.#remove(address);
  }

  /**
   * Removes a record.
   *
   * @param report Where the record's line is.
   */
  #remove(address: Address, report = this.#read): number {
    const arena = this.#arena;
    this.#lastRead = nothingRead;
    arena.read(address, report);
    const leaf = this.#leafOf(report);
    const gone = arena.fingerprintOf(address);
    const bytes = arena.bytesOf(address);
    this.#charge(arena.sourceOf(address), -1, -bytes);
    if (this.#leaves[leaf] === address) {
      this.#leaves[leaf] = arena.nextOf(address);
    }
    this.#index.remove(this.#hashOf(report), address);
    arena.remove(address);
    this.#digests.remove(leaf, gone);
    this.#size -= 1;
    this.#removals += 1;
    if (this.#size === 0) arena.clear();
    else arena.compact(bytes);
    return gone;
  }

  /** How many clients are known. */
  get size(): number {
    return this.#size;
  }

  /**
   * What the table takes of its limit, in bytes: its records with the free room
   * between them, and its index. An empty table takes nothing, though it has 2
   * MiB for leaves and sources.
   */
  get bytes(): number {
    return this.#arena.usedBytes * allocatedPerUsed + this.#index.bytes;
  }

  /** The memory of its records, in bytes. */
  get allocatedBytes(): number {
    return this.#arena.allocatedBytes;
  }

  /** How many clients a source holds. */
  clientsOf(source: ReportSource): number {
    return this.#clientsOfSources[this.numberOf(source)];
  }

  /** What the records of a source take of the limit, in bytes. */
  bytesOf(source: ReportSource): number {
    return this.#bytesOfSources[this.numberOf(source)] * allocatedPerUsed;
  }

  /** The number of a source: 1 to `sourceCount` - 1. */
  numberOf(source: ReportSource): number {
    if (source.number === 0) {
      const { key } = source;
      const hash = this.#hash.hash(this.#reportAbout(key).view, 0, key.length);
      source.number = 1 + hash % (sourceCount - 1);
    }
    return source.number;
  }

  /** What neighbours compare. */
  get digests(): Pick<DigestTree, "countOf" | "digestOf" | "nextFilledLeaf"> {
    return this.#digests;
  }

  /** A copy of the reports of a leaf. */
  leaf(leaf: number): StoredReport[] {
    const entries: StoredReport[] = [];
    const report = this.#read;
    let address = this.#leaves[leaf];
    while (address !== 0) {
      this.#arena.read(address, report);
      const { client, line } = report;
      const fingerprint = this.#arena.fingerprintOf(address);
      entries.push({ client, line, fingerprint });
      address = this.#arena.nextOf(address);
    }
    return entries;
  }

  /** The AT lines below a node; may be walked while the table changes. */
  *linesBelow(node: DigestNode): Generator<ByteString, undefined> {
    const [first, last] = leavesBelow(node);
    for (let from = first;;) {
      const leaf = this.#digests.nextFilledLeaf(from);
      if (leaf === undefined || leaf > last) return;
      for (const { line } of this.leaf(leaf)) yield line;
      from = leaf + 1;
    }
  }

  /** Starts a walk over all records for `sweep`. */
  walk(): Walk {
    return this.#arena.walk();
  }

  /**
   * Goes on with a walk: removes the next record if it is expired.
   *
   * @param isExpired Whether a report is to be removed.
   * @param onRemoved Called for one that is.
   * @returns Whether there was a record left.
   */
  sweep(
    walk: Walk,
    isExpired: (report: Report) => boolean,
    onRemoved: (client: ByteString, fingerprint: number) => void,
  ): boolean {
    const address = this.#arena.next(walk);
    if (address === 0) return false;
    const report = this.#read;
    this.#arena.read(address, report);
    if (isExpired(report)) {
      const { client } = report;
      onRemoved(client, this.#remove(address));
    }
    return true;
  }

  /**
   * About so many reports, evenly from all of the table: all of them if there
   * are no more.
   */
  *sample(count: number): Generator<Report, undefined> {
    const arena = this.#arena;
    if (arena.blocks > maxWalkedBlocks) {
      const perBlock = Math.ceil(count / arena.blocks);
      for (const address of arena.firstOfEachBlock(perBlock)) {
        arena.read(address, this.#read);
        yield this.#read;
      }
      return;
    }
    const step = Math.max(1, Math.floor(this.#size / count));
    const walk = arena.walk();
    for (let index = 0;; index++) {
      const address = arena.next(walk);
      if (address === 0) return;
      if (index % step > 0) continue;
      arena.read(address, this.#read);
      yield this.#read;
    }
  }

  /** The record about a report's client; 0 if there is none. */
  #find(hash: number, report: Report): Address {
    let address = this.#index.first(hash);
    while (address !== 0 && !this.#arena.isAbout(address, report)) {
      address = this.#index.next();
    }
    return address;
  }

  /** A record is at another address now. */
  #onMoved(from: Address, to: Address): void {
    const report = this.#moved;
    this.#lastRead = nothingRead;
    this.#arena.read(to, report);
    this.#index.move(this.#hashOf(report), from, to);
    if (this.#arena.previousOf(to) === 0) {
      this.#leaves[this.#leafOf(report)] = to;
    }
  }

  #charge(source: number, clients: number, bytes: number): void {
    if (source === 0) return;
    this.#clientsOfSources[source] += clients;
    this.#bytesOfSources[source] += bytes;
  }

  /** A report of which only the client is known; valid until the next one. */
  #reportAbout(client: ByteString): Report {
    this.#sought.bytes = encodeScratch(client);
    this.#sought.clientEnd = client.length;
    return this.#sought;
  }

  #leafOf({ clientEnd, clientStart, view }: Report): number {
    return leafOf(hashOf(view, clientStart, clientEnd));
  }

  #hashOf({ clientEnd, clientStart, view }: Report): number {
    return this.#hash.hash(view, clientStart, clientEnd);
  }
}
