/**
 * The protocol with one client, without a socket. A session receives lines and
 * produces replies in the order of the lines, while queries wait for answers.
 *
 * @module
 */
import type { Batch, BatchPool } from "../protocol/batch.ts";
import {
  type ByteString,
  copyOf,
  decodeBytes,
  encodeScratch,
} from "../protocol/bytes.ts";
import {
  formatCommand,
  formatInvalid,
  type LineKind,
  lineKindOf,
  parseCommand,
  verbs,
  type Whatsat,
} from "../protocol/command.ts";
import type { Identity } from "../identity/identity.ts";
import { isHttpRequestLine } from "../protocol/http_request_line.ts";
import { IamatSpan } from "../protocol/iamat_span.ts";
import { Report, type ReportWriter } from "../protocol/report.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { Replica } from "../replica/replica.ts";
import { Settling } from "../replica/settling.ts";
import type { ReportSource } from "../replica/report_source.ts";
import type { LimitCounts, LimitName } from "../runtime/limit_counts.ts";
import type { RefusalCounts } from "../runtime/refusal_counts.ts";
import type { FairSemaphore, PermitWaiter } from "../runtime/semaphore.ts";
import { type Turns, Workload } from "../runtime/turns.ts";
import type { TrafficLog } from "../runtime/transport.ts";
import { type ClientLimits, maxWriteBytes, slotBytes } from "./limits.ts";
import { logInvalid } from "./logged_lines.ts";
import type { Pace } from "./pace.ts";

/** What a session needs from its server. */
export interface SessionBackend {
  /** Writes the server's AT lines. */
  readonly reports: ReportWriter;
  /**
   * The time of day.
   *
   * @param elapsedMs What `elapsedMs` has just returned.
   */
  readonly now: (elapsedMs?: number) => Timestamp;
  /** Milliseconds from an arbitrary start. */
  readonly elapsedMs: () => number;
  /**
   * The places around the position in an AT line, as JSON text in Google's
   * shape without empty lines or a final newline. Never rejects.
   */
  readonly places: (
    line: ByteString,
    area: QueryArea,
  ) => Promise<ByteString>;
  /** Records the time from the receipt of a query to its answer. */
  readonly recordQueryDuration: (durationMs: number) => void;
}

/** How many lines were received, by kind. */
export type LineCounters = Record<LineKind, number>;

/** All of them 0. */
export function createLineCounters(): LineCounters {
  const kinds = [...verbs.map(lineKindOf), "invalid" as const];
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as LineCounters;
}

/** The part of a replica that sessions use. */
export type SessionReplica = Pick<Replica, "put" | "find" | "flush">;

/** What all sessions of a server share. */
export interface SessionContext {
  readonly backend: SessionBackend;
  readonly replica: SessionReplica;
  readonly limits: ClientLimits;
  /** Counts how often each limit was reached. */
  readonly counts: LimitCounts;
  /** Counts what was refused because of who has asked. */
  readonly refusals: RefusalCounts;
  readonly lines: LineCounters;
  readonly permits: FairSemaphore;
  readonly turns: Turns;
  /** The batches for replies. */
  readonly replyPool: BatchPool;
}

/**
 * A place in the order of the replies. `reply` lacks its last LF, and is
 * undefined until it is known.
 */
interface Slot {
  reply?: ByteString;
  /** What follows the AT line in `reply`, if the reply answers a query. */
  body?: ByteString;
}

// The line being received and its report. All sessions reuse these objects.
const iamat = new IamatSpan();
const report = new Report();

/**
 * The area of a query. Its texts are copies: a part of a line of 64 KiB would
 * keep the whole line in memory.
 */
export type QueryArea = Pick<Whatsat, "radiusKm" | "bound">;

