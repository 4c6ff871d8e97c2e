/**
 * The newest report for each client. The table is the herd's whole memory, and
 * its dedupe too: a report that is not newer than the one stored goes no
 * further.
 *
 * Clients stand in the leaves of the digest tree, one small map a leaf. So what
 * is below a node is at hand when it differs from a neighbour's, and no map
 * grows so large that making it larger holds everybody up.
 *
 * @module
 */
import { type ByteString, detach } from "../protocol/bytes.ts";
import { isNewer, type Report } from "../protocol/report.ts";
import {
  Digests,
  leafCount,
  leafOf,
  leavesBelow,
  type Node,
} from "./digests.ts";
import { fingerprint, hashClient } from "./fingerprint.ts";

/** A report that the table has just taken. */
export interface Stored {
  /** The stored line: a copy that keeps no input alive. */
  readonly line: ByteString;
  readonly fingerprint: number;
  /** The leaf of its client. */
  readonly leaf: number;
  /** The fingerprint of the report in whose place it came. */
  readonly replaced: number | undefined;
}

/** AT lines by client ID. */
export class Table {
  readonly #leaves = new Array<Map<ByteString, ByteString> | undefined>(
    leafCount,
  );
  readonly #digests = new Digests();
  #size = 0;

  /** Takes a report, unless what is known about its client is as new. */
  put({ client, line: text }: Report): Stored | undefined {
    const leaf = leafOf(hashClient(client));
    const reports = this.#leaves[leaf] ??= new Map();
    const known = reports.get(client);
    if (known !== undefined && !isNewer(text, known)) return undefined;
    const line = detach(text);
    const fresh = fingerprint(line);
    if (known === undefined) {
      reports.set(detach(client), line);
      this.#digests.add(leaf, fresh);
      this.#size += 1;
      return { line, fingerprint: fresh, leaf, replaced: undefined };
    }
    const replaced = fingerprint(known);
    reports.set(client, line);
    this.#digests.replace(leaf, replaced, fresh);
    return { line, fingerprint: fresh, leaf, replaced };
  }

  /** The newest AT line about a client. */
  get(client: ByteString): ByteString | undefined {
    return this.#leaves[leafOf(hashClient(client))]?.get(client);
  }

  /** Forgets a client; returns the fingerprint of its report. */
  delete(client: ByteString): number | undefined {
    const leaf = leafOf(hashClient(client));
    const reports = this.#leaves[leaf];
    const line = reports?.get(client);
    if (reports === undefined || line === undefined) return undefined;
    reports.delete(client);
    if (reports.size === 0) this.#leaves[leaf] = undefined;
    const gone = fingerprint(line);
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

  /** The reports of a leaf by client; may be walked while the table changes. */
  leaf(leaf: number): Iterable<[client: ByteString, line: ByteString]> {
    return this.#leaves[leaf] ?? [];
  }

  /** The AT lines below a node; may be walked while the table changes. */
  *linesBelow(node: Node): Generator<ByteString, undefined> {
    const [first, last] = leavesBelow(node);
    for (let from = first;;) {
      const leaf = this.#digests.nextFilledLeaf(from);
      if (leaf === undefined || leaf > last) return;
      yield* this.#leaves[leaf]!.values();
      from = leaf + 1;
    }
  }
}
