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
 * Two servers compare only while their trees have the same key (`align`).
 *
 * @module
 */
import type { Batch } from "../../protocol/batch.ts";
import { deletedUntil, isDeletion } from "../../protocol/deletion.ts";
import { effectiveSeconds } from "../../protocol/order.ts";
import type { Report } from "../../protocol/report.ts";
import {
  maxKeptEntries,
  maxLineIds,
  maxListedInParts,
  maxListedReports,
  recordsPerPiece,
} from "../limits.ts";
import {
  childrenPerNode,
  type DigestNode,
  firstChild,
  isLeaf,
  nodeOfLeaf,
  root,
} from "../store/digest_tree.ts";
import { fingerprintOf } from "../store/fingerprint.ts";
import type { ReportStore } from "../store/report_store.ts";
import type { TreeWalk } from "../store/report_table.ts";
import {
  formatMessage,
  type Message,
  type ReportId,
  type ReportSummary,
} from "./messages.ts";
import type { LineSource } from "./outbox.ts";

/** Lines to send when nothing more urgent waits. */
type JobKind =
  /** The digests of a node's children. */
  | "divide"
  /** A list of the reports below a node. */
  | "list"
  /** The reports below a node. */
  | "send"
  /** What the neighbour's list of a node lacks, and requests of the others. */
  | "match";

/** A job for one node. */
interface Job {
  readonly kind: JobKind;
  readonly node: DigestNode;
}

const kinds: readonly JobKind[] = ["divide", "list", "send", "match"];

/** A number that no other job has. */
function keyOf(kind: JobKind, node: DigestNode): number {
  return node * kinds.length + kinds.indexOf(kind);
}

/** The rest of a job. It yields after each record that it has looked at. */
type Work = Generator<undefined, undefined>;

/** A job, and the rest of its work. */
interface CurrentJob extends Job {
  readonly work: Work;
  /** Whether the neighbour may answer what is still to be written. */
  expectsAnswer: boolean;
}

/** The reports that one side has below a node or in some leaves. */
interface KnownReports {
  readonly fingerprints: ReadonlySet<number>;
  /** The effective time of each client's report in whole seconds. */
  readonly seconds: ReadonlyMap<number, number>;
}

/** The requests to the neighbour. */
export interface Requests {
  /** Requests a report. */
  readonly add: (id: ReportId) => void;
  /** Whether there are any that were not written. */
  readonly areWaiting: () => boolean;
}

/** What a neighbour gets; everything by default. */
export interface Permitted {
  /** Whether the neighbour must not get a report. */
  readonly isWithheld?: (report: Report) => boolean;
  /** Whether it knows attributes. If not, it gets the AT lines alone. */
  readonly takesAttributes?: boolean;
}

/** One side of the comparisons with one neighbour. */
export class AntiEntropy implements LineSource {
  readonly #store: ReportStore;
  readonly #requests: Requests;
  readonly #isWithheld: (report: Report) => boolean;
  readonly #takesAttributes: boolean;
  /** A stack: last in, first out keeps it small. No job is twice in it. */
  readonly #jobs: Job[] = [];
  readonly #keys = new Set<number>();
  /** The neighbour's lists for jobs of kind `match`. */
  readonly #lists = new Map<DigestNode, readonly ReportSummary[]>();
  #listedEntries = 0;
  #current: CurrentJob | undefined;
  /** The batch that the current job writes to. */
  #batch: Batch | undefined;
  /** The number of jobs, with the current one, that expect an answer. */
  #openRequests = 0;
  readonly #syncState = new SyncState();
  /** The parts of an incomplete list, and its node. */
  #parts: ReportSummary[] = [];
  #partsNode: DigestNode = root;
  #isAligned = false;
  /** Whether this server starts the comparisons. */
  #isStarter = false;
  /** Whether a comparison starts when nothing of an earlier one is left. */
  #isDue = false;

  constructor(
    store: ReportStore,
    requests: Requests,
    { isWithheld = () => false, takesAttributes = true }: Permitted = {},
  ) {
    this.#store = store;
    this.#requests = requests;
    this.#isWithheld = isWithheld;
    this.#takesAttributes = takesAttributes;
  }

