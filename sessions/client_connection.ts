/**
 * One client's connection. It reads lines, passes them to the session, and
 * writes the replies after the replica has confirmed the reports before them.
 * Every request is answered before the connection closes, also if the client
 * has ended its side.
 *
 * @module
 */
import type { CertificateAuthenticator } from "../identity/certificate_authenticator.ts";
import type { ClientRates } from "../identity/client_rates.ts";
import type { Identity } from "../identity/identity.ts";
import type { Batch } from "../protocol/batch.ts";
import type { ByteString } from "../protocol/bytes.ts";
import { parseCommand } from "../protocol/command.ts";
import { isBlank } from "../protocol/fields.ts";
import { LineFramer } from "../protocol/framer.ts";
import { ReportSource } from "../replica/report_source.ts";
import { ReplicaError } from "../replica/settling.ts";
import { type Clock, secondsOf } from "../runtime/clock.ts";
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
  linesPerPiece,
  longWriteBytes,
  maxWriteBytes,
  refusalLingerMs,
  stopAnswerMs,
  stopLingerMs,
  untimedBytes,
  untimedMs,
} from "./limits.ts";
import { logReply } from "./logged_lines.ts";
import { Pace } from "./pace.ts";
import type { ReceivedBytes } from "./received_bytes.ts";
import type { ConnectionEnd, ServedConnection } from "./served_connection.ts";
import {
  Session,
  type SessionContext,
  type SessionObserver,
} from "./session.ts";

/** What all connections of a server share. */
export interface ConnectionContext extends SessionContext {
  readonly clock: Clock;
  /**
   * Knows what certificates permit; undefined if clients have none. Required for
   * transports with certificates.
   */
  readonly certificates?: Pick<CertificateAuthenticator, "authenticate">;
  /** The rates of clients; undefined if they are not limited. */
  readonly rates?: ClientRates;
}

/**
 * Called when an identity does not permit a command: once for reports and once
 * for queries of a connection, so that a client cannot fill the log.
 */
export type OnDenied = (
  use: "report" | "query",
  client: ByteString,
  identity: Identity,
) => void;

/** One connection of a client. */
export class ClientConnection implements ServedConnection, SessionObserver {
  /** The client's address, if connections are limited by address. */
  readonly addressKey: string | undefined;
  readonly #transport: Transport;
  readonly #traffic: TrafficLog;
  readonly #context: ConnectionContext;
  readonly #session: Session;
  readonly #framer: LineFramer;
  readonly #receivedBytes: ReceivedBytes | undefined;
  readonly #reading = new ReadBuffer();
  readonly #pace: Pace | undefined;
  readonly #onDenied: OnDenied | undefined;
  /** What the client may do; undefined for everything. */
  #identity: Identity | undefined;
  /** The commands that were denied. */
  #denied: ReadonlySet<"report" | "query"> | undefined;
  /** What this connection adds to `#receivedBytes`. */
  #heldBytes = 0;
  /** Whether the chunk that is being processed takes too little to be timed. */
  #isUntimed = false;
  /** The chunk that is being processed, if that has to wait. */
  #processing: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #answeredWaiters: (() => void)[] | undefined;
  #end: ConnectionEnd | undefined;
  #detail = "";
  #cancelClosing: (() => void) | undefined;
  #cancelPartialLine: (() => void) | undefined;
  /** Whether a command was answered without its LF, which may still come. */
  #isLineFeedDue = false;
  #isOver = false;
  /** Size of the replies that are being written. */
  #writingBytes = 0;
  /** Whether a write is waiting for the client to read. */
  #isSending = false;
  /** Whether bytes were received or sent since the last heartbeat. */
  #hasProgressed = false;
  /** Heartbeats in a row without progress. */
  #quietHeartbeats = 0;

  /** @param receivedBytes Counts the bytes of all connections. */
  constructor(
    transport: Transport,
    traffic: TrafficLog,
    context: ConnectionContext,
    source?: ReportSource,
    receivedBytes?: ReceivedBytes,
    onDenied?: OnDenied,
  ) {
    this.#receivedBytes = receivedBytes;
    this.#onDenied = onDenied;
    this.addressKey = source?.key;
    this.#transport = transport;
    this.#traffic = traffic;
    this.#context = context;
    this.#framer = new LineFramer(context.limits.maxLineBytes);
    // With a certificate the rates are known when the client is.
    const { clock, counts, rates } = context;
    if (rates !== undefined) {
      const own = rates.ofConnection(undefined, clock.elapsedMs());
      this.#pace = new Pace(own, clock, counts);
    }
    this.#session = new Session(context, traffic, this, source, this.#pace);
  }

  /** Bytes of replies that have not been written to the client yet. */
  get replyBytes(): number {
    return this.#session.replyBytes + this.#writingBytes;
  }

