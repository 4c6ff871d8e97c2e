/**
 * The lines that wait for one neighbour. Reports wait as bytes in the batch for
 * the next write. When the batch is full, they wait by client instead, and a
 * newer report replaces an older one. A slow or frozen neighbour therefore costs
 * a batch and at most one entry for each client, and later gets only the newest
 * reports. What waits has a limit in bytes: over it, everything after the batch
 * is dropped, and the two servers compare their reports later.
 *
 * A catch-up is sent at the pace at which the neighbour processes it. The lines
 * that it has not confirmed are few enough that the buffers of the socket have
 * room for new reports at any time.
 *
 * @module
 */
import { type Batch, BatchPool } from "../../protocol/batch.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { keyOf } from "../../protocol/deletion.ts";
import { isNewer } from "../../protocol/order.ts";
import type { Report } from "../../protocol/report.ts";
import type { Timestamp } from "../../protocol/time.ts";
import {
  antiEntropyWriteBytes,
  echoEveryBytes,
  maxAnnouncements,
  maxLineIds,
  maxNewsWrites,
  maxOutboxBytes,
  maxUnconfirmedBytes,
  maxWriteBytes,
  outboxEntryBytes,
  wantedPerPiece,
} from "../limits.ts";
import type { HashKey } from "../store/half_sip_hash.ts";
import type { TreeKey } from "../tree_key.ts";
import type { ContactAges } from "./contacts.ts";
import { LazyAnnouncements } from "./lazy_announcements.ts";
import { formatMessage, type Message, type ReportId } from "./messages.ts";

/** A source of lines that are sent when nothing more urgent waits. */
export interface LineSource {
  /** Adds lines until the batch has `end` bytes, or some work is done. */
  addTo(batch: Batch, end: number): void;
  /** Whether there is more to add. */
  readonly hasMore: boolean;
}

/** What `Outbox` needs; everything has a default. */
export interface OutboxOptions {
  /** Lines to send when nothing else waits. */
  readonly whenIdle?: LineSource;
  /** When a write has this many bytes, no report is added. */
  readonly writeBytes?: number;
  /** Most bytes that wait besides the next write. */
  readonly maxBytes?: number;
  /** The stored report with an ID, valid until the next call. */
  readonly findReport?: (id: ReportId) => Report | undefined;
  /** Called when everything but the next write was dropped. */
  readonly onDropped?: () => void;
  /** This server's clock, which `tellClock` tells. */
  readonly now?: () => Timestamp;
  /** Random, for a hash of fingerprints. */
  readonly hashKey?: HashKey;
  /** Whether the neighbour knows attributes; true by default. */
  readonly takesAttributes?: boolean;
}

const nothingWhenIdle: LineSource = { addTo: () => {}, hasMore: false };

/** One batch is filled while another is written. */
const keptBatches = 2;

/** The lines that wait for one neighbour. */
export class Outbox {
  readonly #pool = new BatchPool(keptBatches);
  /** The lines of the next write. */
  #batch = this.#pool.acquire();
  /** The fingerprint of each line in `#batch`; NaN if it is not a report. */
  #fingerprints: number[] = [];
  /**
   * Records by their keys, the clients' IDs for reports: those after a full
   * batch.
   */
  readonly #backlog = new Map<ByteString, ByteString>();
  /** What the records of the backlog and their keys have in bytes. */
  #backlogBytes = 0;
  /** The directives to send, by the server whose reports they are about. */
  readonly #directives = new Map<ByteString, "PRUNE" | "GRAFT">();
  /** The leaves of reports to request, by fingerprint. */
  readonly #requests = new Map<number, number>();
  /** The leaves of reports that the neighbour has requested. */
  readonly #wanted = new Map<number, number>();
  #horizon: Timestamp | undefined;
  #contacts: ContactAges | undefined;
  #treeKey: TreeKey | undefined;
  /** Whether the next write tells this server's clock. */
  #tellsClock = false;
  /** The number of the neighbour's last ECHO, until it is answered. */
  #echo: number | undefined;
  /** How many ECHOs were sent on this connection. */
  #echoesSent = 0;
  /** Bytes of a catch-up since the last ECHO. */
  #bytesSinceEcho = 0;
  /** Bytes that the neighbour has not confirmed, by the number of the ECHO. */
  readonly #unconfirmed = new Map<number, number>();
  #unconfirmedBytes = 0;
  /**
   * How many reports of the backlog and of those requested are to be sent before
   * SYNCED; undefined while `#whenIdle` has lines.
   */
  #beforeSynced: { backlog: number; wanted: number } | undefined;
  /** Whether the neighbour has sent SYNC. */
  #isSyncOpen = false;
  /** Lines with summaries, by the servers that they are about. */
  readonly #summaries = new Map<ByteString, ByteString>();
  #summaryBytes = 0;
  /** How many reports were dropped since the last write. */
  #dropped = 0;
  /** Consecutive writes without lines of `#whenIdle`. */
  #newsWrites = 0;
  /** Reports that are held back. */
  readonly announcements: LazyAnnouncements;
  readonly #whenIdle: LineSource;
  readonly #writeBytes: number;
  readonly #maxBytes: number;
  readonly #findReport: (id: ReportId) => Report | undefined;
  readonly #onDropped: () => void;
  readonly #now: (() => Timestamp) | undefined;
  readonly #takesAttributes: boolean;