  /**
   * Starts a comparison, unless there are jobs of an earlier one. If the two
   * trees have different keys, it starts as soon as they are equal; so do the
   * comparisons after later changes of the key.
   */
  start(): void {
    this.#isStarter = true;
    const isBusy = this.#jobs.length > 0 || this.#current !== undefined;
    if (this.#isAligned && !isBusy) this.#isDue = true;
  }

  /**
   * Starts a comparison after those under way, as something for the neighbour
   * or from it was dropped. This server has not caught up before that.
   */
  repair(): void {
    this.#isDue = true;
    this.#syncState.onComparison();
  }

  /**
   * To be called when the keys of the two trees become equal or different, and
   * when a rebuild begins or ends. Equal keys are needed at both ends; without
   * them, messages of comparisons are ignored.
   */
  align(isAligned: boolean): void {
    if (isAligned === this.#isAligned) return;
    this.#isAligned = isAligned;
    this.#drop();
    this.#syncState.restart();
    if (this.#isStarter) this.#isDue = true;
  }

  /** Drops the state of the last connection, when there is a new one. */
  reset(): void {
    this.#drop();
    this.#isAligned = false;
    this.#isStarter = false;
    this.#isDue = false;
    this.#syncState.reset();
  }

  #drop(): void {
    this.#jobs.length = 0;
    this.#keys.clear();
    this.#lists.clear();
    this.#listedEntries = 0;
    this.#current?.work.return(undefined);
    this.#current = undefined;
    this.#openRequests = 0;
    this.#parts = [];
  }

  /** Whether this server has caught up with the neighbour. */
  get hasCaughtUp(): boolean {
    return this.#syncState.hasCaughtUp;
  }

  /** How many jobs wait: at most one of each kind for a node. */
  get waiting(): number {
    return this.#jobs.length;
  }

  /** How many reports of the neighbour's lists are kept. */
  get keptEntries(): number {
    return this.#listedEntries + this.#parts.length;
  }

  /** Receives SYNCED. */
  onSynced(): void {
    if (this.#isAligned) this.#syncState.onAnswer();
  }

  /** Receives DIGEST: the neighbour's digests of a node's children. */
  onDigests(node: DigestNode, digests: readonly number[]): void {
    if (!this.#isAligned) return;
    this.#syncState.onComparison();
    digests.forEach((theirs, index) => {
      const child = firstChild(node) + index;
      const mine = this.#store.digests.digestOf(child);
      if (mine === theirs) return;
      this.#enqueue(theirs === 0 ? "send" : this.#presentationOf(child), child);
    });
  }

  /**
   * Receives PART: the beginning of the neighbour's list for a leaf.
   *
   * @returns A fault, if there can be no such list.
   */
  onListPart(
    node: DigestNode,
    reports: readonly ReportSummary[],
  ): string | undefined {
    if (!this.#isAligned) return undefined;
    this.#syncState.onComparison();
    if (node !== this.#partsNode) this.#parts = [];
    this.#partsNode = node;
    this.#parts.push(...reports);
    return this.#parts.length > maxListedInParts
      ? `over ${maxListedInParts} reports in a list`
      : undefined;
  }

  /** Receives LIST: the end of the neighbour's list for a node. */
  onList(node: DigestNode, reports: readonly ReportSummary[]): void {
    if (!this.#isAligned) return;
    this.#syncState.onComparison();
    const parts = node === this.#partsNode ? this.#parts : [];
    const listed = parts.length === 0 ? reports : [...parts, ...reports];
    this.#parts = [];
    if (listed.length === 0) return this.#enqueue("send", node);
    this.#dropList(node);
    if (this.#listedEntries + listed.length > maxKeptEntries) {
      // The neighbour does this work, when it gets our list.
      return this.#enqueue(this.#presentationOf(node), node);
    }
    this.#lists.set(node, listed);
    this.#listedEntries += listed.length;
    this.#enqueue("match", node);
  }

  /** Whether there is more to write. */
  get hasMore(): boolean {
    return this.#isAligned &&
      (this.#current !== undefined || this.#jobs.length > 0 || this.#isDue ||
        this.#shouldSync);
  }

  get #shouldSync(): boolean {
    return this.#openRequests === 0 && !this.#isDue &&
      this.#syncState.shouldSend;
  }

  /**
   * Adds lines of the comparison. SYNC does not wait for the reports that are
   * still to be sent, so that a server catches up early with a neighbour that
   * has no reports and is sent all of them.
   */
  addTo(batch: Batch, end: number): void {
    if (!this.#isAligned) return;
    this.#batch = batch;
    for (let left = recordsPerPiece; left > 0 && batch.length < end; left--) {
      if (this.#shouldSync && !this.#requests.areWaiting()) {
        this.#syncState.onSent();
        this.#write({ verb: "SYNC" });
      }
      this.#current ??= this.#startNext();
      if (this.#current === undefined) break;
      const { work } = this.#current;
      if (work.next().done) this.#endCurrent();
    }
    this.#batch = undefined;
  }

  #write(message: Message): void {
    this.#batch!.add(formatMessage(message));
  }

  #enqueue(kind: JobKind, node: DigestNode): void {
    const key = keyOf(kind, node);
    const isCurrent = this.#current?.node === node &&
      this.#current.kind === kind && kind !== "match";
    if (isCurrent || this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#jobs.push({ kind, node });
    if (kind !== "send") this.#openRequests += 1;
  }

  #startNext(): CurrentJob | undefined {
    if (this.#jobs.length === 0 && this.#isDue) {
      this.#isDue = false;
      this.#enqueue("divide", root);
    }
    const job = this.#jobs.pop();
    if (job === undefined) return undefined;
    this.#keys.delete(keyOf(job.kind, job.node));
    const expectsAnswer = job.kind !== "send";
    return { ...job, work: this.#workFor(job), expectsAnswer };
  }

  #endCurrent(): void {
    this.#endRequest();
    this.#current = undefined;
  }

  /** What is still to be written for the current job gets no answer. */
  #endRequest(): void {
    if (!this.#current!.expectsAnswer) return;
    this.#current!.expectsAnswer = false;
    this.#openRequests -= 1;
  }

  #workFor({ kind, node }: Job): Work {
    switch (kind) {
      case "divide":
        return this.#divide(node);
      case "list":
        // It may have grown meanwhile.
        return this.#presentationOf(node) === "list"
          ? this.#list(node)
          : this.#divide(node);
      case "send":
        return this.#send(node);
      case "match":
        return this.#match(node, this.#dropList(node));
    }
  }

  /** Forgets the neighbour's list for a node, and returns it. */
  #dropList(node: DigestNode): readonly ReportSummary[] {
    const listed = this.#lists.get(node) ?? [];
    this.#lists.delete(node);
    this.#listedEntries -= listed.length;
    return listed;
  }

  #presentationOf(node: DigestNode): "divide" | "list" {
    return isLeaf(node) ||
        this.#store.digests.countOf(node) <= maxListedReports
      ? "list"
      : "divide";
  }

  *#divide(node: DigestNode): Work {
    yield;
    const digests = Array.from(
      { length: childrenPerNode },
      (_, index) => this.#store.digests.digestOf(firstChild(node) + index),
    );
    this.#write({ verb: "DIGEST", node, digests });
  }

  *#list(node: DigestNode): Work {
    let reports: ReportSummary[] = [];
    const write = (verb: "PART" | "LIST") => {
      this.#write({ verb, node, reports });
      reports = [];
    };
    const work = this.#visit(node, (report, walk) => {
      if (reports.length === maxLineIds) write("PART");
      reports.push(summarize(report, walk));
    });
    // Only a leaf may have more reports, which could arrive between two pieces.
    if (isLeaf(node)) yield* work;
    else while (!work.next().done);
    write("LIST");
  }

