/**
 * The newest report of each client. The table also detects duplicates: a report
 * that is not newer than the stored one is not forwarded.
 *
 * The records of the clients of a leaf of the digest tree form a chain, so that
 * the reports below a node can be listed when its digest differs from a
 * neighbour's. When the tree gets another key, every record moves to another
 * chain, a few at a time. Meanwhile the chains and digests have the records that
 * have moved or that are new, and nothing is compared.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "../../protocol/bytes.ts";
import { deletedUntil, isDeletion, keyOf } from "../../protocol/deletion.ts";
import { heardAt } from "../../protocol/order.ts";
import { Report } from "../../protocol/report.ts";
import { compareTimestamps, type Timestamp } from "../../protocol/time.ts";
import type { ChangedRecords } from "../../replica/records.ts";
import type { ReportSource } from "../../replica/report_source.ts";
import { ClientIndex } from "./client_index.ts";
import {
  type DigestNode,
  DigestTree,
  leafCount,
  leafOf,
  leavesBelow,
} from "./digest_tree.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { HalfSipHash, type HashKey } from "./half_sip_hash.ts";
import {
  type Address,
  maxFreeFraction,
  type Place,
  RecordArena,
  recordBytes,
  type Walk,
} from "./record_arena.ts";
import { type TreeKey, treeKeyDigits } from "../tree_key.ts";
import { hashOfTree } from "./tree_hash.ts";

/** The result of storing a report. */
export interface StoreResult {
  readonly fingerprint: number;
  /** The leaf of its client. */
  readonly leaf: number;
  /** The fingerprint of the report that it replaced, if there was one. */
  readonly replaced: number | undefined;
}

/**
 * Sources are distinguished by a hash of their keys, so that no memory is
 * needed for each. Those with equal hashes have one share together.
 */
const sourceCount = 2 ** 16;

/**
 * Decides whether a report may take more memory, and may remove others first.
 *
 * @param growth The growth of the table's size, in bytes.
 * @param isNew Whether its client is not in the table.
 * @returns Why not; undefined if it may.
 */
export type Admit<Refusal> = (
  report: Report,
  source: ReportSource | undefined,
  growth: number,
  isNew: boolean,
) => Refusal | undefined;

/** A walk over the records below a node, amid changes of the table. */
export class TreeWalk {
  /** The next record; 0 at the end of a leaf. */
  at: Address = 0;
  /** The leaf of the last record that was read. */
  leaf: number;
  /** The fingerprint of the last record that was read. */
  fingerprint = 0;
  readonly last: number;
  isOver = false;

  constructor(node: DigestNode) {
    [this.leaf, this.last] = leavesBelow(node);
    this.leaf -= 1;
  }
}

const nothingRead = { address: 0, line: "" };

/**
 * How much of the limit each byte of a record takes, with the free room of the
 * blocks.
 */
const allocatedPerUsed = 1 + maxFreeFraction;

/**
 * With more blocks than this, a sample has the first few records of each block.
 * Blocks are filled one after another, so this is even enough. With fewer
 * blocks it has every n-th record, found in a walk of at most 2 ms.
 */
const maxWalkedBlocks = 16;

/** AT lines by client ID. */
export class ReportTable {
  readonly #arena = new RecordArena((from, to) => this.#onMoved(from, to));
  readonly #index = new ClientIndex();
  readonly #hash: HalfSipHash;
  #treeKey: TreeKey;
  #treeHash: HalfSipHash;
  /** The walk over the records that the tree lacks, after a change of its key. */
  #rebuild: Walk | undefined;
  readonly #treeWalks = new Set<TreeWalk>();
  /** The first record of each leaf; 0 where there is none. */
  readonly #leaves = new Uint32Array(leafCount);
  #digests = new DigestTree();
  /** The requested client, and the record being read; reused. */
  readonly #sought = new Report();
  readonly #read = new Report();
  readonly #moved = new Report();
  #size = 0;
  #deletions = 0;
  #deletionBytes = 0;
  #removals = 0;
  /**
   * The record that was read last, as text: many queries about one client share
   * one copy of its line.
   */
  #lastRead = nothingRead;
  /** How many clients, and bytes, each source holds, by its number. */
  readonly #clientsOfSources = new Uint32Array(sourceCount);
  readonly #bytesOfSources = new Float64Array(sourceCount);

