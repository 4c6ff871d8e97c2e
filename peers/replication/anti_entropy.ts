/**
 * Anti-entropy: two neighbours find the reports that differ between them, and
 * send each other these only.
 *
 * One server sends the digests of the root's children. The other compares them
 * with its own. For each child that differs, it answers with the digests of that
 * child's children, and so on down the tree. For a node with few reports it
 * sends a list instead. The receiver of a list sends the reports that the list
 * lacks, and requests those that it lacks itself. A comparison therefore costs
 * the differing reports and a few kilobytes.
 *
 * The only state of a comparison is whether it is over (`SyncState`). Each
 * message is answered from the present reports. Later changes are flooded, or
 * found by the next comparison.
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

/** Lines to send when nothing more urgent waits. */
type Job =
  /** The digests of a node's children. */
  | { readonly kind: "divide"; readonly node: DigestNode }
  /** A list of the reports below a node. */
  | { readonly kind: "list"; readonly node: DigestNode }
  /** The reports below a node, except those that the neighbour has. */
  | {
    readonly kind: "send";
    readonly node: DigestNode;
    readonly except?: KnownReports;
  };

/** A job, and the rest of its lines. */
interface CurrentJob {
  readonly job: Job;
  readonly lines: Iterator<ByteString>;
}

/** The reports that one side has below a node or in some leaves. */
interface KnownReports {
  readonly fingerprints: ReadonlySet<number>;
  /** The time of each client's report in whole seconds, by its fingerprint. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** One side of the comparisons with one neighbour. */
export class AntiEntropy implements LineSource {
  readonly #store: ReportStore;
  readonly #request: (id: ReportId) => void;
  /** A stack: last in, first out keeps it small. */
  readonly #jobs: Job[] = [];
  #current: CurrentJob | undefined;
  /** The number of jobs, with the current one, that expect an answer. */
  #openRequests = 0;
  readonly #syncState = new SyncState();
  /** The parts of an incomplete list. */
  #listed: ReportSummary[] = [];

  /** @param request Requests a report from the neighbour. */
  constructor(store: ReportStore, request: (id: ReportId) => void) {
    this.#store = store;
    this.#request = request;
  }

  /** Starts a comparison, unless there are jobs of an earlier one. */
  start(): void {
    if (this.#jobs.length > 0 || this.#current !== undefined) return;
    this.#enqueue({ kind: "divide", node: root });
  }

  /** Drops the state of the last connection, when there is a new one. */
  reset(): void {
    this.#jobs.length = 0;
    this.#current = undefined;
    this.#openRequests = 0;
    this.#listed = [];
    this.#syncState.reset();
  }

  /** Whether this server has caught up with the neighbour. */
  get hasCaughtUp(): boolean {
    return this.#syncState.hasCaughtUp;
  }

  /** Receives SYNCED. */
  onSynced(): void {
    this.#syncState.onAnswer();
  }

  /** Receives DIGEST: the neighbour's digests of a node's children. */
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

  /** Receives PART: the beginning of the neighbour's list for a node. */
  onListPart(reports: readonly ReportSummary[]): void {
    this.#syncState.onComparison();
    this.#listed.push(...reports);
  }

  /** Receives LIST: the end of the neighbour's list for a node. */
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
      // Within a second, either may be newer. Then both are sent.
      if ((mine.seconds.get(client) ?? -1) > report.seconds) continue;
      this.#request({ leaf, fingerprint });
    }
    const except = listed.length > 0 ? { fingerprints, seconds } : undefined;
    this.#enqueue({ kind: "send", node, except });
  }

  /**
   * The next line of the comparison. SYNC does not wait for the reports that
   * are still to be sent, so that a server catches up early with a neighbour
   * that has no reports and is sent all of them.
   */
  next(): ByteString | undefined {
    while (true) {
      if (this.#openRequests === 0 && this.#syncState.shouldSend) {
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

  /** The lines below a node that may be newer than the neighbour's. */
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
   * The reports in the leaves of these reports. Each leaf is read only once,
   * even if an attacker has put many reports into it.
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

/** Whether the neighbour may answer with messages, not only with reports. */
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
 * Determines when a server has caught up with a neighbour, on one connection.
 *
 * In a comparison, equal digests are not answered, so no message shows that it
 * is over. A server therefore sends SYNC when it has no question of the
 * comparison left to send. The neighbour answers SYNCED when it has sent
 * everything that waited. If no message of the comparison arrived in between,
 * none was under way, and the comparison is over. Otherwise the server sends
 * SYNC again.
 */
export class SyncState {
  #state: "to send" | "sent" | "sent too early" | "caught up" = "to send";

  /** Starts again, on a new connection. */
  reset(): void {
    this.#state = "to send";
  }

  /** Whether SYNC must be sent as soon as no question is left. */
  get shouldSend(): boolean {
    return this.#state === "to send";
  }

  /** Whether the server has caught up. */
  get hasCaughtUp(): boolean {
    return this.#state === "caught up";
  }

  /** To be called when SYNC is sent. */
  onSent(): void {
    this.#state = "sent";
  }

  /** To be called for each message of the comparison, which is not over. */
  onComparison(): void {
    if (this.#state === "sent") this.#state = "sent too early";
  }

  /** To be called when SYNCED arrives. */
  onAnswer(): void {
    if (this.#state === "sent") this.#state = "caught up";
    if (this.#state === "sent too early") this.#state = "to send";
  }
}
