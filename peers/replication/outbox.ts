/**
 * What still has to go to one neighbour. Reports wait as the bytes of their
 * lines, in the batch that the next write takes. When that is full they are kept
 * by client instead, so that a newer one replaces an older one: a slow or frozen
 * neighbour costs a batch and at most one entry a client, and gets the present
 * when it wakes, not the past.
 *
 * @module
 */
import { type Batch, BatchPool } from "../../protocol/batch.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { isNewer, type Report } from "../../protocol/report.ts";
import {
  antiEntropyWriteBytes,
  maxLineIds,
  maxNewsWrites,
  maxWriteBytes,
} from "../limits.ts";
import { LazyAnnouncements } from "./lazy_announcements.ts";
import { formatMessage, type Message, type ReportId } from "./messages.ts";

/** Makes lines when there is time to send them; undefined when it has none. */
export interface LineSource {
  next(): ByteString | undefined;
}

/** One batch is filled while another is written. */
const keptBatches = 2;

/** What waits for one neighbour. */
export class Outbox {
  readonly #pool = new BatchPool(keptBatches);
  /** What goes out next. */
  #batch = this.#pool.acquire();
  /** The fingerprint of each report in it; that of other messages is NaN. */
  #fingerprints: number[] = [];
  /** Reports by client: what did not fit into it, and what was asked for. */
  readonly #backlog = new Map<ByteString, ByteString>();
  /** What the neighbour is to do with other servers' reports. */
  readonly #directives = new Map<ByteString, "PRUNE" | "GRAFT">();
  /** Leaves by fingerprint, of reports to ask for. */
  readonly #requests = new Map<number, number>();
  #horizon: number | undefined;
  /**
   * How many reports kept by client go before SYNCED; Infinity until all has
   * been said that can only be said when there is time. Undefined if the
   * neighbour has not asked.
   */
  #beforeSynced: number | undefined;
  /** Writes in a row that had room for nothing but news. */
  #newsWrites = 0;
  /** Reports that the neighbour should get from others first. */
  readonly announcements = new LazyAnnouncements();
  readonly #whenIdle: LineSource;
  readonly #writeBytes: number;

  /**
   * @param whenIdle Where lines come from when nothing else waits.
   * @param writeBytes Most bytes of a write, but for the last line's.
   */
  constructor(
    whenIdle: LineSource = { next: () => undefined },
    writeBytes: number = maxWriteBytes,
  ) {
    this.#whenIdle = whenIdle;
    this.#writeBytes = writeBytes;
  }

  /** Adds a copy of a report that is news. */
  put(report: Report, fingerprint: number): void {
    if (this.#isBatchOpen) {
      this.#batch.copy(report.bytes, report.start, report.end);
      this.#fingerprints.push(fingerprint);
    } else {
      this.#backlog.set(report.client, report.line);
    }
  }

  /** Adds the newest report about a client, which the neighbour has asked for. */
  putRequested(client: ByteString, line: ByteString): void {
    this.#backlog.set(client, line);
  }

  /** The neighbour has told us just this itself: it need not be told back. */
  cancel(fingerprint: number): void {
    this.announcements.delete(fingerprint);
    const index = this.#fingerprints.indexOf(fingerprint);
    if (index < 0) return;
    this.#fingerprints.splice(index, 1);
    this.#batch.remove(index);
  }

