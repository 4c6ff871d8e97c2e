/**
 * The newest report for each client. The table is the herd's whole memory, and
 * its dedupe too: a report that is not newer than the one stored goes no
 * further.
 *
 * Clients stand in the leaves of the digest tree. So what is below a node is at
 * hand when it differs from a neighbour's, and nothing grows so large that
 * making it larger holds everybody up.
 *
 * @module
 */
import { type ByteString, encodeBytes } from "../protocol/bytes.ts";
import { Report } from "../protocol/report.ts";
import {
  Digests,
  leafCount,
  leafOf,
  leavesBelow,
  type Node,
} from "./digests.ts";
import { fingerprintOf, hashClient, hashOf } from "./fingerprint.ts";
import { Leaf, type Place } from "./leaf.ts";

/** A report that the table has just taken. */
export interface Stored {
  readonly fingerprint: number;
  /** The leaf of its client. */
  readonly leaf: number;
  /** The fingerprint of the report in whose place it came. */
  readonly replaced: number | undefined;
}

/** A report as text, for who walks over many. */
export interface Entry {
  readonly client: ByteString;
  readonly line: ByteString;
  readonly fingerprint: number;
}

/** The part of a client's hash that tells it from others in its leaf. */
function tagOf(clientHash: number): number {
  return clientHash & 0xffff;
}

/** AT lines by client ID. */
export class Table {
  readonly #leaves = new Array<Leaf | undefined>(leafCount);
  readonly #digests = new Digests();
  #size = 0;

  /** Takes a report, unless what is known about its client is as new. */
  put(report: Report): Stored | undefined {
    const { bytes, clientEnd, clientStart, end, start } = report;
    const hash = hashOf(bytes, clientStart, clientEnd);
    const leaf = leafOf(hash);
    const reports = this.#leaves[leaf] ??= new Leaf();
    const place = reports.find(tagOf(hash), report);
    if (place < 0) {
      const fingerprint = fingerprintOf(bytes, start, end);
      reports.add(tagOf(hash), report, fingerprint);
      this.#digests.add(leaf, fingerprint);
      this.#size += 1;
      return { fingerprint, leaf, replaced: undefined };
    }
    if (!reports.isOlder(place, report)) return undefined;
    const fingerprint = fingerprintOf(bytes, start, end);
    const replaced = reports.fingerprintOf(place);
    reports.replace(place, report, fingerprint);
    this.#digests.replace(leaf, replaced, fingerprint);
    return { fingerprint, leaf, replaced };
  }

  /** The newest AT line about a client. */
  get(client: ByteString): ByteString | undefined {
    const found = this.#find(client);
    if (found === undefined) return undefined;
    const report = new Report();
    found.reports.read(found.place, report);
    return report.line;
  }

  /** Forgets a client; returns the fingerprint of its report. */
  delete(client: ByteString): number | undefined {
    const found = this.#find(client);
    if (found === undefined) return undefined;
    const { leaf, place, reports } = found;
    const gone = reports.fingerprintOf(place);
    reports.remove(place);
    if (reports.isEmpty) this.#leaves[leaf] = undefined;
    this.#digests.remove(leaf, gone);
    this.#size -= 1;
    return gone;
  }

  /** How many clients are known. */
  get size(): number {
    return this.#size;
  }

  /** What neighbours compare. */
  get digests(): Pick<Digests, "countOf" | "digestOf" | "nextFilledLeaf"> {
    return this.#digests;
  }

  /** A copy of the reports of a leaf. */
  leaf(leaf: number): Entry[] {
    const entries: Entry[] = [];
    const reports = this.#leaves[leaf];
    if (reports === undefined) return entries;
    const report = new Report();
    let place: Place | undefined = Leaf.first;
    while (place !== undefined) {
      reports.read(place, report);
      const { client, line } = report;
      const fingerprint = reports.fingerprintOf(place);
      entries.push({ client, line, fingerprint });
      place = reports.next(place);
    }
    return entries;
  }

  /** The AT lines below a node; may be walked while the table changes. */
  *linesBelow(node: Node): Generator<ByteString, undefined> {
    const [first, last] = leavesBelow(node);
    for (let from = first;;) {
      const leaf = this.#digests.nextFilledLeaf(from);
      if (leaf === undefined || leaf > last) return;
      for (const { line } of this.leaf(leaf)) yield line;
      from = leaf + 1;
    }
  }

  #find(
    client: ByteString,
  ): { leaf: number; reports: Leaf; place: Place } | undefined {
    const hash = hashClient(client);
    const leaf = leafOf(hash);
    const reports = this.#leaves[leaf];
    if (reports === undefined) return undefined;
    const sought = new Report();
    sought.bytes = encodeBytes(client);
    sought.clientEnd = client.length;
    const place = reports.find(tagOf(hash), sought);
    return place < 0 ? undefined : { leaf, reports, place };
  }
}
