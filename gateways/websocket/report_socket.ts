/**
 * A WebSocket for reports and queries: the lines of the client port, and the
 * JSON of `POST /report`. Each line and each JSON text has one answer, in order,
 * in a frame of the same kind.
 *
 * @module
 */
import type { Identity } from "../../identity/identity.ts";
import type { Batch, BatchPool } from "../../protocol/batch.ts";
import {
  type ByteString,
  decodeBytes,
  encodeBytes,
  encodeScratch,
  indexOfByte,
} from "../../protocol/bytes.ts";
import type {
  ConnectionEnd,
  Opening,
} from "../../sessions/served_connection.ts";
import { maxWriteBytes, stopAnswerMs } from "../../sessions/limits.ts";
import { logReply } from "../../sessions/logged_lines.ts";
import { Session } from "../../sessions/session.ts";
import { DuplexConnection } from "../duplex_connection.ts";
import type { GatewayContext } from "../gateway_context.ts";
import type { Outcome } from "../intake.ts";
import type { OutputPool } from "../output_buffer.ts";
import { inTurns } from "../in_turns.ts";
import { scannedExampleBytes } from "../limits.ts";
import { maxStepBytes } from "../readers/limits.ts";
import type { Reading } from "../readers/reading.ts";
import {
  isJsonFrame,
  recognizeFrame,
  recognizeFrameInSteps,
} from "../readers/recognize.ts";
import { answerTo } from "../readers/answers.ts";
import { reasons } from "../readers/reasons.ts";
import type { FrameWriter } from "./frame_writer.ts";
import { type CloseCode, FrameReader, type MessageKind } from "./frames.ts";
import { answerPingMs, pingMs } from "./limits.ts";

const lineFeed = 0x0a;

/** What the client may do. */
export interface SocketRights {
  /** Undefined if no tokens are configured. */
  readonly identity: Identity | undefined;
  /** Whether it may report only. */
  readonly isReportOnly: boolean;
}

/** An answer that is due; without a text it is the session's next one. */
interface Due {
  readonly kind: MessageKind;
  readonly text: ByteString | undefined;
}

/** The codes with which the server closes a WebSocket. */
const closeCodes: Readonly<Partial<Record<ConnectionEnd, CloseCode>>> = {
  "client closed": 1000,
  "stopping": 1001,
  "identity ended": 1008,
};

/** One WebSocket at `/report`. */
export class ReportSocket extends DuplexConnection<FrameWriter> {
  readonly #session: Session;
  readonly #frames = new FrameReader();
  /** The message whose lines are being answered. */
  #message: Uint8Array | undefined;
  #at = 0;
  #kind: MessageKind = "text";
  /** Answers that are due, in order. */
  #due: Due[] = [];
  /** Answers of the session that were not moved into frames yet. */
  readonly #replies = new ReplyReader();
  /** Whether the next answer is known, and waits for room in the output. */
  #isReplyWaiting = false;
  #hasPinged = false;
  #onAnswered: (() => void) | undefined;