  /**
   * The neighbour has told us this itself: what is kept by client, and is no
   * newer, need not be told back.
   */
  cancelOlder(report: Report): void {
    if (this.#backlog.size === 0) return;
    const waiting = this.#backlog.get(report.client);
    if (waiting !== undefined && !isNewer(waiting, report.line)) {
      this.#backlog.delete(report.client);
    }
  }

  /** A client is forgotten: nobody need be told of it. */
  dropClient(client: ByteString, fingerprint: number): void {
    this.#backlog.delete(client);
    this.announcements.delete(fingerprint);
  }

  /** Asks the neighbour for a report. */
  requestReport({ fingerprint, leaf }: ReportId): void {
    this.#requests.set(fingerprint, leaf);
  }

  /** Tells the neighbour what to do with another server's reports. */
  sendDirective(verb: "PRUNE" | "GRAFT", server: ByteString): void {
    this.#directives.set(server, verb);
  }

  /**
   * Tells the neighbour where the horizon is: before the reports to come, for
   * which it may have moved.
   */
  sendHorizon(seconds: number): void {
    this.#horizon = seconds;
    if (this.#isBatchOpen) this.#addHorizon(this.#batch);
  }

  /** The neighbour wants to know when all is said that there is to say now. */
  onSync(): void {
    this.#beforeSynced = Infinity;
  }

  /** Drops all but the news: what was said before has no meaning now. */
  dropControlMessages(): void {
    this.#beforeSynced = undefined;
    this.#directives.clear();
    this.#requests.clear();
  }

  /** How many lines of news wait. */
  get waiting(): number {
    return this.#batch.ends.length + this.#backlog.size;
  }

  /** How many reports of them are kept by client. */
  get backlog(): number {
    return this.#backlog.size;
  }

  /** How many bytes wait besides those. */
  get batchBytes(): number {
    return this.#batch.length;
  }

  /**
   * Takes out what goes into the next write, within the limit on bytes.
   * Undefined if nothing is left. It comes back by `release`.
   */
  takeBatch(): Batch | undefined {
    const batch = this.#batch;
    this.#addHorizon(batch);
    this.#addDirectives(batch);
    this.#addRequests(batch);
    this.#addBacklog(batch);
    addReportIds("HAVE", this.announcements.takeDue(), batch);
    this.#addIdleLines(batch);
    this.#addSynced(batch);
    if (batch.length === 0) return undefined;
    this.#batch = this.#pool.acquire();
    this.#fingerprints.length = 0;
    return batch;
  }

  /** Takes a sign of life out, with whatever else there is. */
  takeHeartbeat(): Batch {
    const batch = this.takeBatch() ?? this.#pool.acquire();
    if (batch.length === 0) add(batch, { verb: "PING" });
    return batch;
  }

  /** Takes back a batch that has been written. */
  release(batch: Batch): void {
    this.#pool.release(batch);
  }

  /** Whether what comes next may go into the batch, behind what is there. */
  get #isBatchOpen(): boolean {
    return this.#backlog.size === 0 && this.#batch.length < this.#writeBytes;
  }

  #addDirectives(batch: Batch): void {
    // `clear` allocates a new table, even in an empty map.
    if (this.#directives.size === 0) return;
    for (const [server, verb] of this.#directives) {
      add(batch, { verb, server });
    }
    this.#directives.clear();
  }

  #addHorizon(batch: Batch): void {
    if (this.#horizon === undefined) return;
    add(batch, { verb: "HORIZON", seconds: this.#horizon });
    this.#fingerprints.push(NaN);
    this.#horizon = undefined;
  }

  #addRequests(batch: Batch): void {
    if (this.#requests.size === 0) return;
    const ids = Array.from(
      this.#requests,
      ([fingerprint, leaf]) => ({ fingerprint, leaf }),
    );
    this.#requests.clear();
    addReportIds("WANT", ids, batch);
  }

  #addBacklog(batch: Batch): void {
    for (const [client, line] of this.#backlog) {
      if (batch.length >= this.#writeBytes) return;
      this.#backlog.delete(client);
      batch.add(line);
      if (this.#beforeSynced !== undefined) this.#beforeSynced -= 1;
    }
  }

  /** What can wait does, but not for ever. */
  #addIdleLines(batch: Batch): void {
    const isBusy = batch.length > 0;
    if (isBusy && this.#newsWrites++ < maxNewsWrites) return;
    this.#newsWrites = 0;
    const end = batch.length + antiEntropyWriteBytes;
    while (batch.length < end) {
      const line = this.#whenIdle.next();
      if (line === undefined) return this.#queueSynced();
      batch.add(line);
    }
  }

  /** SYNCED goes behind the news that waits now; what comes later may too. */
  #queueSynced(): void {
    if (this.#beforeSynced === Infinity) {
      this.#beforeSynced = this.#backlog.size;
    }
  }

  #addSynced(batch: Batch): void {
    const reports = this.#beforeSynced;
    if (reports === undefined || reports === Infinity) return;
    if (reports > 0 && this.#backlog.size > 0) return;
    add(batch, { verb: "SYNCED" });
    this.#beforeSynced = undefined;
  }
}

function add(batch: Batch, message: Message): void {
  batch.add(formatMessage(message));
}

/** Adds marks, in lines of no more than a line may have. */
function addReportIds(
  verb: "HAVE" | "WANT",
  ids: readonly ReportId[],
  batch: Batch,
): void {
  for (let from = 0; from < ids.length; from += maxLineIds) {
    add(batch, { verb, ids: ids.slice(from, from + maxLineIds) });
  }
}