/** A query that has not been started. */
interface QueuedQuery {
  readonly slot: Slot;
  /** When the query was received, by `elapsedMs`. */
  readonly sinceMs: number;
  /** The client's newest AT line; undefined until the replica has found it. */
  newest: ByteString | undefined;
  readonly area: QueryArea;
}

/** The time before the first call of `stampTime`. */
const noTime: Timestamp = { seconds: 0, nanoseconds: 0 };

/** What a session tells its connection. */
export interface SessionObserver {
  /** Waiting replies have become ready or failed. */
  readonly onReady: () => void;
  /** The first line was an HTTP request line. No line may follow. */
  readonly onHttpRequest?: () => void;
  /** The identity does not permit a command about this client. */
  readonly onDenied?: (use: "report" | "query", client: ByteString) => void;
}

/** Produces the replies to one client's lines, in order. */
export class Session implements PermitWaiter {
  /** Holds replies back until the replica has confirmed the reports. */
  readonly settling = new Settling();
  /** The work that is done for the client. */
  readonly workload = new Workload();
  readonly #context: SessionContext;
  readonly #traffic: TrafficLog;
  readonly #observer: SessionObserver;
  /** Counts reports and queries if their rates are limited. */
  readonly #pace: Pace | undefined;
  #source: ReportSource | undefined;
  /** What the client may do; undefined for everything. */
  #identity: Identity | undefined;
  #now = noTime;
  /** Replies that can be written. */
  #ready: Batch | undefined;
  /** The first reply that is not known yet, and all after it. */
  readonly #waiting: Slot[] = [];
  /** Queries that have not been started, in order. */
  readonly #queued: QueuedQuery[] = [];
  #queriesInFlight = 0;
  /** Bytes of all ready and waiting replies, with `slotBytes` for each slot. */
  #replyBytes = 0;
  #isAbandoned = false;
  /** Whether replies were taken. */
  #hasReplied = false;
  #onWritable: (() => void) | undefined;

  /** @param source The source that the client's reports are charged to. */
  constructor(
    context: SessionContext,
    traffic: TrafficLog,
    observer: SessionObserver,
    source?: ReportSource,
    pace?: Pace,
  ) {
    this.#source = source;
    this.#context = context;
    this.#traffic = traffic;
    this.#observer = observer;
    this.#pace = pace;
  }

  /**
   * Restricts the client to what an identity permits. Must be called before the
   * first line.
   *
   * @param source The source that its reports are charged to.
   */
  identify(identity: Identity, source: ReportSource): void {
    this.#identity = identity;
    this.#source = source;
  }

  /**
   * Sets the time of the lines that follow to now. Must be called once for each
   * chunk, and after every wait.
   *
   * @param elapsedMs The time now, if the caller has just read it.
   */
  stampTime(elapsedMs?: number): void {
    this.#now = this.#context.backend.now(elapsedMs);
    this.#traffic.stampTime(this.#now);
  }

  /** Receives one line, without its LF. Every line gets exactly one reply. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    if (!iamat.read(bytes, start, end)) {
      return this.#receiveText(bytes, start, end);
    }
    this.#traffic.received(bytes, start, end);
    if (!this.#report()) this.#refuse(decodeBytes(bytes, start, end));
  }

  /** The same for a line that is not an IAMAT in its shortest form. */
  #receiveText(bytes: Uint8Array, start: number, end: number): void {
    const line = decodeBytes(bytes, start, end);
    const command = parseCommand(line);
    if (command === undefined) return this.#refuseUnknown(line);
    this.#traffic.received(bytes, start, end);
    switch (command.verb) {
      case "IAMAT": {
        const shortest = formatCommand(command);
        iamat.read(encodeScratch(shortest), 0, shortest.length);
        if (!this.#report()) this.#refuse(line);
        return;
      }
      case "WHATSAT":
        return this.#queueQuery(line, command);
      default:
        // The compiler checks that every verb has a handler.
        return command satisfies never;
    }
  }

