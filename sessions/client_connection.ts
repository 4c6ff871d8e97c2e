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
import type { ByteString } from "../protocol/bytes.ts";
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
  linesPerPiece,
  refusalLingerMs,
  stopAnswerMs,
  stopLingerMs,
  untimedBytes,
  untimedMs,
} from "./limits.ts";
import { Pace } from "./pace.ts";
import { PartialLine, type PartialLineOwner } from "./partial_line.ts";
import type { ReceivedBytes } from "./received_bytes.ts";
import { ReplyWriter } from "./reply_writer.ts";
import type { ConnectionEnd, ServedConnection } from "./served_connection.ts";
import {
  Session,
  type SessionContext,
  type SessionObserver,
} from "./session.ts";
import { Silence } from "./silence.ts";

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
export class ClientConnection
  implements ServedConnection, SessionObserver, PartialLineOwner {
  /** The client's address, if connections are limited by address. */
  readonly addressKey: string | undefined;
  readonly #transport: Transport;
  readonly #traffic: TrafficLog;
  readonly #context: ConnectionContext;
  readonly #session: Session;
  readonly #framer: LineFramer;
  readonly #silence = new Silence();
  readonly #writer: ReplyWriter;
  /** Undefined if a command needs its LF. */
  readonly #partialLine: PartialLine | undefined;
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
  #end: ConnectionEnd | undefined;
  #detail = "";
  #cancelClosing: (() => void) | undefined;
  #isOver = false;

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
    this.#writer = new ReplyWriter({
      transport,
      traffic,
      context,
      session: this.#session,
      silence: this.#silence,
    });
    this.#partialLine = context.limits.partialLineMs < Infinity
      ? new PartialLine(this, this.#framer, this.#session, context)
      : undefined;
  }

  /** Bytes of replies that have not been written to the client yet. */
  get replyBytes(): number {
    return this.#session.replyBytes + this.#writer.bytes;
  }

  /**
   * For how long nothing was received or sent, in milliseconds; 0 while a reply
   * is due, and when the connection has ended.
   */
  get idleMs(): number {
    if (this.hasEnded || !this.#isIdle) return 0;
    return Math.max(0, this.#silence.ms);
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
    this.writeInBackground();
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
      await this.#writer.answerAll();
      if (this.#hasRefused) {
        await lingerAndClose(this.#transport, clock, refusalLingerMs);
      } else {
        await this.#writer.closeEncryptedStream();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isOver = true;
    this.#releaseHeldBytes();
    this.#cancelClosing?.();
    this.#partialLine?.cancel();
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
      await this.#writer.answerAll();
      await this.#transport.closeWrite();
    } catch (error) {
      this.#fail(error);
    }
    this.#closeAfter(stopLingerMs);
  }

  /** Must be called every `heartbeatMs`. */
  onHeartbeat(): void {
    this.#silence.onHeartbeat();
    const { counts, limits: { idleMs, slowConsumerMs } } = this.#context;
    if (this.#identity !== undefined) this.checkIdentity();
    const quietMs = this.#silence.ms;
    if (this.#writer.isSending) {
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

  /** Whether no more commands are processed. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Whether no reply is due, and the log has room. */
  get canReply(): boolean {
    return this.#isIdle && this.#traffic.whenDrained() === undefined;
  }

  /** Whether the connection only waits for the client. */
  get #isIdle(): boolean {
    return this.#processing === undefined && !this.#writer.isWriting &&
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
    this.#silence.hasProgressed = true;
    // Bytes received while stopping are read but not answered.
    if (this.#identity !== undefined) this.checkIdentity();
    if (this.#end !== undefined) return undefined;
    this.#framer.push(this.#reading.buffer, count);
    this.#reading.noteRead(count, this.#receivedBytes?.hasRoom);
    this.#isUntimed = count <= untimedBytes;
    const wait = this.#context.turns.begin(this.#session.workload) ??
      this.#processLines();
    if (wait === undefined) return this.#writer.write();
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
    if (this.#partialLine?.isLineFeedDue && isBlank(framer.line)) return;
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
      if (room !== undefined) return this.#writer.waitForTurn(room);
      const writable = session.whenWritable();
      if (writable !== undefined) return this.#writeBefore(writable);
      if (this.#pace !== undefined) {
        const due = this.#pace.whenDue();
        if (due !== undefined) return this.#writeBefore(due);
      }
      if (!framer.next()) break;
      if (this.#partialLine?.isLineFeedDue) {
        this.#partialLine.isLineFeedDue = false;
        if (isBlank(framer.line)) continue;
      }
      session.receive(framer.bytes, framer.start, framer.stop);
      if (lines % linesPerPiece === 0 && turns.end(session.workload)) {
        return this.#writeBefore(undefined);
      }
    }
    this.#partialLine?.awaitLineFeed();
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

  /** Processes the rest of a chunk, which may have to wait several times. */
  async #processRest(firstWait: Promise<void>): Promise<void> {
    let wait: Promise<void> | undefined = firstWait;
    while (wait !== undefined) {
      await wait;
      wait = this.#processLines();
    }
    this.#processing = undefined;
    await this.#writer.write();
  }

  async #writeBefore(writable: Promise<void> | undefined): Promise<void> {
    await this.#writer.write();
    await this.#writer.waitForTurn(writable);
  }

  /** Writes replies that became ready between reads. */
  async writeInBackground(): Promise<void> {
    try {
      this.#writer.stampTime();
      await this.#writer.write();
    } catch (error) {
      this.#fail(error);
    }
    this.#writer.releaseIfAnswered();
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
    this.#writer.releaseAnswered();
  }
}