  constructor(options: OutboxOptions = {}) {
    this.#whenIdle = options.whenIdle ?? nothingWhenIdle;
    this.#writeBytes = options.writeBytes ?? maxWriteBytes;
    this.#maxBytes = options.maxBytes ?? maxOutboxBytes;
    this.#findReport = options.findReport ?? (() => undefined);
    this.#onDropped = options.onDropped ?? (() => {});
    this.#now = options.now;
    this.#takesAttributes = options.takesAttributes ?? true;
    this.announcements = new LazyAnnouncements(options.hashKey);
  }

  /** Adds a copy of a new report or deletion. */
  put(report: Report, fingerprint: number): void {
    if (this.#dropped > 0) {
      this.#dropped += 1;
    } else if (this.#isBatchOpen) {
      if (this.#horizon !== undefined) this.#addHorizon(this.#batch);
      const end = report.endFor(this.#takesAttributes);
      this.#batch.copy(report.view, report.start, end);
      this.#fingerprints.push(fingerprint);
    } else {
      const record = this.#takesAttributes ? report.record : report.line;
      const key = keyOf(report);
      this.#forget(key);
      this.#backlog.set(key, record);
      this.#backlogBytes += key.length + record.length;
      this.#limitBytes();
    }
  }

  /** Holds back a new report, and announces it later. */
  announce(id: ReportId): void {
    if (this.#dropped > 0) this.#dropped += 1;
    else {
      this.announcements.add(id);
      this.#limitBytes();
    }
  }

  /** Sends a report that the neighbour has requested, if it is stored then. */
  onWanted({ fingerprint, leaf }: ReportId): void {
    if (this.#dropped > 0) return;
    this.#wanted.set(fingerprint, leaf);
    this.#limitBytes();
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
    const { client } = report;
    const waiting = this.#backlog.get(client);
    if (waiting !== undefined && !isNewer(waiting, report.record)) {
      this.#remove(client);
    }
  }

  /** Removes a record that the server does not have any more, by its key. */
  drop(key: ByteString, fingerprint: number): void {
    this.#remove(key);
    this.announcements.delete(fingerprint);
  }

  /** Requests a report from the neighbour. */
  requestReport({ fingerprint, leaf }: ReportId): void {
    if (this.#dropped > 0) return;
    this.#requests.set(fingerprint, leaf);
    this.#limitBytes();
  }

  /** Whether requests wait to be written. */
  get hasRequests(): boolean {
    return this.#requests.size > 0;
  }

  /** Asks the neighbour to hold back or to send the reports of a server. */
  sendDirective(verb: "PRUNE" | "GRAFT", server: ByteString): void {
    this.#directives.set(server, verb);
  }

  /**
   * Sends the raised horizon, before any report that is added later, as such a
   * report may be the reason why it was raised.
   */
  sendHorizon(horizon: Timestamp): void {
    this.#horizon = horizon;
  }

  /** Sends how long this server was apart from others, before everything else. */
  sendContacts(ages: ContactAges): void {
    this.#contacts = ages;
  }

  /** Sends the key of the digest tree, before everything that depends on it. */
  sendTreeKey(key: TreeKey): void {
    this.#treeKey = key;
  }

  /** Sends a line with the summary of a server, instead of an earlier one. */
  sendSummary(server: ByteString, line: ByteString): void {
    if (this.#dropped > 0) return;
    this.#summaryBytes += line.length -
      (this.#summaries.get(server)?.length ?? 0);
    this.#summaries.set(server, line);
    this.#limitBytes();
  }

  /** Tells this server's clock with the next write, as it is then. */
  tellClock(): void {
    this.#tellsClock = this.#now !== undefined;
  }

  /** Sends SYNCED when everything that waits now has been sent. */
  onSync(): void {
    this.#isSyncOpen = true;
    this.#beforeSynced = undefined;
  }

  /** Forgets that the neighbour has sent SYNC: it will send another one. */
  dropSync(): void {
    this.#isSyncOpen = false;
    this.#beforeSynced = undefined;
  }

  /** Sends ECHOED. Of several that wait, the last one stands for all. */
  onEcho(number: number): void {
    this.#echo = number;
  }

  /** The neighbour has processed what was sent before an ECHO. */
  onEchoed(number: number): void {
    for (const [sent, bytes] of this.#unconfirmed) {
      if (sent > number) return;
      this.#unconfirmed.delete(sent);
      this.#unconfirmedBytes -= bytes;
    }
  }

  /** Drops what applies only to the last connection, and keeps new reports. */
  dropControlMessages(): void {
    this.dropSync();
    this.#directives.clear();
    this.#requests.clear();
    this.#dropSummaries();
    this.#echo = undefined;
    this.#contacts = undefined;
    this.#treeKey = undefined;
    this.#echoesSent = 0;
    this.#bytesSinceEcho = 0;
    this.#unconfirmed.clear();
    this.#unconfirmedBytes = 0;
  }

  /** How many lines wait, or would wait if there were no limit. */
  get waiting(): number {
    return this.#batch.ends.length + this.#backlog.size + this.#dropped;
  }

  /** What waits besides the batch, in bytes of memory. */
  get bytes(): number {
    const { announcements } = this;
    const entries = this.#backlog.size + this.#requests.size +
      this.#wanted.size + this.#summaries.size;
    return this.#backlogBytes + this.#summaryBytes + announcements.bytes +
      outboxEntryBytes * entries;
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
   * Removes and returns the lines of the next write; undefined if there are
   * none now. The caller returns the batch by `release`.
   */
  takeBatch(): Batch | undefined {
    const batch = this.#batch;
    this.#dropped = 0;
    const keyBytes = this.#addContacts(batch) + this.#addTreeKey(batch);
    this.#addHorizon(batch);
    this.#addDirectives(batch);
    this.#addRequests(batch);
    this.#addBacklog(batch);
    this.#addWanted(batch);
    addAnnouncements(this.announcements.takeDue(), batch);
    this.#addIdleLines(batch, batch.length > keyBytes);
    this.#addSummaries(batch);
    this.#addSynced(batch);
    this.#addEchoes(batch);
    this.#addClock(batch);
    if (batch.length === 0) return undefined;
    this.#batch = this.#pool.acquire();
    this.#fingerprints.length = 0;
    return batch;
  }

  /**
   * Whether `takeBatch` has more to do, though it may have returned nothing: it
   * does a limited amount of work at once.
   */
  get hasMore(): boolean {
    return this.#requests.size > 0 || this.#summaries.size > 0 ||
      this.#mayCatchUp &&
        (this.#wanted.size > 0 || this.#whenIdle.hasMore);
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

  /** Whether the neighbour keeps up with the lines of a catch-up. */
  get #mayCatchUp(): boolean {
    return this.#unconfirmedBytes + this.#bytesSinceEcho < maxUnconfirmedBytes;
  }

  /** Removes a client from the backlog. */
  #remove(client: ByteString): void {
    this.#forget(client);
    this.#backlog.delete(client);
  }

  /** Uncharges a client's record in the backlog, which will be replaced. */
  #forget(client: ByteString): void {
    const record = this.#backlog.get(client);
    if (record === undefined) return;
    this.#backlogBytes -= client.length + record.length;
  }

  /** Drops everything but the batch if that has too many bytes. */
  #limitBytes(): void {
    const isWithin = this.bytes <= this.#maxBytes &&
      this.announcements.size <= maxAnnouncements;
    if (isWithin) return;
    this.#dropped = 1 + this.#backlog.size;
    this.#backlog.clear();
    this.#backlogBytes = 0;
    this.#requests.clear();
    this.#wanted.clear();
    this.#dropSummaries();
    this.announcements.clear();
    // SYNCED must come after the comparison.
    this.#beforeSynced = undefined;
    this.#onDropped();
  }

  /** Returns how many bytes it has added. */
  #addContacts(batch: Batch): number {
    if (this.#contacts === undefined) return 0;
    const start = batch.length;
    add(batch, { verb: "SEEN", ages: this.#contacts });
    this.#contacts = undefined;
    return batch.length - start;
  }

  /** Returns how many bytes it has added. */
  #addTreeKey(batch: Batch): number {
    if (this.#treeKey === undefined) return 0;
    const start = batch.length;
    add(batch, { verb: "TREE", key: this.#treeKey });
    this.#treeKey = undefined;
    return batch.length - start;
  }

  #dropSummaries(): void {
    this.#summaries.clear();
    this.#summaryBytes = 0;
  }

  /** Adds summaries. Those that have no room wait for the next write. */
  #addSummaries(batch: Batch): void {
    for (const [server, line] of this.#summaries) {
      if (batch.length >= this.#writeBytes) return;
      this.#summaries.delete(server);
      this.#summaryBytes -= line.length;
      batch.add(line);
    }
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
    add(batch, { verb: "HORIZON", time: this.#horizon });
    this.#fingerprints.push(NaN);
    this.#horizon = undefined;
  }

  #addRequests(batch: Batch): void {
    if (this.#requests.size === 0) return;
    const ids: ReportId[] = [];
    for (const [fingerprint, leaf] of this.#requests) {
      ids.push({ fingerprint, leaf });
      this.#requests.delete(fingerprint);
      if (ids.length === maxLineIds) break;
    }
    add(batch, { verb: "WANT", ids });
  }

  #addBacklog(batch: Batch): void {
    for (const [client, record] of this.#backlog) {
      if (batch.length >= this.#writeBytes) return;
      this.#remove(client);
      batch.add(record);
      if (this.#beforeSynced !== undefined) this.#beforeSynced.backlog -= 1;
    }
  }

  #addWanted(batch: Batch): void {
    if (this.#wanted.size === 0 || !this.#mayCatchUp) return;
    const start = batch.length;
    let left = wantedPerPiece;
    for (const [fingerprint, leaf] of this.#wanted) {
      if (left === 0 || batch.length >= this.#writeBytes) break;
      left -= 1;
      this.#wanted.delete(fingerprint);
      if (this.#beforeSynced !== undefined) this.#beforeSynced.wanted -= 1;
      const report = this.#findReport({ fingerprint, leaf });
      if (report === undefined) continue;
      const end = report.endFor(this.#takesAttributes);
      batch.copy(report.view, report.start, end);
    }
    this.#bytesSinceEcho += batch.length - start;
  }

  /** Adds lines of `#whenIdle`: if nothing else waits, or at intervals. */
  #addIdleLines(batch: Batch, isBusy: boolean): void {
    if (isBusy && this.#newsWrites++ < maxNewsWrites) return;
    this.#newsWrites = 0;
    if (!this.#mayCatchUp) return;
    const start = batch.length;
    this.#whenIdle.addTo(batch, start + antiEntropyWriteBytes);
    this.#bytesSinceEcho += batch.length - start;
    if (!this.#whenIdle.hasMore) this.#queueSynced();
  }

  /** Lets SYNCED wait for as many reports as wait now. */
  #queueSynced(): void {
    if (!this.#isSyncOpen) return;
    this.#beforeSynced ??= {
      backlog: this.#backlog.size,
      wanted: this.#wanted.size,
    };
  }

  #addSynced(batch: Batch): void {
    if (!this.#isSyncOpen || this.#beforeSynced === undefined) return;
    const { backlog, wanted } = this.#beforeSynced;
    if (backlog > 0 && this.#backlog.size > 0) return;
    if (wanted > 0 && this.#wanted.size > 0) return;
    add(batch, { verb: "SYNCED" });
    this.dropSync();
  }

  #addClock(batch: Batch): void {
    if (!this.#tellsClock) return;
    this.#tellsClock = false;
    add(batch, { verb: "CLOCK", time: this.#now!() });
  }

  #addEchoes(batch: Batch): void {
    if (this.#echo !== undefined) {
      add(batch, { verb: "ECHOED", number: this.#echo });
      this.#echo = undefined;
    }
    if (this.#bytesSinceEcho < echoEveryBytes) return;
    this.#echoesSent += 1;
    add(batch, { verb: "ECHO", number: this.#echoesSent });
    this.#unconfirmed.set(this.#echoesSent, this.#bytesSinceEcho);
    this.#unconfirmedBytes += this.#bytesSinceEcho;
    this.#bytesSinceEcho = 0;
  }
}

function add(batch: Batch, message: Message): void {
  batch.add(formatMessage(message));
}

/** Adds announcements, at most `maxLineIds` to a line. */
function addAnnouncements(ids: readonly ReportId[], batch: Batch): void {
  for (let from = 0; from < ids.length; from += maxLineIds) {
    add(batch, { verb: "HAVE", ids: ids.slice(from, from + maxLineIds) });
  }
}