  /** Replies to a line that is too long, given its first bytes. */
  refuseTooLong(start: ByteString): void {
    this.#context.counts.hit("line-bytes");
    logInvalid(this.#traffic, start);
    this.#refuse(start);
  }

  /**
   * Drops queries and waiting replies, as the client is gone. Keeps reports.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.settling.cancel();
    // Queries that are running keep this session in memory for a while.
    this.#queued.length = 0;
    this.#waiting.length = 0;
    this.#resume();
  }

  /**
   * Undefined if the session can receive more lines. Otherwise resolves when it
   * can. Until then the connection must stop reading.
   */
  whenWritable(): Promise<void> | undefined {
    const limit = this.#limitReached;
    if (limit === undefined) return undefined;
    this.#context.counts.hit(limit);
    return new Promise((resolve) => this.#onWritable = resolve);
  }

  /** Bytes of all ready and waiting replies, with `slotBytes` for each slot. */
  get replyBytes(): number {
    return this.#replyBytes;
  }

  /** Whether a query has no answer yet. */
  get isAwaiting(): boolean {
    return this.#waiting.length > 0 && !this.#isAbandoned;
  }

  /**
   * Removes and returns the replies that can be written, in order; undefined if
   * there are none. The caller releases the batch to the pool.
   */
  takeReplies(): Batch | undefined {
    const replies = this.#ready;
    if (replies === undefined || replies.length === 0) return undefined;
    this.#ready = undefined;
    this.#hasReplied = true;
    this.#replyBytes -= replies.length;
    this.#fillBatch();
    this.#resume();
    return replies;
  }

  /** Puts the report in `iamat` into the replica. False if that is refused. */
  #report(): boolean {
    const { backend: { reports }, counts, lines, replica, replyPool } =
      this.#context;
    const limit = this.#operandLimit();
    if (limit !== undefined) {
      counts.hit(limit);
      return false;
    }
    if (this.#identity !== undefined && !this.#mayReport(this.#identity)) {
      return false;
    }
    const isNext = this.#waiting.length === 0;
    const replies = isNext ? this.#batch : replyPool.acquire();
    const start = replies.length;
    replies.reserve(reports.maxBytes(iamat) + 1);
    reports.write(this.#now, iamat, replies.bytes, start, report);
    const refusal = replica.put(report, this.settling, this.#source);
    if (refusal !== undefined) {
      if (!isNext) replyPool.release(replies);
      counts.hit(refusal);
      return false;
    }
    lines.iamat += 1;
    if (this.#pace !== undefined) this.#pace.count("report");
    replies.finish(report.end);
    this.#replyBytes += replies.length - start;
    if (!isNext) {
      this.#addSlot({ reply: replies.text.slice(0, -1) });
      replyPool.release(replies);
    }
    return true;
  }

  /** Whether an identity may make the report in `iamat`. */
  #mayReport(identity: Identity): boolean {
    const { bytes, clientEnd, clientStart } = iamat;
    if (identity.mayReportSpan(bytes, clientStart, clientEnd)) return true;
    this.#deny("report", decodeBytes(bytes, clientStart, clientEnd));
    return false;
  }

  /** Counts a command that the identity does not permit. */
  #deny(use: "report" | "query", client: ByteString): void {
    this.#context.refusals.add(use);
    this.#observer.onDenied?.(use, client);
  }

  /** The limit that an operand of `iamat` is beyond; undefined for none. */
  #operandLimit(): LimitName | undefined {
    const { maxIdBytes, maxPositionBytes, maxTimeBytes } = this.#context.limits;
    const { clientEnd, clientStart, end, timeStart } = iamat;
    if (clientEnd - clientStart > maxIdBytes) return "id-bytes";
    if (end - timeStart > maxTimeBytes) return "time-bytes";
    // One space is before the position and one after it.
    if (timeStart - clientEnd - 2 > maxPositionBytes) return "position-bytes";
    return undefined;
  }

  #queueQuery(line: ByteString, query: Whatsat): void {
    const { backend, counts, limits, replica } = this.#context;
    if (query.client.length > limits.maxIdBytes) {
      counts.hit("id-bytes");
      return this.#refuse(line);
    }
    if (this.#identity !== undefined) {
      // Known and unknown clients get the same answer.
      if (!this.#identity.maySee(query.client)) {
        this.#deny("query", query.client);
        return this.#refuse(line);
      }
    }
    if (this.#pace !== undefined) this.#pace.count("query");
    const found = replica.find(query.client);
    if (found === undefined) return this.#refuse(line);
    const queued: QueuedQuery = {
      slot: {},
      sinceMs: backend.elapsedMs(),
      newest: undefined,
      area: {
        radiusKm: copyOf(query.radiusKm),
        bound: copyOf(query.bound),
      },
    };
    this.#addSlot(queued.slot);
    this.#replyBytes += areaBytes(queued);
    this.#queued.push(queued);
    if (typeof found === "string") return this.#onFound(queued, found);
    this.#replyBytes += line.length;
    found.then((newest) => {
      if (this.#isAbandoned) return;
      this.#replyBytes -= line.length;
      if (newest === undefined) this.#refuseQueued(queued, line);
      else this.#onFound(queued, newest);
    }, (error) => this.#fail(error));
  }

  /** Continues a query when the replica has found its client. */
  #onFound(query: QueuedQuery, newest: ByteString): void {
    const { counts, lines } = this.#context;
    lines.whatsat += 1;
    query.newest = newest;
    // It is part of the reply, and takes memory from now on.
    this.#replyBytes += newest.length;
    this.onPermit();
    if (!this.#queued.includes(query)) return;
    const { maxQueriesInFlight } = this.#context.limits;
    counts.hit(
      this.#queriesInFlight >= maxQueriesInFlight
        ? "whatsats-per-connection"
        : "whatsats",
    );
  }

  /** Starts queued queries up to the limits. */
  onPermit(): void {
    if (this.#queued.length === 0) return;
    const { limits, permits } = this.#context;
    while (
      !this.#isAbandoned && this.#queriesInFlight < limits.maxQueriesInFlight
    ) {
      const index = this.#queued.findIndex(({ newest }) =>
        newest !== undefined
      );
      if (index < 0 || !this.#hasRoomFor(this.#queued[index])) return;
      if (!permits.tryAcquire(this)) return;
      this.#queriesInFlight += 1;
      const [next] = this.#queued.splice(index, 1);
      this.#startQuery(next, next.newest!);
    }
  }

  /**
   * Whether the limit on bytes of replies allows a query. The query that all
   * other replies wait for is always allowed, as no other answer would make
   * room.
   */
  #hasRoomFor({ slot }: QueuedQuery): boolean {
    const { maxReplyBytesWaiting } = this.#context.limits;
    const readyBytes = this.#ready?.length ?? 0;
    // Answers that cannot be written yet would only take memory.
    return readyBytes < maxWriteBytes &&
        this.#replyBytes < maxReplyBytesWaiting ||
      slot === this.#waiting[0] && readyBytes === 0;
  }

  #startQuery(query: QueuedQuery, newest: ByteString): void {
    const turn = this.#context.turns.begin(this.workload);
    if (turn === undefined) this.#runQuery(query, newest);
    else turn.then(() => this.#runQuery(query, newest));
  }

  #runQuery(
    query: QueuedQuery,
    newest: ByteString,
  ): void {
    const { backend, permits, turns } = this.#context;
    if (this.#isAbandoned) return permits.release();
    const { area, sinceMs, slot } = query;
    const answer = backend.places(newest, area);
    turns.end(this.workload);
    answer.then((body) => {
      backend.recordQueryDuration(backend.elapsedMs() - sinceMs);
      this.#queriesInFlight -= 1;
      this.#replyBytes += body.length + 2 - newest.length - areaBytes(query);
      slot.body = body;
      this.#fill(slot, newest);
      permits.release();
    });
  }

  /**
   * Ends the connection when the replica cannot answer. A `?` would mean that
   * the client is unknown.
   */
  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.settling.fail(reason);
    this.#observer.onReady();
  }

  /** Replies to a line that is no command. */
  #refuseUnknown(line: ByteString): void {
    logInvalid(this.#traffic, line);
    // Every line gets a reply, so the first one finds none.
    const isFirst = !this.#hasReplied && this.#waiting.length === 0 &&
      (this.#ready?.length ?? 0) === 0;
    this.#refuse(line);
    if (!isFirst || !isHttpRequestLine(line)) return;
    this.#context.refusals.add("http-request");
    this.#observer.onHttpRequest?.();
  }

  #refuse(line: ByteString): void {
    this.#context.lines.invalid += 1;
    this.#reply(formatInvalid(line));
  }

  /** Replies `?` to a queued query, as its client is unknown. */
  #refuseQueued(query: QueuedQuery, line: ByteString): void {
    this.#queued.splice(this.#queued.indexOf(query), 1);
    this.#replyBytes -= areaBytes(query);
    this.#context.lines.invalid += 1;
    this.#fill(query.slot, formatInvalid(line));
  }

  /** Sets the reply of a slot. */
  #fill(slot: Slot, reply: ByteString): void {
    slot.reply = reply;
    this.#replyBytes += reply.length + 1;
    this.#advance();
  }

