/**
 * The newest report of each client. The table also detects duplicates: a report
 * that is not newer than the stored one is not forwarded.
 *
 * The records of each leaf of the digest tree are a linked list, so that the
 * reports below a node can be found when it differs from a neighbour's.
 *
 * @module
 */
import { type ByteString, encodeScratch } from "../../protocol/bytes.ts";
import { Report } from "../../protocol/report.ts";
import { ClientIndex } from "./client_index.ts";
import {
  type DigestNode,
  DigestTree,
  leafCount,
  leafOf,
  leavesBelow,
} from "./digest_tree.ts";
import { fingerprintOf, hashClient, hashOf } from "./fingerprint.ts";
import { HalfSipHash, type HashKey } from "./half_sip_hash.ts";
import { type Address, RecordArena } from "./record_arena.ts";

/** The result of storing a report. */
export interface StoreResult {
  readonly fingerprint: number;
  /** The leaf of its client. */
  readonly leaf: number;
  /** The fingerprint of the report that it replaced, if there was one. */
  readonly replaced: number | undefined;
}

/** A copy of a stored report. */
export interface StoredReport {
  readonly client: ByteString;
  readonly line: ByteString;
  readonly fingerprint: number;
}

/** AT lines by client ID. */
export class ReportTable {
  readonly #arena = new RecordArena();
  readonly #index = new ClientIndex();
  readonly #hash: HalfSipHash;
  /** The first record of each leaf; 0 where there is none. */
  readonly #leaves = new Uint32Array(leafCount);
  readonly #digests = new DigestTree();
  // Scratch reports, for a client to look up and for a record to read.
  readonly #sought = new Report();
  readonly #read = new Report();
  #size = 0;

  /** @param key Random, so that clients cannot choose IDs that collide. */
  constructor(key: HashKey = [0, 0]) {
    this.#hash = new HalfSipHash(key);
  }

  /** Stores a report. Returns undefined if the stored one is as new. */
  put(report: Report): StoreResult | undefined {
    const { clientEnd, clientStart, end, start, view } = report;
    const arena = this.#arena;
    const leaf = leafOf(hashOf(view, clientStart, clientEnd));
    const hash = this.#hash.hash(view, clientStart, clientEnd);
    const known = this.#find(hash, report);
    if (known === 0) {
      const fingerprint = fingerprintOf(view, start, end);
      const address = arena.add(report, fingerprint, this.#leaves[leaf]);
      this.#leaves[leaf] = address;
      this.#index.add(hash, address);
      this.#digests.add(leaf, fingerprint);
      this.#size += 1;
      return { fingerprint, leaf, replaced: undefined };
    }
    if (!arena.isOlder(known, report)) return undefined;
    const fingerprint = fingerprintOf(view, start, end);
    const replaced = arena.fingerprintOf(known);
    const address = arena.replace(known, report, fingerprint);
    if (address !== known) {
      if (this.#leaves[leaf] === known) this.#leaves[leaf] = address;
      this.#index.move(hash, known, address);
    }
    this.#digests.replace(leaf, replaced, fingerprint);
    return { fingerprint, leaf, replaced };
  }

  /** The newest AT line about a client. */
  get(client: ByteString): ByteString | undefined {
    const sought = this.#reportAbout(client);
    const address = this.#find(this.#hashOf(sought), sought);
    if (address === 0) return undefined;
    this.#arena.read(address, this.#read);
    return this.#read.line;
  }

  /** Removes a client. Returns the fingerprint of its report, if any. */
  delete(client: ByteString): number | undefined {
    const leaf = leafOf(hashClient(client));
    const sought = this.#reportAbout(client);
    const hash = this.#hashOf(sought);
    const address = this.#find(hash, sought);
    if (address === 0) return undefined;
    const gone = this.#arena.fingerprintOf(address);
    if (this.#leaves[leaf] === address) {
      this.#leaves[leaf] = this.#arena.nextOf(address);
    }
    this.#index.remove(hash, address);
    this.#arena.remove(address);
    this.#digests.remove(leaf, gone);
    this.#size -= 1;
    if (this.#size === 0) this.#arena.clear();
    return gone;
  }

  /** The number of clients. */
  get size(): number {
    return this.#size;
  }

  /** Digests and counts, by node. */
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

  /** The AT lines below a node. The table may change during the iteration. */
  *linesBelow(node: DigestNode): Generator<ByteString, undefined> {
    const [first, last] = leavesBelow(node);
    for (let from = first;;) {
      const leaf = this.#digests.nextFilledLeaf(from);
      if (leaf === undefined || leaf > last) return;
      for (const { line } of this.leaf(leaf)) yield line;
      from = leaf + 1;
    }
  }

  /** The record of a report's client; 0 if there is none. */
  #find(hash: number, report: Report): Address {
    let address = this.#index.first(hash);
    while (address !== 0 && !this.#arena.isAbout(address, report)) {
      address = this.#index.next();
    }
    return address;
  }

  /** A report with only a client, valid until the next call. */
  #reportAbout(client: ByteString): Report {
    this.#sought.bytes = encodeScratch(client);
    this.#sought.clientEnd = client.length;
    return this.#sought;
  }

  #hashOf({ clientEnd, clientStart, view }: Report): number {
    return this.#hash.hash(view, clientStart, clientEnd);
  }
}
