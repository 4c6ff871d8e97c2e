/**
 * One client's connection: reads lines, hands them to the session, and writes
 * the replies once the replica has the reports where it promises them to be.
 * Everything asked is answered, also when the client has ended its side, before
 * the connection closes.
 *
 * @module
 */
import type { Batch } from "../protocol/batch.ts";
import { LineFramer } from "../protocol/framer.ts";
import type { ReportSource } from "../replica/report_source.ts";
import { ReplicaError } from "../replica/settling.ts";
import type { Clock } from "../runtime/clock.ts";
import {
  closeQuietly,
  describeFault,
  EncryptionError,
  lingerAndClose,
  ReadBuffer,
  type TrafficLog,
  type Transport,
} from "../runtime/transport.ts";
import {
  heartbeatMs,
  maxWriteBytes,
  refusalLingerMs,
  stopAnswerMs,
  stopLingerMs,
} from "./limits.ts";
import { Session, type SessionContext } from "./session.ts";

/** Why a client's connection ended. */
export type ConnectionEnd =
  /** The client ended its side and has all its answers. */
  | "client closed"
  /** The connection broke, or the client did not wait for its answers. */
  | "connection lost"
  /** The client sent a line over the limit. */
  | "line too long"
  /** The client did not take its replies, for too long or too many. */
  | "slow consumer"
  /** The client said nothing for longer than it may. */
  | "idle"
  /** The client did not speak TLS where it should, or failed at it. */
  | "encryption failed"
  /** The server's replica could not keep a report, or answer a query. */
  | "replica failed"
  /** This server is stopping. */
  | "stopping";

/** What all connections need from their server. */
export interface ConnectionContext extends SessionContext {
  readonly clock: Clock;
}

/** One connection of a client. */
export class ClientConnection {
  readonly #transport: Transport;
  readonly #traffic: TrafficLog;
  readonly #context: ConnectionContext;
  readonly #session: Session;
  readonly #framer: LineFramer;
  readonly #reading = new ReadBuffer();
  /** A chunk that could not be taken without a wait. */
  #processing: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #answeredWaiters: (() => void)[] | undefined;
  #end: ConnectionEnd | undefined;
  #detail = "";
  #cancelClosing: (() => void) | undefined;
  #isOver = false;
  /** Of the replies that are being written. */
  #writingBytes = 0;
  /** Whether we wait for the client to take what is being written. */
  #isSending = false;
  /** Whether bytes came in or went out since the last beat. */
  #hasProgressed = false;
  /** Beats in a row in which none did. */
  #stillHeartbeats = 0;