  /** Sends the reports below a node that may be newer than the neighbour's. */
  *#send(node: DigestNode, except?: KnownReports): Work {
    yield* this.#visit(node, (report, walk) => {
      if (except !== undefined) {
        if (except.fingerprints.has(walk.fingerprint)) return;
        const theirs = except.seconds.get(keyFingerprint(report)) ?? -1;
        if (theirs > secondsOf(report)) return;
      }
      const end = report.endFor(this.#takesAttributes);
      this.#batch!.copy(report.view, report.start, end);
    });
  }

  /** Requests what a list of the neighbour has, and sends what it lacks. */
  *#match(node: DigestNode, listed: readonly ReportSummary[]): Work {
    const clients = new Set<number>();
    const leaves = new Set<number>();
    const fingerprints = new Set<number>();
    for (const { client, fingerprint, leaf } of listed) {
      clients.add(client);
      leaves.add(leaf);
      fingerprints.add(fingerprint);
    }
    // The same reports and clients, as far as they are here.
    const present = new Set<number>();
    const mySeconds = new Map<number, number>();
    for (const leaf of leaves) {
      yield* this.#visit(nodeOfLeaf(leaf), (report, { fingerprint }) => {
        if (fingerprints.has(fingerprint)) present.add(fingerprint);
        const client = keyFingerprint(report);
        if (!clients.has(client)) return;
        mySeconds.set(client, secondsOf(report));
      });
    }
    const seconds = new Map<number, number>();
    for (const report of listed) {
      const { client, fingerprint, leaf } = report;
      if (present.has(fingerprint)) continue;
      seconds.set(client, report.seconds);
      // Within a second, either may be newer. Then both are sent.
      if ((mySeconds.get(client) ?? -1) > report.seconds) continue;
      this.#requests.add({ leaf, fingerprint });
    }
    this.#endRequest();
    yield* this.#send(node, { fingerprints, seconds });
  }

  /** Calls a function with each record below a node that has not expired. */
  *#visit(
    node: DigestNode,
    onReport: (report: Report, walk: TreeWalk) => void,
  ): Work {
    const walk = this.#store.walkBelow(node);
    try {
      while (true) {
        const report = this.#store.nextOf(walk);
        if (report === undefined) return;
        const isHidden = this.#store.hasExpired(report) ||
          this.#isWithheld(report);
        if (!isHidden) onReport(report, walk);
        yield;
      }
    } finally {
      this.#store.endWalk(walk);
    }
  }
}

/** The fingerprint of a record's key: see `keyOf`. */
function keyFingerprint(record: Report): number {
  const { clientEnd, clientStart, start, view } = record;
  const keyStart = isDeletion(record) ? start : clientStart;
  return fingerprintOf(view, keyStart, clientEnd);
}

/** The time by which records of one key are ordered, in whole seconds. */
function secondsOf(record: Report): number {
  return isDeletion(record)
    ? deletedUntil(record).seconds
    : effectiveSeconds(record);
}

function summarize(report: Report, walk: TreeWalk): ReportSummary {
  return {
    leaf: walk.leaf,
    client: keyFingerprint(report),
    fingerprint: walk.fingerprint,
    seconds: secondsOf(report),
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

  /**
   * Starts again unless the server has caught up, as the comparison so far is
   * worth nothing.
   */
  restart(): void {
    if (this.#state !== "caught up") this.#state = "to send";
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