  /**
   * For how long nothing was received or sent, in milliseconds; 0 while a reply
   * is due, and when the connection has ended.
   */
  get idleMs(): number {
    if (this.#end !== undefined || !this.#isIdle) return 0;
    return Math.max(0, this.#quietHeartbeats - 1) * heartbeatMs;
  }

  /** Ends the connection if its identity has ended. */
  checkIdentity(): void {
    const ended = this.#identity?.endAt(secondsOf(this.#context.clock));
    if (ended === undefined || this.#end !== undefined) return;
    this.#context.refusals.add("identity-ended");
    this.abort("identity ended", ended);
  }

  /** Ends the connection if it has a certificate: no authority vouches for it. */
  endCertificate(detail: string): void {
    // It may still be in its handshake.
    const hasCertificate = this.#transport.peerCertificate !== undefined;
    if (!hasCertificate || this.#end !== undefined) return;
    this.#context.refusals.add("identity-ended");
    this.abort("identity ended", detail);
  }

  /** The session has replies. */
  onReady(): void {
    this.#writeInBackground();
  }

  /** The first line was an HTTP request line: nothing after it is a command. */
  onHttpRequest(): void {
    this.#framer.discard();
    this.#end ??= "HTTP request";
  }

  /** The identity does not permit a command. */
  onDenied(use: "report" | "query", client: ByteString): void {
    if (this.#denied?.has(use)) return;
    this.#denied = new Set([...this.#denied ?? [], use]);
    this.#onDenied?.(use, client, this.#identity!);
  }

  /** The memory of a line that has not ended yet, in bytes. */
  get unfinishedBytes(): number {
    return this.#framer.unfinishedBytes;
  }

  /** Details of the reason for the end, for the log; may be empty. */
  get detail(): string {
    return this.#detail;
  }

  /** Serves the client. Resolves with the reason when the connection ends. */
  async run(): Promise<ConnectionEnd> {
    const { clock } = this.#context;
    try {
      if (this.#transport.peerCertificate !== undefined) {
        await this.#identify();
      }
      while (!this.#hasRefused) {
        const count = await this.#transport.read(this.#reading.buffer);
        if (count === null) break;
        const wait = this.#processChunk(count);
        if (wait !== undefined) await wait;
      }
      this.#processLastLine();
      await this.#answerAll();
      if (this.#hasRefused) {
        await lingerAndClose(this.#transport, clock, refusalLingerMs);
      } else {
        await this.#closeEncryptedStream();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isOver = true;
    this.#releaseHeldBytes();
    this.#cancelClosing?.();
    this.#cancelPartialLine?.();
    closeQuietly(this.#transport);
    return this.#end ?? "client closed";
  }

  /**
   * Accepts no more requests, answers those that were received, and ends this
   * side. The client has `stopLingerMs` to end its own.
   */
  async stop(): Promise<void> {
    this.#end ??= "stopping";
    this.#pace?.end();
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
   * Must be called every `heartbeatMs`. Silence is counted in heartbeats, so
   * that a pause of the server does not count against its clients.
   */
  onHeartbeat(): void {
    this.#quietHeartbeats = this.#hasProgressed ? 0 : this.#quietHeartbeats + 1;
    this.#hasProgressed = false;
    const { counts, limits: { idleMs, slowConsumerMs } } = this.#context;
    if (this.#identity !== undefined) this.checkIdentity();
    // The first of these heartbeats may have come right after the last byte.
    const quietMs = (this.#quietHeartbeats - 1) * heartbeatMs;
    if (this.#isSending) {
      if (quietMs < slowConsumerMs) return;
      counts.hit("slow-consumer-seconds");
      this.abort("slow consumer", `no reply read for ${slowConsumerMs} ms`);
    } else if (quietMs >= idleMs && this.#isIdle) {
      counts.hit("idle-seconds");
      this.abort("idle", `nothing received for ${idleMs} ms`);
    }
  }

  /** Ends the connection at once. */
  abort(end: ConnectionEnd, detail: string): void {
    this.#end ??= end;
    this.#detail ||= detail;
    this.#releaseHeldBytes();
    this.#abandon();
  }

  /** Whether the connection only waits for the client. */
  get #isIdle(): boolean {
    return this.#processing === undefined && this.#writing === undefined &&
      !this.#session.isAwaiting;
  }

  /** Whether the last reply was to a line after which nothing is read. */
  get #hasRefused(): boolean {
    return this.#end === "line too long" || this.#end === "HTTP request";
  }

  /** Finds out what the client may do, by its certificate. */
  async #identify(): Promise<void> {
    const { certificates, clock, rates, refusals } = this.#context;
    let certificate;
    try {
      certificate = await this.#transport.peerCertificate!();
    } catch (error) {
      if (error instanceof EncryptionError) refusals.add("certificate");
      throw error;
    }
    // The connection may have been ended meanwhile.
    if (this.#end !== undefined) return;
    const identity = certificates!.authenticate(
      certificate.der,
      certificate.validUntilSeconds,
    );
    if (identity === undefined) {
      refusals.add("certificate-not-listed");
      return this.abort("certificate not listed", "");
    }
    this.#identity = identity;
    this.#session.identify(
      identity,
      // No address contains a space.
      new ReportSource(`identity ${identity.subject}`),
    );
    if (this.#pace !== undefined) {
      this.#pace.rates = rates!.ofConnection(identity, clock.elapsedMs());
    }
  }

  /** Closes the connection after a delay, if it has not ended by then. */
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

  /** Processes the bytes read. Returns what the next read must wait for. */
  #processChunk(count: number): Promise<void> | undefined {
    this.#hasProgressed = true;
    // Bytes received while stopping are read but not answered.
    if (this.#identity !== undefined) this.checkIdentity();
    if (this.#end !== undefined) return undefined;
    this.#framer.push(this.#reading.buffer, count);
    this.#reading.noteRead(count, this.#receivedBytes?.hasRoom);
    this.#isUntimed = count <= untimedBytes;
    const wait = this.#context.turns.begin(this.#session.workload) ??
      this.#processLines();
    if (wait === undefined) return this.#write();
    return this.#processing = this.#processRest(wait);
  }

  /** Processes a last line without LF, if the stream ended with one. */
  #processLastLine(): void {
    const framer = this.#framer;
    if (this.#transport.wasTruncated) this.#detail = "without close_notify";
    if (this.#identity !== undefined) this.checkIdentity();
    if (this.#end !== undefined || !framer.end()) return;
    // The line may be incomplete: a time that lacks digits is another time.
    if (this.#transport.wasTruncated) return;
    if (this.#isLineFeedDue && isBlank(framer.line)) return;
    this.#session.stampTime();
    this.#session.receive(framer.bytes, framer.start, framer.stop);
  }

  /**
   * Processes lines of a chunk. Returns what the rest must wait for; undefined
   * at the end of the chunk.
   */
  #processLines(): Promise<void> | undefined {
    const framer = this.#framer;
    const session = this.#session;
    const { turns } = this.#context;
    session.stampTime(turns.lastWorkAtMs);
    for (let lines = 1;; lines++) {
      const room = this.#traffic.whenDrained();
      if (room !== undefined) return this.#waitForTurn(room);
      const writable = session.whenWritable();
      if (writable !== undefined) return this.#writeBefore(writable);
      if (this.#pace !== undefined) {
        const due = this.#pace.whenDue();
        if (due !== undefined) return this.#writeBefore(due);
      }
      if (!framer.next()) break;
      if (this.#isLineFeedDue) {
        this.#isLineFeedDue = false;
        if (isBlank(framer.line)) continue;
      }
      session.receive(framer.bytes, framer.start, framer.stop);
      if (lines % linesPerPiece === 0 && turns.end(session.workload)) {
        return this.#writeBefore(undefined);
      }
    }
    if (this.#context.limits.partialLineMs < Infinity) this.#awaitLineFeed();
    turns.end(session.workload, this.#isUntimed ? untimedMs : undefined);
    if (framer.tooLong !== undefined) {
      session.refuseTooLong(framer.tooLong);
      this.#end ??= "line too long";
    }
    this.#countHeldBytes();
    return undefined;
  }

  #countHeldBytes(): void {
    const held = this.#framer.unfinishedBytes + this.#reading.extraBytes;
    const change = held - this.#heldBytes;
    if (change === 0) return;
    this.#heldBytes = held;
    this.#receivedBytes?.add(change);
  }

  #releaseHeldBytes(): void {
    this.#receivedBytes?.add(-this.#heldBytes);
    this.#heldBytes = 0;
  }

  /** Answers a whole command that is followed by nothing for `partialLineMs`. */
  #awaitLineFeed(): void {
    this.#cancelPartialLine?.();
    this.#cancelPartialLine = undefined;
    if (!this.#framer.isUnfinished) return;
    const { clock, limits: { partialLineMs } } = this.#context;
    this.#cancelPartialLine = clock.after(
      partialLineMs,
      () => this.#onPartialLineDue(),
    );
  }

  #onPartialLineDue(): void {
    const { turns } = this.#context;
    const turn = turns.begin(this.#session.workload);
    if (turn === undefined) return this.#processPartialLine();
    let isCancelled = false;
    this.#cancelPartialLine = () => isCancelled = true;
    turn.then(() => {
      if (!isCancelled) this.#processPartialLine();
    });
  }

  #processPartialLine(): void {
    this.#cancelPartialLine = undefined;
    if (this.#end !== undefined) return;
    // Replies before it come first. The client may end the line meanwhile.
    const mustWait = !this.#isIdle || this.#traffic.whenDrained() !== undefined;
    if (mustWait) return this.#awaitLineFeed();
    const framer = this.#framer;
    if (parseCommand(framer.unfinished) === undefined) return;
    framer.end();
    this.#context.counts.hit("partial-line-ms");
    this.#isLineFeedDue = true;
    this.#session.stampTime();
    this.#session.receive(framer.bytes, framer.start, framer.stop);
    this.#context.turns.end(this.#session.workload);
    this.#writeInBackground();
  }

  /** Processes the rest of a chunk, which may have to wait several times. */
  async #processRest(firstWait: Promise<void>): Promise<void> {
    let wait: Promise<void> | undefined = firstWait;
    while (wait !== undefined) {
      await wait;
      wait = this.#processLines();
    }
    this.#processing = undefined;
    await this.#write();
  }

  async #writeBefore(writable: Promise<void> | undefined): Promise<void> {
    await this.#write();
    await this.#waitForTurn(writable);
  }

  /** Waits for a promise, if given, and then for the connection's turn. */
  async #waitForTurn(wait: Promise<void> | undefined): Promise<void> {
    if (wait !== undefined) await wait;
    await this.#context.turns.begin(this.#session.workload);
  }

  /**
   * Flushes the replica, then writes the replies that are ready. Undefined if
   * there is nothing to wait for.
   *
   * @throws {ReplicaError} If no further reply may be written.
   */
  #write(): Promise<void> | undefined {
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
    this.#stampTime();
    await this.#write();
  }

  /**
   * Flood before reply: the replica confirms every report in these replies
   * before the first byte is written.
   */
  async #writeReplies(first: Batch): Promise<void> {
    const { replyPool } = this.#context;
    let replies: Batch | undefined = first;
    // Whether the connection has waited for the turn in which it works.
    let hasTurn = false;
    try {
      while (true) {
        let isLong = false;
        this.#writingBytes = replies.length;
        const wait = this.#session.settling.settled();
        if (wait !== undefined) {
          await wait;
          this.#stampTime();
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
          this.#hasProgressed = true;
          const writing = this.#transport.write(portion);
          for (; index < next; index++) {
            logReply(this.#traffic, bytes, start, ends[index] - 1);
            start = ends[index];
          }
          if (isLong) this.#context.turns.end(this.#session.workload);
          const written = await writing;
          this.#hasProgressed = true;
          if (written < portion.length) await this.#writeRest(portion, written);
          this.#isSending = false;
          if (next < ends.length) this.#stampTime();
        }
        replyPool.release(replies);
        replies = undefined;
        this.#writingBytes = 0;
        if (isLong) {
          // More replies are copied, and more queries begin.
          await this.#waitForTurn(undefined);
          hasTurn = true;
        }
        replies = this.#session.takeReplies();
        if (replies === undefined) break;
        this.#stampTime();
        this.#flushReplica();
      }
    } finally {
      this.#writing = undefined;
      this.#writingBytes = 0;
      if (replies !== undefined) replyPool.release(replies);
    }
    if (!this.#session.isAwaiting) this.#releaseAnswered();
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
      await this.#waitForTurn(room);
      room = this.#traffic.whenDrained(isLong);
    } while (room !== undefined);
    this.#stampTime();
  }

  /** Writes the rest of some bytes. Each part that is written counts as progress. */
  async #writeRest(bytes: Uint8Array, writtenBefore: number): Promise<void> {
    let written = writtenBefore;
    while (written < bytes.length) {
      written += await this.#transport.write(bytes.subarray(written));
      this.#hasProgressed = true;
    }
  }

  /** Writes replies that became ready between reads. */
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

  /** Sets the time of the lines that are logged from now on. */
  #stampTime(): void {
    this.#traffic.stampTime(this.#context.clock.now());
  }

  /** Ends an encrypted stream with close_notify. A failure changes nothing. */
  async #closeEncryptedStream(): Promise<void> {
    if (this.#transport.channelBinding === undefined) return;
    // close_notify waits for the replies that the client has not read yet.
    this.#isSending = true;
    this.#hasProgressed = true;
    try {
      await this.#transport.closeWrite();
    } catch {
      // All replies were written, and the client closed without waiting.
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

  /** Closes the connection and drops the requests that are not answered. */
  #abandon(): void {
    closeQuietly(this.#transport);
    this.#pace?.end();
    this.#session.abandon();
    this.#releaseAnswered();
  }
}