  /**
   * @param key Random, so that clients cannot choose IDs that collide.
   * @param treeKey The first key of the digest tree.
   */
  constructor(
    key: HashKey = [0, 0],
    treeKey: TreeKey = "0".repeat(treeKeyDigits),
  ) {
    this.#hash = new HalfSipHash(key);
    this.#treeKey = treeKey;
    this.#treeHash = hashOfTree(treeKey);
  }

  /**
   * Stores a report.
   *
   * @param source The connection that it came from; undefined for a neighbour.
   * @param isOwn Whether this server is its origin, and has just heard it.
   * @returns "repeated" if it is its origin and the stored report about the
   * client has the same position and time, "known" if that is as new, or why
   * `admit` does not take the report.
   */
  put<Refusal>(
    report: Report,
    source: ReportSource | undefined,
    admit: Admit<Refusal>,
    isOwn = false,
  ): StoreResult | "repeated" | "known" | Refusal {
    const { clientEnd, clientStart, recordEnd, start, view } = report;
    const hash = this.#hash.hash(view, clientStart, clientEnd);
    let known: Address = 0;
    // To make room, records may be removed or moved, even that of the client.
    for (let removals = -1; removals !== this.#removals;) {
      removals = this.#removals;
      known = this.#find(hash, report);
      if (known !== 0) {
        if (isOwn && this.#arena.isRepeated(known, report)) return "repeated";
        if (!this.#arena.isOlder(known, report)) return "known";
      }
      const growth = this.#growthBy(report, hash, known);
      if (growth <= 0) break;
      const refusal = admit(report, source, growth, known === 0);
      if (refusal !== undefined) return refusal;
    }
    const fingerprint = fingerprintOf(view, start, recordEnd);
    const number = source === undefined ? 0 : this.numberOf(source);
    return known === 0
      ? this.#add(hash, report, fingerprint, number)
      : this.#replace(known, hash, report, fingerprint, number);
  }

  /**
   * Stores a deletion, next to the report about its client.
   *
   * @param applies Whether a stored deletion until a time still applies.
   * @param admit Says why the table may not grow by some bytes.
   * @returns "known" if the stored deletion of the client is as late, or why
   * `admit` does not take it.
   */
  putDeletion<Refusal>(
    deletion: Report,
    applies: (until: Timestamp) => boolean,
    admit: (growth: number) => Refusal | undefined,
  ): StoreResult | "known" | Refusal {
    const { end, start, view } = deletion;
    const hash = this.#hashOf(deletion);
    let known: Address = 0;
    // As for a report.
    for (let removals = -1; removals !== this.#removals;) {
      removals = this.#removals;
      known = this.#find(hash, deletion, true);
      if (known !== 0) {
        this.#arena.read(known, this.#read);
        const until = deletedUntil(this.#read);
        const isLater = compareTimestamps(until, deletedUntil(deletion)) >= 0;
        if (isLater && applies(until)) return "known";
      }
      const growth = this.#growthBy(deletion, hash, known);
      if (growth <= 0) break;
      const refusal = admit(growth);
      if (refusal !== undefined) return refusal;
    }
    const fingerprint = fingerprintOf(view, start, end);
    if (known === 0) return this.#add(hash, deletion, fingerprint, 0);
    this.#arena.read(known, this.#read);
    this.#deletionBytes += recordBytes(deletion) - recordBytes(this.#read);
    return this.#replace(known, hash, deletion, fingerprint, 0);
  }

  /** The growth of the table's size, in bytes. */
  #growthBy(report: Report, hash: number, known: Address): number {
    const bytes = recordBytes(report);
    return known === 0
      ? bytes * allocatedPerUsed + this.#index.growthBy(hash)
      : (bytes - this.#arena.bytesOf(known)) * allocatedPerUsed;
  }

  #add(
    hash: number,
    report: Report,
    fingerprint: number,
    source: number,
  ): StoreResult {
    const arena = this.#arena;
    const leaf = this.#leafOf(report);
    const first = this.#leaves[leaf];
    const address = arena.add(report, fingerprint, leaf, first, source);
    this.#leaves[leaf] = address;
    this.#index.add(hash, address);
    this.#digests.add(leaf, fingerprint);
    this.#count(report, 1);
    this.#charge(source, 1, arena.bytesOf(address));
    return { fingerprint, leaf, replaced: undefined };
  }

  /** Counts a record that is added or removed. */
  #count(record: Report, change: 1 | -1): void {
    if (isDeletion(record)) {
      this.#deletions += change;
      this.#deletionBytes += change * recordBytes(record);
    } else {
      this.#size += change;
    }
  }

  #replace(
    known: Address,
    hash: number,
    report: Report,
    fingerprint: number,
    source: number,
  ): StoreResult {
    const arena = this.#arena;
    this.#lastRead = nothingRead;
    const replaced = arena.fingerprintOf(known);
    if (!arena.isChained(known)) this.#chain(known, this.#leafOf(report));
    const leaf = arena.leafOf(known);
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
      this.#moveWalks(known, address);
      arena.compact(bytesBefore);
    }
    return { fingerprint, leaf, replaced };
  }

  /**
   * When the stored report about the client of a report was heard; undefined for
   * an unknown client.
   */
  heardAtOf(report: Report): Timestamp | undefined {
    const address = this.#find(this.#hashOf(report), report);
    if (address === 0) return undefined;
    this.#arena.read(address, this.#read);
    return heardAt(this.#read);
  }

  /**
   * Until when reports about the client of a report are deleted; undefined if
   * there is no deletion.
   */
  deletedUntil(report: Report): Timestamp | undefined {
    if (this.#deletions === 0) return undefined;
    const address = this.#find(this.#hashOf(report), report, true);
    if (address === 0) return undefined;
    this.#arena.read(address, this.#read);
    return deletedUntil(this.#read);
  }

  /** The same for a client. */
  deletedUntilOf(client: ByteString): Timestamp | undefined {
    return this.deletedUntil(this.#reportAbout(client));
  }

  /** Whether the record of a report is stored, byte for byte. */
  has(report: Report): boolean {
    const address = this.#find(this.#hashOf(report), report);
    return address !== 0 && this.#arena.isSame(address, report);
  }

  /** The newest record about a client; undefined for an unknown client. */
  getRecord(client: ByteString): ByteString | undefined {
    const address = this.#addressOf(client);
    if (address === 0) return undefined;
    this.#arena.read(address, this.#read);
    return this.#read.record;
  }

  /** The newest AT line about a client. */
  get(client: ByteString): ByteString | undefined {
    const address = this.#addressOf(client);
    if (address === 0) return undefined;
    if (address !== this.#lastRead.address) {
      this.#arena.read(address, this.#read);
      this.#lastRead = { address, line: this.#read.line };
    }
    return this.#lastRead.line;
  }

  /** Removes a client. Returns the fingerprint of its report, if any. */
  delete(client: ByteString): number | undefined {
    const address = this.#addressOf(client);
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
    const gone = arena.fingerprintOf(address);
    const bytes = arena.bytesOf(address);
    this.#charge(arena.sourceOf(address), -1, -bytes);
    if (arena.isChained(address)) this.#unchain(address, gone);
    this.#index.remove(this.#hashOf(report), address);
    this.#count(report, -1);
    arena.remove(address);
    this.#removals += 1;
    if (this.#size + this.#deletions === 0) arena.clear();
    else arena.compact(bytes);
    return gone;
  }

  /** How many clients have a report. */
  get size(): number {
    return this.#size;
  }

  /** How many deletions there are. */
  get deletions(): number {
    return this.#deletions;
  }

  /** The size of the deletions as the limit counts it, in bytes. */
  get deletionBytes(): number {
    return this.#deletionBytes * allocatedPerUsed;
  }

  /**
   * The table's size as the limit counts it, in bytes: its records with the
   * free room between them, and its index. An empty table counts as 0, although
   * it has 2 MiB for leaves and sources.
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

  /** The size of a source's records as the limit counts it, in bytes. */
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

  /** The digests that neighbours compare. */
  get digests(): Pick<DigestTree, "countOf" | "digestOf"> {
    return this.#digests;
  }

  /** The key of the digest tree. */
  get treeKey(): TreeKey {
    return this.#treeKey;
  }

  /** Whether the tree lacks records, as its key has changed. */
  get isRebuilding(): boolean {
    return this.#rebuild !== undefined;
  }

  /**
   * Gives the tree another key, for which it has to be rebuilt. Must not be
   * called during a rebuild. Ends all walks over the tree.
   */
  startRebuild(key: TreeKey): void {
    this.#treeKey = key;
    this.#treeHash = hashOfTree(key);
    this.#leaves.fill(0);
    this.#digests = new DigestTree();
    this.#arena.unchain();
    for (const walk of this.#treeWalks) walk.isOver = true;
    this.#treeWalks.clear();
    this.#rebuild = this.#arena.walk();
    // There may be nothing to do.
    this.rebuild(1);
  }

  /**
   * Goes on with a rebuild.
   *
   * @param reports How many reports to look at.
   */
  rebuild(reports: number): void {
    const report = this.#moved;
    for (let left = reports; left > 0; left--) {
      if (this.#rebuild === undefined) return;
      const address = this.#arena.next(this.#rebuild);
      if (address === 0) {
        this.#rebuild = undefined;
        return;
      }
      if (this.#arena.isChained(address)) continue;
      this.#arena.read(address, report);
      this.#chain(address, this.#leafOf(report));
    }
  }

  /** Gives a record a place in the tree. */
  #chain(address: Address, leaf: number): void {
    this.#arena.chain(address, leaf, this.#leaves[leaf]);
    this.#leaves[leaf] = address;
    this.#digests.add(leaf, this.#arena.fingerprintOf(address));
  }

  /** Takes a record out of the tree; its chain still leads to the next one. */
  #unchain(address: Address, fingerprint: number): void {
    const leaf = this.#arena.leafOf(address);
    const next = this.#arena.nextOf(address);
    if (this.#leaves[leaf] === address) this.#leaves[leaf] = next;
    this.#digests.remove(leaf, fingerprint);
    this.#moveWalks(address, next);
  }

  /** Walks that stand at a record go on at another one. */
  #moveWalks(from: Address, to: Address): void {
    for (const walk of this.#treeWalks) if (walk.at === from) walk.at = to;
  }

  /**
   * Starts a walk over the records below a node, for `nextOf`. It must be taken
   * to its end, or ended by `endWalk`.
   */
  walkBelow(node: DigestNode): TreeWalk {
    const walk = new TreeWalk(node);
    this.#treeWalks.add(walk);
    return walk;
  }

  /** Ends a walk before its end. */
  endWalk(walk: TreeWalk): void {
    walk.isOver = true;
    this.#treeWalks.delete(walk);
  }

  /**
   * The next record of a walk, valid until the table changes; undefined at the
   * end. A record that is added during the walk may be left out.
   */
  nextOf(walk: TreeWalk): Report | undefined {
    while (walk.at === 0) {
      if (walk.isOver) return undefined;
      const leaf = this.#digests.nextFilledLeaf(walk.leaf + 1);
      if (leaf === undefined || leaf > walk.last) {
        this.endWalk(walk);
        return undefined;
      }
      walk.leaf = leaf;
      walk.at = this.#leaves[leaf];
    }
    if (walk.isOver) return undefined;
    const { at } = walk;
    this.#arena.read(at, this.#read);
    walk.fingerprint = this.#arena.fingerprintOf(at);
    walk.at = this.#arena.nextOf(at);
    return this.#read;
  }

  /**
   * The record with a fingerprint in a leaf, valid until the table changes.
   *
   * @param leaf 0 to `leafCount` - 1.
   */
  inLeaf(leaf: number, fingerprint: number): Report | undefined {
    const arena = this.#arena;
    let at = this.#leaves[leaf];
    while (at !== 0 && arena.fingerprintOf(at) !== fingerprint) {
      at = arena.nextOf(at);
    }
    if (at === 0) return undefined;
    arena.read(at, this.#read);
    return this.#read;
  }

  /** All records of reports. One that arrives meanwhile may occur twice. */
  *records(): Generator<ByteString, undefined> {
    const walk = this.#arena.walk();
    while (true) {
      const address = this.#arena.next(walk);
      if (address === 0) return;
      if (this.#arena.isDeletion(address)) continue;
      this.#arena.read(address, this.#read);
      yield this.#read.record;
    }
  }

  /**
   * Reads some reports from a place on.
   *
   * @param place `next` of the call before; undefined for the first one.
   * @param visit Called with each report. Returns whether to go on after it.
   * @returns The place of the report at which `visit` stopped; undefined if there
   * was none.
   */
  read(
    place: Place | undefined,
    visit: (report: Report) => boolean,
  ): Place | undefined {
    const arena = this.#arena;
    const walk = place === undefined ? arena.walk() : arena.walkFrom(place);
    while (true) {
      const before = arena.placeOf(walk);
      const address = arena.next(walk);
      if (address === 0) return undefined;
      if (arena.isDeletion(address)) continue;
      arena.read(address, this.#read);
      if (!visit(this.#read)) return before;
    }
  }

  /** Starts a walk over all records, for `next` or `sweep`. */
  walk(): Walk {
    return this.#arena.walk();
  }

  /**
   * The next record of a walk, valid until the table changes; undefined after the
   * last one.
   */
  next(walk: Walk): Report | undefined {
    const address = this.#arena.next(walk);
    if (address === 0) return undefined;
    this.#arena.read(address, this.#read);
    return this.#read;
  }

  /** See `RecordArena.noteChanges`. */
  noteChanges(isNoting: boolean): void {
    this.#arena.noteChanges(isNoting);
  }

  /** See `RecordArena.changed`. */
  get changed(): ChangedRecords {
    return this.#arena.changed;
  }

  /**
   * Takes a record that has changed. It is valid until the table changes.
   * Undefined if there is none.
   */
  nextChanged(): Report | undefined {
    const address = this.#arena.nextChanged();
    if (address === 0) return undefined;
    this.#arena.read(address, this.#read);
    return this.#read;
  }

  /**
   * Continues a walk: removes the next record if it is expired.
   *
   * @param isExpired Whether a record is to be removed.
   * @param onRemoved Called with the key of a record that is.
   * @returns Whether there was a record left.
   */
  sweep(
    walk: Walk,
    isExpired: (report: Report) => boolean,
    onRemoved: (key: ByteString, fingerprint: number) => void,
  ): boolean {
    const address = this.#arena.next(walk);
    if (address === 0) return false;
    const report = this.#read;
    this.#arena.read(address, report);
    if (isExpired(report)) {
      const key = keyOf(report);
      onRemoved(key, this.#remove(address));
    }
    return true;
  }

  /**
   * About `count` reports, spread evenly over the table; all if there are no
   * more.
   */
  *sample(count: number): Generator<Report, undefined> {
    const arena = this.#arena;
    if (arena.blocks > maxWalkedBlocks) {
      const perBlock = Math.ceil(count / arena.blocks);
      for (const address of arena.firstOfEachBlock(perBlock)) {
        if (arena.isDeletion(address)) continue;
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
      if (index % step > 0 || arena.isDeletion(address)) continue;
      arena.read(address, this.#read);
      yield this.#read;
    }
  }

  /** The report about a client; 0 if there is none. */
  #addressOf(client: ByteString): Address {
    const sought = this.#reportAbout(client);
    return this.#find(this.#hashOf(sought), sought);
  }

  /**
   * The report about the client of a record, or its deletion; 0 if there is
   * none.
   */
  #find(hash: number, record: Report, ofDeletion = false): Address {
    const arena = this.#arena;
    let address = this.#index.first(hash);
    while (
      address !== 0 &&
      !(arena.isDeletion(address) === ofDeletion &&
        arena.isAbout(address, record))
    ) {
      address = this.#index.next();
    }
    return address;
  }

  /** Updates the address of a moved record. */
  #onMoved(from: Address, to: Address): void {
    const report = this.#moved;
    this.#lastRead = nothingRead;
    this.#arena.read(to, report);
    this.#index.move(this.#hashOf(report), from, to);
    this.#moveWalks(from, to);
    if (this.#arena.isChained(to) && this.#arena.previousOf(to) === 0) {
      this.#leaves[this.#arena.leafOf(to)] = to;
    }
  }

  #charge(source: number, clients: number, bytes: number): void {
    if (source === 0) return;
    this.#clientsOfSources[source] += clients;
    this.#bytesOfSources[source] += bytes;
  }

  /** A report that has only a client; valid until the next call. */
  #reportAbout(client: ByteString): Report {
    this.#sought.bytes = encodeScratch(client);
    this.#sought.clientEnd = client.length;
    return this.#sought;
  }

  #leafOf({ clientEnd, clientStart, view }: Report): number {
    return leafOf(this.#treeHash.hash(view, clientStart, clientEnd));
  }

  #hashOf({ clientEnd, clientStart, view }: Report): number {
    return this.#hash.hash(view, clientStart, clientEnd);
  }
}
