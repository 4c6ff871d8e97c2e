/**
 * How two neighbours find out where they differ, and send each other just that.
 *
 * One sends the digests of the root's children. The other compares them with
 * its own and answers, for each child that differs, with the digests of *its*
 * children, and so on down the tree. A node with few reports is listed instead:
 * who gets the list sends what is missing in it and asks for what it lacks
 * itself. So it costs what differs, and a few kilobytes.
 *
 * Nothing is stored about how far a comparison has got, but for whether it is
 * over (`SyncState`). Every message is answered by what is true at the moment; what
 * changes meanwhile is in the flood anyway, or shows the next time.
 *
 * @module
 */
import type { ByteString } from "../../protocol/bytes.ts";
import { clientOf, wholeSecondsOf } from "../../protocol/report.ts";
import { maxLineIds, maxListedReports } from "../limits.ts";
import {
  childrenPerNode,
  type DigestNode,
  firstChild,
  isLeaf,
  leafOf,
  root,
} from "../store/digest_tree.ts";
import { fingerprint, hashClient } from "../store/fingerprint.ts";
import type { ReportStore } from "../store/report_store.ts";
import {
  formatMessage,
  type ReportId,
  type ReportSummary,
} from "./messages.ts";
import type { LineSource } from "./outbox.ts";

/** Something to say as soon as there is time. */
type Job =
  /** The digests of a node's children. */
  | { readonly kind: "divide"; readonly node: DigestNode }
  /** Which reports there are below a node. */
  | { readonly kind: "list"; readonly node: DigestNode }
  /** The reports below a node, but for those that need not be sent. */
  | {
    readonly kind: "send";
    readonly node: DigestNode;
    readonly except?: KnownReports;
  };

/** A job, and what is left of its lines. */
interface CurrentJob {
  readonly job: Job;
  readonly lines: Iterator<ByteString>;
}

/** Reports that one side has, in short. */
interface KnownReports {
  readonly fingerprints: ReadonlySet<number>;
  /** The second of a client's newest report, by the client's fingerprint. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** One side of a comparison with one neighbour. */
export class AntiEntropy implements LineSource {
  readonly #store: ReportStore;
  readonly #request: (id: ReportId) => void;
  /** Done last in, first out, so that few wait at a time. */
  readonly #jobs: Job[] = [];
  #current: CurrentJob | undefined;
  /** How many of all these jobs the neighbour may answer by others. */
  #openRequests = 0;
  readonly #syncState = new SyncState();
  /** What a list says that is still coming in. */
  #listed: ReportSummary[] = [];

  /** @param request Asks the neighbour for a report. */
  constructor(store: ReportStore, request: (id: ReportId) => void) {
    this.#store = store;
    this.#request = request;
  }

  /** Begins a comparison, unless one is going on. */
  start(): void {
    if (this.#jobs.length > 0 || this.#current !== undefined) return;
    this.#enqueue({ kind: "divide", node: root });
  }

  /** There is a new connection: gives up what was going on on the last one. */
  reset(): void {
    this.#jobs.length = 0;
    this.#current = undefined;
    this.#openRequests = 0;
    this.#listed = [];
    this.#syncState.reset();
  }

  /** Whether all that the neighbour knew when they were linked has come over. */
  get hasCaughtUp(): boolean {
    return this.#syncState.hasCaughtUp;
  }

  /** The neighbour has said all that it had to say when it was asked. */
  onSynced(): void {
    this.#syncState.onAnswer();
  }

  /** The neighbour has these digests of a node's children. */
  onDigests(node: DigestNode, digests: readonly number[]): void {
    this.#syncState.onComparison();
    digests.forEach((theirs, index) => {
      const child = firstChild(node) + index;
      const mine = this.#store.digests.digestOf(child);
      if (mine === theirs) return;
      if (theirs === 0) {
        this.#enqueue({ kind: "send", node: child });
      } else {
        this.#enqueue({ kind: this.#presentationOf(child), node: child });
      }
    });
  }

  /** The neighbour has these reports below a node, and more to come. */
  onListPart(reports: readonly ReportSummary[]): void {
    this.#syncState.onComparison();
    this.#listed.push(...reports);
  }

  /** The neighbour has these reports below a node, and those of the parts. */
  onList(node: DigestNode, reports: readonly ReportSummary[]): void {
    this.#syncState.onComparison();
    const listed = [...this.#listed, ...reports];
    this.#listed = [];
    const mine = this.#listLeavesOf(listed);
    const fingerprints = new Set<number>();
    const seconds = new Map<number, number>();
    for (const report of listed) {
      const { client, fingerprint, leaf } = report;
      fingerprints.add(fingerprint);
      if (mine.fingerprints.has(fingerprint)) continue;
      seconds.set(client, report.seconds);
      // Of the same second either may be the newer one: then both are sent.
      if ((mine.seconds.get(client) ?? -1) > report.seconds) continue;
      this.#request({ leaf, fingerprint });
    }
    const except = listed.length > 0 ? { fingerprints, seconds } : undefined;
    this.#enqueue({ kind: "send", node, except });
  }

  /**
   * The next line of a comparison that is going on. SYNC does not wait for the
   * reports that are still to be sent: who feeds a neighbour that has lost
   * everything soon knows that there is nothing to be had from it.
   */
  next(): ByteString | undefined {
    while (true) {
      if (this.#openRequests === 0 && this.#syncState.shouldAsk) {
        this.#syncState.onSent();
        return formatMessage({ verb: "SYNC" });
      }
      this.#current ??= this.#startNext();
      if (this.#current === undefined) return undefined;
      const { job, lines } = this.#current;
      const result = lines.next();
      if (!result.done) return result.value;
      if (expectsAnswer(job)) this.#openRequests -= 1;
      this.#current = undefined;
    }
  }

  #enqueue(job: Job): void {
    this.#jobs.push(job);
    if (expectsAnswer(job)) this.#openRequests += 1;
  }

  #startNext(): CurrentJob | undefined {
    const job = this.#jobs.pop();
    return job && { job, lines: this.#linesFor(job) };
  }

  #linesFor(job: Job): Iterator<ByteString> {
    switch (job.kind) {
      case "divide":
        return [this.#divide(job.node)].values();
      case "list":
        return this.#list(job.node).values();
      case "send":
        return job.except === undefined
          ? this.#store.linesBelow(job.node)
          : this.#linesExcept(job.except, job.node);
    }
  }

  #presentationOf(node: DigestNode): "divide" | "list" {
    return isLeaf(node) ||
        this.#store.digests.countOf(node) <= maxListedReports
      ? "list"
      : "divide";
  }

  #divide(node: DigestNode): ByteString {
    const digests = Array.from(
      { length: childrenPerNode },
      (_, index) => this.#store.digests.digestOf(firstChild(node) + index),
    );
    return formatMessage({ verb: "DIGEST", node, digests });
  }