  constructor(
    opening: Opening,
    context: GatewayContext,
    outputs: OutputPool<FrameWriter>,
    rights: SocketRights,
  ) {
    super(opening, context, "websocket", outputs);
    this.sender.identity = rights.identity;
    this.#session = new Session(
      context.services,
      opening.traffic,
      {
        onReady: () => this.#onReady(),
        onDenied: () => context.intake.count("not-permitted"),
      },
      this.sender.source,
      this.pace,
    );
    const { identity, isReportOnly } = rights;
    if (identity === undefined) return;
    this.#session.identify(
      isReportOnly ? withoutSight(identity) : identity,
      this.sender.source,
    );
  }

  protected override get partBytes(): number {
    return this.#frames.unfinishedBytes;
  }

  override get replyBytes(): number {
    return super.replyBytes + this.#session.replyBytes;
  }

  protected override get isIdle(): boolean {
    return super.isIdle && !this.#session.isAwaiting;
  }

  /** Answers what was received, if that takes no more than two seconds. */
  override async stop(): Promise<void> {
    this.endWith("stopping", "");
    const { clock } = this.context.services;
    const cancel = clock.after(stopAnswerMs, () => this.#endWaits());
    await this.#whenAllAnswered();
    cancel();
    await super.stop();
  }

  override abort(end: ConnectionEnd, detail: string): void {
    super.abort(end, detail);
    this.#endWaits();
  }

  protected override get hasMore(): boolean {
    return this.#isReplyWaiting;
  }

  protected override addMore(): void {
    this.#takeReplies();
  }

  protected override async onEndOfStream(): Promise<void> {
    await this.#whenAllAnswered();
    await this.write();
  }

  protected override flushReplica(): void {
    super.flushReplica();
    const { settling } = this.#session;
    this.context.services.replica.flush(settling);
    if (settling.failure !== undefined) throw settling.failure;
  }

  protected override whenSettled(): Promise<void> | undefined {
    const ofLines = this.#session.settling.settled();
    const ofJson = super.whenSettled();
    if (ofLines === undefined) return ofJson;
    if (ofJson === undefined) return ofLines;
    // Either can be rejected first, and the other must not be left alone.
    return Promise.all([ofLines, ofJson]).then(() => {});
  }

  protected override push(chunk: Uint8Array, count: number): void {
    this.#frames.push(chunk, count);
    this.#hasPinged = false;
  }

  protected override processNext(
    output: FrameWriter,
  ): boolean | Promise<unknown> {
    const writable = this.#session.whenWritable() ?? this.#whenAnswered();
    if (writable !== undefined) return writable;
    if (this.#message !== undefined) {
      this.#answerLine(this.#message);
      return true;
    }
    const event = this.#frames.next();
    const { bytes, end, fault, start } = this.#frames;
    switch (event) {
      case "text":
      case "binary":
        this.#kind = event;
        return this.#answerMessage(bytes.subarray(start, end));
      case "ping":
        output.frame("pong", bytes.subarray(start, end));
        return true;
      case "pong":
        return true;
      case "close":
        this.#close(output, 1000, "", "client closed");
        return false;
      case undefined:
        if (fault !== undefined) {
          this.#close(output, fault.code, fault.detail, "protocol error");
        }
        return false;
    }
  }

  protected override sayGoodbye(
    output: FrameWriter,
    end: ConnectionEnd,
  ): void {
    output.close(closeCodes[end] ?? 1011, "");
  }

  protected override checkSilence(): void {
    if (!this.isIdle || this.quietMs < pingMs) return;
    if (!this.#hasPinged) {
      this.#hasPinged = true;
      this.output.frame("ping", new Uint8Array());
      this.writeInBackground();
    } else if (this.quietMs >= pingMs + answerPingMs) {
      this.abort("connection lost", "no answer to a ping");
    }
  }

  protected override release(): void {
    this.#session.abandon();
    this.#onAnswered?.();
  }

  #close(
    output: FrameWriter,
    code: CloseCode,
    detail: string,
    end: ConnectionEnd,
  ): void {
    output.close(code, detail);
    this.endWith(end, detail);
  }

  #answerMessage(message: Uint8Array): boolean | Promise<unknown> {
    const text = decodeBytes(message, 0, message.length);
    if (isJsonFrame(text)) return this.#answerJson(text);
    this.#message = message;
    this.#at = 0;
    return true;
  }

  /** Answers the next line of a message. */
  #answerLine(message: Uint8Array): void {
    const start = this.#at;
    const found = indexOfByte(message, lineFeed, start, message.length);
    const end = found < 0 ? message.length : found;
    this.#at = end + 1;
    if (this.#at >= message.length) this.#message = undefined;
    // A last line counts unless it is empty, as at the end of a stream.
    if (found < 0 && end === start) return;
    this.#due.push({ kind: this.#kind, text: undefined });
    this.#session.stampTime();
    this.#session.receive(message, start, end);
    this.#takeReplies();
  }

  #answerJson(text: ByteString): boolean | Promise<unknown> {
    const { now, sender } = this;
    const context = { now, ownId: sender.identity?.subject };
    if (text.length <= maxStepBytes) {
      return this.#takeReading(recognizeFrame(text)(context), text);
    }
    const { turns } = this.context.services;
    return inTurns(recognizeFrameInSteps(text), turns, sender.workload)
      .then((reader) => inTurns(reader(context), turns, sender.workload))
      .then((reading) => this.#takeReading(reading, text));
  }

  #takeReading(reading: Reading, text: ByteString): boolean | Promise<unknown> {
    const { intake } = this.context;
    const { now, sender } = this;
    const reason = reading.refusal ?? reading.ignored.at(0)?.reason;
    if (reason !== undefined) {
      const start = encodeBytes(text.slice(0, scannedExampleBytes));
      intake.keepExample(reason, "websocket", start);
    }
    const outcome = intake.take(reading, sender, now);
    if (outcome instanceof Promise) {
      return outcome.then((later) => this.#answer(answerOf(reading, later)));
    }
    this.#answer(answerOf(reading, outcome));
    return true;
  }

  #answer(text: ByteString): void {
    this.#due.push({ kind: this.#kind, text });
    this.#takeReplies();
  }

  /** Moves the answers that are known, in order, into one write. */
  #takeReplies(): void {
    const { output } = this;
    const due = this.#due;
    let count = 0;
    this.#isReplyWaiting = false;
    for (; count < due.length; count++) {
      const { kind, text } = due[count];
      if (text === undefined && !this.#replies.next(this.#session)) break;
      if (output.length >= maxWriteBytes) {
        this.#isReplyWaiting = true;
        break;
      }
      if (text === undefined) this.#writeReply(kind, output);
      else this.#writeText(kind, text, output);
    }
    due.splice(0, count);
    if (due.length === 0) this.#endWaits();
  }

  #writeReply(kind: MessageKind, output: FrameWriter): void {
    const { bytes, end, start } = this.#replies;
    output.frame(kind, bytes.subarray(start, end));
    logReply(this.sender.traffic, bytes, start, end - 1);
    this.#replies.take(this.context.services.replyPool);
  }

  #writeText(kind: MessageKind, text: ByteString, output: FrameWriter): void {
    output.message(kind, text);
    const length = text.endsWith("\n") ? text.length - 1 : text.length;
    this.sender.traffic.sent(encodeScratch(text), 0, length);
  }

  /** Resolves when nothing more has to be answered, or when waits end. */
  async #whenAllAnswered(): Promise<void> {
    if (this.#due.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#onAnswered;
    this.#onAnswered = () => {
      before?.();
      resolve();
    };
    await promise;
  }

  /** Ends all waits for answers. */
  #endWaits(): void {
    this.#onAnswered?.();
    this.#onAnswered = undefined;
  }

  /** Undefined unless too many answers wait for one that is not known. */
  #whenAnswered(): Promise<void> | undefined {
    const { maxRepliesWaiting } = this.context.services.limits;
    if (this.#due.length < maxRepliesWaiting) return undefined;
    this.context.services.counts.hit("pipelined");
    return new Promise((resolve) => this.#onAnswered = resolve);
  }

  /** The session has answered a query, or has failed. */
  #onReady(): void {
    const { failure } = this.#session.settling;
    if (failure !== undefined) return this.fail(failure);
    this.sender.traffic.stampTime(this.context.services.backend.now());
    this.#takeReplies();
    this.writeInBackground();
  }
}

