/**
 * Writes the replies of one connection, each after the replica has confirmed the
 * reports before it.
 *
 * @module
 */
import type { Batch } from "../protocol/batch.ts";
import type { Clock } from "../runtime/clock.ts";
import type { TrafficLog, Transport } from "../runtime/transport.ts";
import { longWriteBytes, maxWriteBytes } from "./limits.ts";
import { logReply } from "./logged_lines.ts";
import type { Session, SessionContext } from "./session.ts";
import type { Silence } from "./silence.ts";

/** What a writer needs of its connection. */
export interface ReplyWriterOptions {
  readonly transport: Transport;
  readonly traffic: TrafficLog;
  readonly session: Session;
  readonly context: SessionContext & { readonly clock: Clock };
  readonly silence: Silence;
}

/** Writes the replies of a session. */
export class ReplyWriter {
  readonly #transport: Transport;
  readonly #traffic: TrafficLog;
  readonly #session: Session;
  readonly #context: ReplyWriterOptions["context"];
  readonly #silence: Silence;
  #writing: Promise<void> | undefined;
  /** Size of the replies that are being written. */
  #bytes = 0;
  /** Whether a write is waiting for the client to read. */
  #isSending = false;
  #answeredWaiters: (() => void)[] | undefined;

  constructor(
    { context, session, silence, traffic, transport }: ReplyWriterOptions,
  ) {
    this.#transport = transport;
    this.#traffic = traffic;
    this.#session = session;
    this.#context = context;
    this.#silence = silence;
  }

  /** Bytes of the replies that are being written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a write has begun and not ended. */
  get isWriting(): boolean {
    return this.#writing !== undefined;
  }

  /** Whether the client has to read before a write can end. */
  get isSending(): boolean {
    return this.#isSending;
  }

  /**
   * Flushes the replica, then writes the replies that are ready. Undefined if
   * there is nothing to wait for.
   *
   * @throws {ReplicaError} If no further reply may be written.
   */
  write(): Promise<void> | undefined {
    this.#flushReplica();
    if (this.#writing !== undefined) return this.#writeNext();
    const replies = this.#session.takeReplies();
    if (replies === undefined) return undefined;
    return this.#writing = this.#writeReplies(replies);
  }

  /** @throws {ReplicaError} If no further reply may be written. */
  #flushReplica(): void {
    const { settling } = this.#session;
    this.#context.replica.flush(settling);
    if (settling.failure !== undefined) throw settling.failure;
  }

  async #writeNext(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    // More replies may have become ready during that write.
    this.stampTime();
    await this.write();
  }

  /**
   * Flood before reply: the replica confirms every report in these replies
   * before the first byte is written.
   */
  async #writeReplies(first: Batch): Promise<void> {
    const { replyPool } = this.#context;
    let replies: Batch | undefined = first;
    // Whether this code runs in a turn for which the connection has waited.
    let hasTurn = false;
    try {
      while (true) {
        let isLong = false;
        this.#bytes = replies.length;
        const wait = this.#session.settling.settled();
        if (wait !== undefined) {
          await wait;
          this.stampTime();
        }
        const { bytes, ends } = replies;
        let start = 0;
        for (let index = 0; index < ends.length;) {
          let end = ends[index];
          let next = index + 1;
          while (next < ends.length && end - start < maxWriteBytes) {
            end = ends[next];
            next += 1;
          }
          isLong = end - start >= longWriteBytes;
          const room = this.#traffic.whenDrained(isLong);
          if (room !== undefined || isLong && !hasTurn) {
            await this.#waitForRoom(room, isLong);
          }
          hasTurn = false;
          // Sent first and logged during the write, so that the client need not
          // wait for the log.
          const portion = bytes.subarray(start, end);
          this.#isSending = true;
          // Time before this write does not count.
          this.#silence.hasProgressed = true;
          const writing = this.#transport.write(portion);
          for (; index < next; index++) {
            logReply(this.#traffic, bytes, start, ends[index] - 1);
            start = ends[index];
          }
          if (isLong) this.#context.turns.end(this.#session.workload);
          const written = await writing;
          this.#silence.hasProgressed = true;
          if (written < portion.length) await this.#writeRest(portion, written);
          this.#isSending = false;
          if (next < ends.length) this.stampTime();
        }
        replyPool.release(replies);
        replies = undefined;
        this.#bytes = 0;
        if (isLong) {
          // In this turn more replies are copied, and more queries begin.
          await this.waitForTurn(undefined);
          hasTurn = true;
        }
        replies = this.#session.takeReplies();
        if (replies === undefined) break;
        this.stampTime();
        this.#flushReplica();
      }
    } finally {
      this.#writing = undefined;
      this.#bytes = 0;
      if (replies !== undefined) replyPool.release(replies);
    }
    this.releaseIfAnswered();
  }

  /**
   * Waits until the log has room, as what is logged faster than the disk writes
   * waits in memory, and until the connection may work again.
   */
  async #waitForRoom(
    firstWait: Promise<void> | undefined,
    isLong: boolean,
  ): Promise<void> {
    let room = firstWait;
    do {
      await this.waitForTurn(room);
      room = this.#traffic.whenDrained(isLong);
    } while (room !== undefined);
    this.stampTime();
  }

  /** Writes the rest of some bytes. Each part that is written counts as progress. */
  async #writeRest(bytes: Uint8Array, writtenBefore: number): Promise<void> {
    let written = writtenBefore;
    while (written < bytes.length) {
      written += await this.#transport.write(bytes.subarray(written));
      this.#silence.hasProgressed = true;
    }
  }

  /** Resolves when all requests are answered, and the answers are written. */
  async answerAll(): Promise<void> {
    if (this.#session.isAwaiting) {
      await new Promise<void>((resolve) =>
        (this.#answeredWaiters ??= []).push(resolve)
      );
    }
    await this.write();
  }

  /** Waits for a promise, if given, and then for the connection's turn. */
  async waitForTurn(wait: Promise<void> | undefined): Promise<void> {
    if (wait !== undefined) await wait;
    await this.#context.turns.begin(this.#session.workload);
  }

  /** Sets the time of the lines that are logged from now on. */
  stampTime(): void {
    this.#traffic.stampTime(this.#context.clock.now());
  }

  /** Ends an encrypted stream with close_notify. A failure changes nothing. */
  async closeEncryptedStream(): Promise<void> {
    if (this.#transport.channelBinding === undefined) return;
    // close_notify waits for the replies that the client has not read yet.
    this.#isSending = true;
    this.#silence.hasProgressed = true;
    try {
      await this.#transport.closeWrite();
    } catch {
      // All replies were written, and the client closed without waiting.
    }
  }

  /** Ends the waits for answers: all answers are there, or the client is gone. */
  releaseAnswered(): void {
    const waiters = this.#answeredWaiters ?? [];
    this.#answeredWaiters = undefined;
    for (const resolve of waiters) resolve();
  }

  /** Does the same if every request has its answer. */
  releaseIfAnswered(): void {
    if (!this.#session.isAwaiting) this.releaseAnswered();
  }
}