  #list(node: DigestNode): ByteString[] {
    const reports = [...this.#store.linesBelow(node)].map(summarize);
    const lines: ByteString[] = [];
    while (reports.length > maxLineIds) {
      const part = reports.splice(0, maxLineIds);
      lines.push(formatMessage({ verb: "PART", node, reports: part }));
    }
    lines.push(formatMessage({ verb: "LIST", node, reports }));
    return lines;
  }

  /** The lines below a node that the neighbour has nothing as new for. */
  *#linesExcept(
    { fingerprints, seconds }: KnownReports,
    node: DigestNode,
  ): Generator<ByteString, undefined> {
    for (const line of this.#store.linesBelow(node)) {
      const mine = summarize(line);
      if (fingerprints.has(mine.fingerprint)) continue;
      if ((seconds.get(mine.client) ?? -1) > mine.seconds) continue;
      yield line;
    }
  }

  /**
   * What there is in the leaves of these reports. A leaf is looked through
   * once, however many reports someone has managed to crowd into it.
   */
  #listLeavesOf(reports: readonly ReportSummary[]): KnownReports {
    const fingerprints = new Set<number>();
    const seconds = new Map<number, number>();
    const leaves = new Set(reports.map(({ leaf }) => leaf));
    for (const leaf of leaves) {
      for (const { line } of this.#store.leaf(leaf)) {
        const mine = summarize(line);
        fingerprints.add(mine.fingerprint);
        seconds.set(mine.client, mine.seconds);
      }
    }
    return { fingerprints, seconds };
  }
}

/** Whether the neighbour may have to answer, other than by reports. */
function expectsAnswer({ kind }: Job): boolean {
  return kind !== "send";
}

function summarize(line: ByteString): ReportSummary {
  const client = clientOf(line);
  return {
    leaf: leafOf(hashClient(client)),
    client: fingerprint(client),
    fingerprint: fingerprint(line),
    seconds: wholeSecondsOf(line),
  };
}

/**
 * How a server finds out that it has caught up with a neighbour: that all which
 * the neighbour knew when they were linked has come over.
 *
 * In a comparison silence means that there is no difference, so nobody can tell
 * that it is over by listening. So a server asks (SYNC) when it has no question
 * of the comparison left to ask, and the neighbour answers (SYNCED) when it has
 * said all that it had to say. If no message of the comparison came in between,
 * there was none left on the way either, and the comparison is over. Otherwise
 * the server asks again.
 *
 * One side of it, on one connection.
 */
export class SyncState {
  #state: "to ask" | "asked" | "asked too early" | "caught up" = "to ask";

  /** There is a new connection: what was asked on the last one is void. */
  reset(): void {
    this.#state = "to ask";
  }

  /** Whether SYNC is to be sent as soon as no question is left. */
  get shouldAsk(): boolean {
    return this.#state === "to ask";
  }

  /** Whether all that the neighbour knew has come over. */
  get hasCaughtUp(): boolean {
    return this.#state === "caught up";
  }

  /** SYNC is on its way. */
  onSent(): void {
    this.#state = "asked";
  }

  /** The neighbour goes on with the comparison: it is not over yet. */
  onComparison(): void {
    if (this.#state === "asked") this.#state = "asked too early";
  }

  /** The neighbour has said SYNCED. */
  onAnswer(): void {
    if (this.#state === "asked") this.#state = "caught up";
    if (this.#state === "asked too early") this.#state = "to ask";
  }
}