  #reply(reply: ByteString): void {
    this.#replyBytes += reply.length + 1;
    if (this.#waiting.length === 0) this.#batch.add(reply);
    else this.#addSlot({ reply });
  }

  /** Adds a slot at the end of the order. */
  #addSlot(slot: Slot): void {
    this.#waiting.push(slot);
    this.#replyBytes += slotBytes;
  }

  /** The batch for replies that can be written. */
  get #batch(): Batch {
    return this.#ready ??= this.#context.replyPool.acquire();
  }

  /** Continues after a slot was filled. */
  #advance(): void {
    const count = this.#fillBatch();
    this.#resume();
    if (count > 0) this.#observer.onReady();
  }

  /**
   * Moves replies that wait for no earlier reply to `#ready`, while that is
   * shorter than one write. The AT lines in the others may be shared, and their
   * copies in `#ready` are not. Returns how many it has moved.
   */
  #fillBatch(): number {
    if (this.#waiting.length === 0) return 0;
    let count = 0;
    for (const { body, reply } of this.#waiting) {
      const isFull = (this.#ready?.length ?? 0) >= maxWriteBytes;
      if (reply === undefined || isFull) break;
      if (body === undefined) this.#batch.add(reply);
      else this.#batch.addTexts(reply, body);
      count += 1;
    }
    this.#waiting.splice(0, count);
    this.#replyBytes -= count * slotBytes;
    return count;
  }

  /** Starts queued queries and allows reading again, if the limits permit. */
  #resume(): void {
    this.onPermit();
    if (this.#onWritable === undefined || this.#limitReached !== undefined) {
      return;
    }
    this.#onWritable();
    this.#onWritable = undefined;
  }

  /** The limit for which reading must stop; undefined if there is none. */
  get #limitReached(): "pipelined" | "reply-bytes" | undefined {
    if (this.#isAbandoned) return undefined;
    const { maxRepliesWaiting, maxReplyBytesWaiting } = this.#context.limits;
    if (this.#waiting.length >= maxRepliesWaiting) return "pipelined";
    if (this.#replyBytes >= maxReplyBytesWaiting) return "reply-bytes";
    return undefined;
  }
}

/** The memory of a query's area, in bytes. */
function areaBytes({ area: { bound, radiusKm } }: QueuedQuery): number {
  return bound.length + radiusKm.length;
}