/** The replies of a session, one by one. */
class ReplyReader {
  /** The buffer with the next reply. */
  bytes: Uint8Array = new Uint8Array();
  /** Where the reply begins. */
  start = 0;
  /** Where it ends. */
  end = 0;
  #batch: Batch | undefined;
  #index = 0;

  /** Finds the next reply. False if it is not known yet. */
  next(session: Session): boolean {
    if (this.#batch === undefined) {
      this.#batch = session.takeReplies();
      this.#index = 0;
      this.start = 0;
    }
    if (this.#batch === undefined) return false;
    this.bytes = this.#batch.bytes;
    this.end = this.#batch.ends[this.#index];
    return true;
  }

  /** The reply was used. */
  take(pool: BatchPool): void {
    this.start = this.end;
    this.#index += 1;
    if (this.#index < this.#batch!.ends.length) return;
    pool.release(this.#batch!);
    this.#batch = undefined;
  }
}

/** An identity that may only report. */
function withoutSight(identity: Identity): Identity {
  const { endsAt, lastOnly, reports, role, subject } = identity;
  return {
    endsAt,
    lastOnly,
    reports,
    role,
    sees: [],
    subject,
    mayReport: (client) => identity.mayReport(client),
    mayReportSpan: (bytes, start, end) =>
      identity.mayReportSpan(bytes, start, end),
    maySee: () => false,
    endAt: (nowSeconds) => identity.endAt(nowSeconds),
  };
}

/** The answer to JSON: JSON too, so that programs can read all answers alike. */
function answerOf(reading: Reading, { refused, taken }: Outcome): ByteString {
  const { refusal } = reading;
  return refusal === undefined
    ? answerTo(reading, taken, refused).body
    : `{"error":${JSON.stringify(reasons[refusal].sentence)}}`;
}