  constructor(
    transport: Transport,
    traffic: TrafficLog,
    context: ConnectionContext,
    source?: ReportSource,
  ) {
    this.#transport = transport;
    this.#traffic = traffic;
    this.#context = context;
    this.#framer = new LineFramer(context.limits.maxLineBytes);
    this.#session = new Session(
      context,
      traffic,
      () => this.#writeInBackground(),
      source,
    );
  }

  /** Bytes of replies that the client has not taken yet. */
  get replyBytes(): number {
    return this.#session.replyBytes + this.#writingBytes;
  }

  /** What the reason for the end does not say by itself, for the log. */
  get detail(): string {
    return this.#detail;
  }

  /** Serves the client until the connection ends; returns why. */
  async run(): Promise<ConnectionEnd> {
    const { clock } = this.#context;
    try {
      while (this.#end !== "line too long") {
        const count = await this.#transport.read(this.#reading.buffer);
        if (count === null) break;
        const wait = this.#processChunk(count);
        if (wait !== undefined) await wait;
      }
      this.#processLastLine();
      await this.#answerAll();
      if (this.#end === "line too long") {
        await lingerAndClose(this.#transport, clock, refusalLingerMs);
      } else {
        await this.#closeEncryptedStream();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isOver = true;
    this.#cancelClosing?.();
    closeQuietly(this.#transport);
    return this.#end ?? "client closed";
  }

  /**
   * Takes no more requests, answers what was asked, and ends this side. The
   * client has a moment to end its own before `run` returns.
   */
  async stop(): Promise<void> {
    this.#end ??= "stopping";
    this.#closeAfter(stopAnswerMs);
    try {
      await this.#processing;
      await this.#answerAll();
      await this.#transport.closeWrite();
    } catch (error) {
      this.#fail(error);
    }
    this.#closeAfter(stopLingerMs);
  }

  /**
   * To be called every `heartbeatMs`. Silence is counted in heartbeats: a pause
   * of this server itself does not count against its clients.
   */
  onHeartbeat(): void {
    this.#stillHeartbeats = this.#hasProgressed ? 0 : this.#stillHeartbeats + 1;
    this.#hasProgressed = false;
    const { counts, limits: { idleMs, slowConsumerMs } } = this.#context;
    // The first of these beats may have come right after the last byte.
    const stillMs = (this.#stillHeartbeats - 1) * heartbeatMs;
    if (this.#isSending) {
      if (stillMs < slowConsumerMs) return;
      counts.hit("slow-consumer-seconds");
      this.abort("slow consumer", `nothing taken for ${slowConsumerMs} ms`);
    } else if (stillMs >= idleMs && this.#isIdle) {
      counts.hit("idle-seconds");
      this.abort("idle", `nothing said for ${idleMs} ms`);
    }
  }

  /** Ends the connection at once. */
  abort(end: ConnectionEnd, detail: string): void {
    this.#end ??= end;
    this.#detail ||= detail;
    this.#abandon();
  }

  /** Whether nothing is to be done but to wait for the client. */
  get #isIdle(): boolean {
    return this.#processing === undefined && this.#writing === undefined &&
      !this.#session.isAwaiting;
  }

  /** Closes in a while, unless the connection is over by then. */
  #closeAfter(delayMs: number): void {
    if (this.#isOver) return;
    this.#cancelClosing?.();
    this.#cancelClosing = this.#context.clock.after(
      delayMs,
      () => {
        closeQuietly(this.#transport);
        this.#session.settling.cancel();
      },
    );
  }

  /** Takes what was read; returns what to wait for before the next read. */
  #processChunk(count: number): Promise<void> | undefined {
    this.#hasProgressed = true;
    // What comes in after we began to stop is read but not answered.
    if (this.#end !== undefined) return undefined;
    this.#framer.push(this.#reading.buffer, count);
    this.#reading.noteRead(count);
    const wait = this.#processLines();
    return wait === undefined ? this.#write() : this.#continueProcessing(wait);
  }

  /** The stream has ended, perhaps within a line. */
  #processLastLine(): void {
    const framer = this.#framer;
    if (this.#transport.wasTruncated) this.#detail = "without close_notify";
    if (this.#end !== undefined || !framer.end()) return;
    // A time that lacks its last digits would be another time.
    if (this.#transport.wasTruncated) return;
    this.#session.stampTime();
    this.#session.receive(framer.bytes, framer.start, framer.stop);
  }

  /** Takes the lines of a chunk; returns what to wait for before it goes on. */
  #processLines(): Promise<void> | undefined {
    const framer = this.#framer;
    const session = this.#session;
    session.stampTime();
    while (true) {
      const room = this.#traffic.whenDrained();
      if (room !== undefined) return room;
      const writable = session.whenWritable();
      if (writable !== undefined) return this.#writeBefore(writable);
      if (!framer.next()) break;
      session.receive(framer.bytes, framer.start, framer.stop);
    }
    if (framer.tooLong !== undefined) {
      session.refuseTooLong(framer.tooLong);
      this.#end ??= "line too long";
    }
    return undefined;
  }

  /** Takes the rest of a chunk, with as many waits as it needs. */
  async #continueProcessing(firstWait: Promise<void>): Promise<void> {
    this.#processing = this.#processRest(firstWait);
    await this.#processing;
    this.#processing = undefined;
    await this.#write();
  }

  async #processRest(firstWait: Promise<void>): Promise<void> {
    let wait: Promise<void> | undefined = firstWait;
    while (wait !== undefined) {
      await wait;
      wait = this.#processLines();
    }
  }

  async #writeBefore(writable: Promise<void>): Promise<void> {
    await this.#write();
    await writable;
  }

  /**
   * Passes on what was accepted, then writes the replies that are ready.
   * Undefined if there is nothing to wait for.
   *
   * @throws {ReplicaError} If no further reply may go out.
   */
  #write(): Promise<void> | undefined {
    const { settling } = this.#session;
    this.#context.replica.flush(settling);
    if (settling.failure !== undefined) throw settling.failure;
    if (this.#writing !== undefined) return this.#writeNext();
    const replies = this.#session.takeReplies();
    if (replies === undefined) return undefined;
    return this.#writing = this.#writeReplies(replies);
  }

  async #writeNext(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    // More may have been accepted while somebody else was writing.
    this.#stampTime();
    await this.#write();
  }

  /**
   * Flood before reply: every update that these replies are about is where the
   * replica promises it to be before the first byte of them is written.
   */
  async #writeReplies(replies: Batch): Promise<void> {
    const { replyPool } = this.#context;
    const { bytes, ends } = replies;
    this.#writingBytes = replies.length;
    try {
      const wait = this.#session.settling.settled();
      if (wait !== undefined) {
        await wait;
        this.#stampTime();
      }
      let start = 0;
      for (let index = 0; index < ends.length;) {
        let end = ends[index];
        let next = index + 1;
        while (next < ends.length && end - start < maxWriteBytes) {
          end = ends[next];
          next += 1;
        }
        // First on their way, then in the log: the client can go on meanwhile.
        const portion = bytes.subarray(start, end);
        const written = this.#send(portion);
        for (; index < next; index++) {
          this.#traffic.sent(bytes, start, ends[index] - 1);
          start = ends[index];
        }
        await written;
        if (next < ends.length) this.#stampTime();
      }
    } finally {
      this.#writing = undefined;
      this.#writingBytes = 0;
      replyPool.release(replies);
    }
  }

  /** Writes bytes. Every part that the client takes is a move. */
  async #send(bytes: Uint8Array): Promise<void> {
    this.#isSending = true;
    // Nobody was slow while there was nothing to take.
    this.#hasProgressed = true;
    let written = await this.#transport.write(bytes);
    this.#hasProgressed = true;
    while (written < bytes.length) {
      written += await this.#transport.write(bytes.subarray(written));
      this.#hasProgressed = true;
    }
    this.#isSending = false;
  }

  /** Writes what has become ready while nobody was reading. */
  async #writeInBackground(): Promise<void> {
    try {
      this.#stampTime();
      await this.#write();
    } catch (error) {
      this.#fail(error);
    }
    if (!this.#session.isAwaiting) this.#releaseAnswered();
  }

  async #answerAll(): Promise<void> {
    if (this.#session.isAwaiting) {
      await new Promise<void>((resolve) =>
        (this.#answeredWaiters ??= []).push(resolve)
      );
    }
    await this.#write();
  }

  /** What is logged from here on happens now. */
  #stampTime(): void {
    this.#traffic.stampTime(this.#context.clock.now());
  }

  /** An encrypted stream has an end of its own, which may be missed. */
  async #closeEncryptedStream(): Promise<void> {
    if (this.#transport.channelBinding === undefined) return;
    // It stands behind all that the client has not read yet.
    this.#isSending = true;
    this.#hasProgressed = true;
    try {
      await this.#transport.closeWrite();
    } catch {
      // The client has all its answers, and has not waited for more.
    }
  }

  #releaseAnswered(): void {
    const waiters = this.#answeredWaiters ?? [];
    this.#answeredWaiters = undefined;
    for (const resolve of waiters) resolve();
  }

  #fail(error: unknown): void {
    if (!(error instanceof ReplicaError)) {
      this.#end ??= error instanceof EncryptionError
        ? "encryption failed"
        : "connection lost";
      this.#detail ||= describeFault(error);
    } else if (this.#end === undefined) {
      this.#end = "replica failed";
      this.#detail ||= error.message;
    }
    this.#abandon();
  }

  /** There is nobody any more to read for, or to write to. */
  #abandon(): void {
    closeQuietly(this.#transport);
    this.#session.abandon();
    this.#releaseAnswered();
  }
}
