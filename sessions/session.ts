/**
 * One client's conversation: takes its lines, makes the replies, and keeps
 * them in the order of the requests while questions wait for an answer. Knows
 * no socket.
 *
 * @module
 */
import type { Batch, BatchPool } from "../protocol/batch.ts";
import {
  type ByteString,
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
import { IamatSpan } from "../protocol/iamat_span.ts";
import { Report, type ReportWriter } from "../protocol/report.ts";
import type { Timestamp } from "../protocol/time.ts";
import type { Replica } from "../replica/replica.ts";
import { Settling } from "../replica/settling.ts";
import type { ReportSource } from "../replica/report_source.ts";
import type { LimitCounts, LimitName } from "../runtime/limit_counts.ts";
import type { FairSemaphore, PermitWaiter } from "../runtime/semaphore.ts";
import type { TrafficLog } from "../runtime/transport.ts";
import { type ClientLimits, slotBytes } from "./limits.ts";

/** What a session asks of its server. */
export interface SessionBackend {
  /** Writes the server's AT lines. */
  readonly reports: ReportWriter;
  /** The time of day. */
  readonly now: () => Timestamp;
  /** Milliseconds from an arbitrary start. */
  readonly elapsedMs: () => number;
  /**
   * The places around the position in an AT line, as text of Google's shape
   * without empty lines or newlines at its end. Never rejects.
   */
  readonly places: (
    line: ByteString,
    query: Whatsat,
  ) => Promise<ByteString>;
  /** A question was answered, so many milliseconds after it came in. */
  readonly recordQueryDuration: (durationMs: number) => void;
}

/** How many lines were answered, by what they were. */
export type LineCounters = Record<LineKind, number>;

/** All of them 0. */
export function createLineCounters(): LineCounters {
  const kinds = [...verbs.map(lineKindOf), "invalid" as const];
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as LineCounters;
}

/** What sessions use of their server's replica. */
export type SessionReplica = Pick<Replica, "put" | "find" | "flush">;

/** What all sessions of a server share. */
export interface SessionContext {
  readonly backend: SessionBackend;
  readonly replica: SessionReplica;
  readonly limits: ClientLimits;
  /** Where it is counted that a limit was reached. */
  readonly counts: LimitCounts;
  readonly lines: LineCounters;
  readonly permits: FairSemaphore;
  /** Where replies are gathered. */
  readonly replyPool: BatchPool;
}

/**
 * A reply in its place in the order, without its last LF; without text while it
 * is awaited.
 */
interface Slot {
  reply?: ByteString;
}

// What is being read and what is made of it: filled anew for every line.
const iamat = new IamatSpan();
const report = new Report();

/** A question that is not asked yet. */
interface QueuedQuery {
  readonly slot: Slot;
  /** When it came in. */
  readonly sinceMs: number;
  /** The AT line about the client; undefined until the replica has found it. */
  newest: ByteString | undefined;
  readonly query: Whatsat;
}

/** The time of a session that has received nothing. */
const noTime: Timestamp = { seconds: 0, nanoseconds: 0 };

/** The replies to one client's lines, in order. */
export class Session implements PermitWaiter {
  /** What has to happen before replies may go out. */
  readonly settling = new Settling();
  readonly #context: SessionContext;
  readonly #traffic: TrafficLog;
  readonly #onReady: () => void;
  readonly #source: ReportSource | undefined;
  #now = noTime;
  /** Replies that can go out. */
  #ready: Batch | undefined;
  /** From the first awaited reply on. */
  readonly #waiting: Slot[] = [];
  /** Questions that are not asked yet, in order. */
  readonly #queued: QueuedQuery[] = [];
  #queriesInFlight = 0;
  /** Of the replies that are ready or wait, and of their places in the order. */
  #replyBytes = 0;
  #isAbandoned = false;
  #onWritable: (() => void) | undefined;

  /**
   * @param onReady Called when awaited replies have become ready, or will not
   * come.
   * @param source On whose behalf the client reports.
   */
  constructor(
    context: SessionContext,
    traffic: TrafficLog,
    onReady: () => void,
    source?: ReportSource,
  ) {
    this.#source = source;
    this.#context = context;
    this.#traffic = traffic;
    this.#onReady = onReady;
  }

  /**
   * What is received from now on has come in now: to be called once a chunk,
   * and after every wait.
   */
  stampTime(): void {
    this.#now = this.#context.backend.now();
    this.#traffic.stampTime(this.#now);
  }

  /** Takes one line, without its LF. Every line gets exactly one reply. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    this.#traffic.received(bytes, start, end);
    if (!iamat.read(bytes, start, end)) {
      this.#receiveText(decodeBytes(bytes, start, end));
    } else if (!this.#report()) {
      this.#refuse(decodeBytes(bytes, start, end));
    }
  }

  /** The same for whatever is no IAMAT of the shortest form. */
  #receiveText(line: ByteString): void {
    const command = parseCommand(line);
    if (command === undefined) return this.#refuse(line);
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
        // Every verb has its handler.
        return command satisfies never;
    }
  }

  /** Answers a line that was too long, of which only the start is known. */
  refuseTooLong(start: ByteString): void {
    this.#context.counts.hit("line-bytes");
    this.#traffic.received(encodeScratch(start), 0, start.length);
    this.#refuse(start);
  }

  /**
   * The client is gone: nobody is asked any more on its behalf, and nothing is
   * awaited. Reports that it has sent still count.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.settling.cancel();
    // Answers that are under way keep this session in memory for a while.
    this.#queued.length = 0;
    this.#waiting.length = 0;
    this.#resume();
  }

  /**
   * When the client may go on asking; undefined if it may at once. Reading
   * stops until then: nothing is dropped.
   */
  whenWritable(): Promise<void> | undefined {
    const limit = this.#limitReached;
    if (limit === undefined) return undefined;
    this.#context.counts.hit(limit);
    return new Promise((resolve) => this.#onWritable = resolve);
  }

  /** Bytes of the replies that are ready or wait. */
  get replyBytes(): number {
    return this.#replyBytes;
  }

  /** Whether a question has no answer yet. */
  get isAwaiting(): boolean {
    return this.#waiting.length > 0 && !this.#isAbandoned;
  }

  /**
   * Takes the replies that can go out, in order; undefined if there are none.
   * They go back to the pool when they have been written.
   */
  takeReplies(): Batch | undefined {
    const replies = this.#ready;
    if (replies === undefined || replies.length === 0) return undefined;
    this.#ready = undefined;
    this.#replyBytes -= replies.length;
    this.#resume();
    return replies;
  }

  /** Reports what `iamat` says. False if it is beyond a limit. */
  #report(): boolean {
    const { backend: { reports }, counts, lines, replica, replyPool } =
      this.#context;
    const limit = this.#operandLimit();
    if (limit !== undefined) {
      counts.hit(limit);
      return false;
    }
    const isNext = this.#waiting.length === 0;
    const replies = isNext
      ? this.#ready ??= replyPool.acquire()
      : replyPool.acquire();
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
    replies.finish(report.end);
    this.#replyBytes += replies.length - start;
    if (!isNext) {
      this.#await({ reply: replies.text.slice(0, -1) });
      replyPool.release(replies);
    }
    return true;
  }

  /** The limit that an operand of `iamat` is beyond; undefined for none. */
  #operandLimit(): LimitName | undefined {
    const { maxIdBytes, maxPositionBytes, maxTimeBytes } = this.#context.limits;
    const { clientEnd, clientStart, end, timeStart } = iamat;
    if (clientEnd - clientStart > maxIdBytes) return "id-bytes";
    if (end - timeStart > maxTimeBytes) return "time-bytes";
    // One space stands before the position and one behind it.
    if (timeStart - clientEnd - 2 > maxPositionBytes) return "position-bytes";
    return undefined;
  }

  #queueQuery(line: ByteString, query: Whatsat): void {
    const { backend, counts, limits, replica } = this.#context;
    if (query.client.length > limits.maxIdBytes) {
      counts.hit("id-bytes");
      return this.#refuse(line);
    }
    const found = replica.find(query.client);
    if (found === undefined) return this.#refuse(line);
    const queued: QueuedQuery = {
      slot: {},
      sinceMs: backend.elapsedMs(),
      newest: undefined,
      query,
    };
    this.#await(queued.slot);
    this.#queued.push(queued);
    if (typeof found === "string") return this.#onFound(queued, found);
    found.then((newest) => {
      if (this.#isAbandoned) return;
      if (newest === undefined) this.#refuseQueued(queued, line);
      else this.#onFound(queued, newest);
    }, (error) => this.#fail(error));
  }

  /** The client that a query is about is known. */
  #onFound(query: QueuedQuery, newest: ByteString): void {
    const { counts, lines } = this.#context;
    lines.whatsat += 1;
    query.newest = newest;
    this.onPermit();
    if (!this.#queued.includes(query)) return;
    const { maxQueriesInFlight } = this.#context.limits;
    counts.hit(
      this.#queriesInFlight >= maxQueriesInFlight
        ? "whatsats-per-connection"
        : "whatsats",
    );
  }

  /** Asks as many as may be under way. What is behind the rest goes on. */
  onPermit(): void {
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
      this.#sendQuery(next, next.newest!);
    }
  }

  /**
   * Whether a query may be asked though replies wait. One for which all of them
   * wait must be: no other answer would make room.
   */
  #hasRoomFor({ slot }: QueuedQuery): boolean {
    const { maxReplyBytesWaiting } = this.#context.limits;
    return this.#replyBytes < maxReplyBytesWaiting ||
      slot === this.#waiting[0] && (this.#ready?.length ?? 0) === 0;
  }

  #sendQuery(
    { query, sinceMs, slot }: QueuedQuery,
    newest: ByteString,
  ): void {
    const { backend, permits } = this.#context;
    backend.places(newest, query).then((body) => {
      backend.recordQueryDuration(backend.elapsedMs() - sinceMs);
      this.#queriesInFlight -= 1;
      this.#fill(slot, `${newest}\n${body}\n`);
      permits.release();
    });
  }

  /** The replica cannot answer: a `?` would say that the client is unknown. */
  #fail(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.settling.fail(reason);
    this.#onReady();
  }

  #refuse(line: ByteString): void {
    this.#context.lines.invalid += 1;
    this.#reply(formatInvalid(line));
  }

  /** The client that a query is about is unknown. */
  #refuseQueued(query: QueuedQuery, line: ByteString): void {
    this.#queued.splice(this.#queued.indexOf(query), 1);
    this.#context.lines.invalid += 1;
    this.#fill(query.slot, formatInvalid(line));
  }

  /** Fills a place in the order. */
  #fill(slot: Slot, reply: ByteString): void {
    slot.reply = reply;
    this.#replyBytes += reply.length + 1;
    this.#advance();
  }

  #reply(reply: ByteString): void {
    this.#replyBytes += reply.length + 1;
    if (this.#waiting.length === 0) this.#addReady(reply);
    else this.#await({ reply });
  }

  /** Takes the next place in the order. */
  #await(slot: Slot): void {
    this.#waiting.push(slot);
    this.#replyBytes += slotBytes;
  }

  #addReady(reply: ByteString): void {
    this.#ready ??= this.#context.replyPool.acquire();
    this.#ready.add(reply);
  }

  /** Moves what is no longer behind an awaited reply. */
  #advance(): void {
    let count = 0;
    for (const { reply } of this.#waiting) {
      if (reply === undefined) break;
      this.#addReady(reply);
      count += 1;
    }
    this.#waiting.splice(0, count);
    this.#replyBytes -= count * slotBytes;
    this.#resume();
    if (count > 0) this.#onReady();
  }

  /** Goes on with what had to wait, if it need no longer. */
  #resume(): void {
    this.onPermit();
    if (this.#onWritable === undefined || this.#limitReached !== undefined) {
      return;
    }
    this.#onWritable();
    this.#onWritable = undefined;
  }

  /** Why nothing more should be read now; undefined if it may be. */
  get #limitReached(): "pipelined" | "reply-bytes" | undefined {
    if (this.#isAbandoned) return undefined;
    const { maxRepliesWaiting, maxReplyBytesWaiting } = this.#context.limits;
    if (this.#waiting.length >= maxRepliesWaiting) return "pipelined";
    if (this.#replyBytes >= maxReplyBytesWaiting) return "reply-bytes";
    return undefined;
  }
}
