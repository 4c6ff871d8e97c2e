/**
 * The lines that wait for one neighbour. Reports wait as bytes in the batch for
 * the next write. When the batch is full, they wait by client instead, and a
 * newer report replaces an older one. A slow or frozen neighbour therefore costs
 * a batch and at most one entry for each client, and later gets only the newest
 * reports.
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

/** A source of lines that are sent when nothing more urgent waits. */
export interface LineSource {
  /** The next line; undefined if there is none at present. */
  next(): ByteString | undefined;
}

/** One batch is filled while another is written. */
const keptBatches = 2;

/** The lines that wait for one neighbour. */
export class Outbox {
  readonly #pool = new BatchPool(keptBatches);
  /** The lines of the next write. */
  #batch = this.#pool.acquire();
  /** The fingerprint of each line in `#batch`; NaN if it is not a report. */
  #fingerprints: number[] = [];
  /** AT lines by client: those after a full batch, and requested ones. */
  readonly #backlog = new Map<ByteString, ByteString>();
  /** The directives to send, by the server whose reports they are about. */
  readonly #directives = new Map<ByteString, "PRUNE" | "GRAFT">();
  /** The leaves of reports to request, by fingerprint. */
  readonly #requests = new Map<number, number>();
  #horizon: number | undefined;
  /**
   * How many reports of the backlog to send before SYNCED; Infinity while
   * `#whenIdle` has lines. Undefined if the neighbour has not sent SYNC.
   */
  #beforeSynced: number | undefined;
  /** Consecutive writes without lines of `#whenIdle`. */
  #newsWrites = 0;
  /** Reports that are held back. */
  readonly announcements = new LazyAnnouncements();
  readonly #whenIdle: LineSource;
  readonly #writeBytes: number;

  /**
   * @param whenIdle Lines to send when nothing else waits.
   * @param writeBytes When a write has this many bytes, no report is added.
   */
  constructor(
    whenIdle: LineSource = { next: () => undefined },
    writeBytes: number = maxWriteBytes,
  ) {
    this.#whenIdle = whenIdle;
    this.#writeBytes = writeBytes;
  }

  /** Adds a copy of a new report. */
  put(report: Report, fingerprint: number): void {
    if (this.#isBatchOpen) {
      this.#batch.copy(report.bytes, report.start, report.end);
      this.#fingerprints.push(fingerprint);
    } else {
      this.#backlog.set(report.client, report.line);
    }
  }

  /** Adds a report that the neighbour has requested. */
  putRequested(client: ByteString, line: ByteString): void {
    this.#backlog.set(client, line);
  }

  /** Removes a report, as the neighbour has sent the same one. */
  cancel(fingerprint: number): void {
    this.announcements.delete(fingerprint);
    const index = this.#fingerprints.indexOf(fingerprint);
    if (index < 0) return;
    this.#fingerprints.splice(index, 1);
    this.#batch.remove(index);
  }

  /**
   * Removes the client's report from the backlog, if it is not newer than this
   * one, which the neighbour has sent.
   */
  cancelOlder(report: Report): void {
    if (this.#backlog.size === 0) return;
    const waiting = this.#backlog.get(report.client);
    if (waiting !== undefined && !isNewer(waiting, report.line)) {
      this.#backlog.delete(report.client);
    }
  }

  /** Removes a client that has expired. */
  dropClient(client: ByteString, fingerprint: number): void {
    this.#backlog.delete(client);
    this.announcements.delete(fingerprint);
  }

  /** Requests a report from the neighbour. */
  requestReport({ fingerprint, leaf }: ReportId): void {
    this.#requests.set(fingerprint, leaf);
  }

  /** Asks the neighbour to hold back or to send the reports of a server. */
  sendDirective(verb: "PRUNE" | "GRAFT", server: ByteString): void {
    this.#directives.set(server, verb);
  }

  /**
   * Sends the raised horizon, before any report that is added later, as such a
   * report may be the reason why it was raised.
   */
  sendHorizon(seconds: number): void {
    this.#horizon = seconds;
    if (this.#isBatchOpen) this.#addHorizon(this.#batch);
  }

  /** Sends SYNCED when everything that waits now has been sent. */
  onSync(): void {
    this.#beforeSynced = Infinity;
  }

  /** Drops what applies only to the last connection, and keeps new reports. */
  dropControlMessages(): void {
    this.#beforeSynced = undefined;
    this.#directives.clear();
    this.#requests.clear();
  }

  /** How many lines wait in the batch and in the backlog. */
  get waiting(): number {
    return this.#batch.ends.length + this.#backlog.size;
  }

  /** How many reports wait in the backlog. */
  get backlog(): number {
    return this.#backlog.size;
  }

  /** How many bytes wait in the batch. */
  get batchBytes(): number {
    return this.#batch.length;
  }

  /**
   * Removes and returns the lines of the next write; undefined if nothing
   * waits. The caller returns the batch by `release`.
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

  /** Like `takeBatch`, but with a PING if nothing waits. */
  takeHeartbeat(): Batch {
    const batch = this.takeBatch() ?? this.#pool.acquire();
    if (batch.length === 0) add(batch, { verb: "PING" });
    return batch;
  }

  /** Takes back a batch that was written. */
  release(batch: Batch): void {
    this.#pool.release(batch);
  }

  /** Whether a report may be appended to the batch. */
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

  /** Adds lines of `#whenIdle`: if nothing else waits, or at intervals. */
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

  /** Lets SYNCED wait for as many reports as the backlog has now. */
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

/** Adds report IDs, at most `maxLineIds` to a line. */
function addReportIds(
  verb: "HAVE" | "WANT",
  ids: readonly ReportId[],
  batch: Batch,
): void {
  for (let from = 0; from < ids.length; from += maxLineIds) {
    add(batch, { verb, ids: ids.slice(from, from + maxLineIds) });
  }
}
