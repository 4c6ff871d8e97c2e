/**
 * One connection of the HTTP gateway. Requests are answered one after the other,
 * in their order; an answer waits until the replica has confirmed the reports
 * before it. A client that has ended its side gets its answers.
 *
 * @module
 */
import { encodeBytes } from "../../protocol/bytes.ts";
import { ReplicaError } from "../../replica/settling.ts";
import {
  closeQuietly,
  describeFault,
  EncryptionError,
  lingerAndClose,
  ReadBuffer,
  type Transport,
} from "../../runtime/transport.ts";
import {
  heartbeatMs,
  stopAnswerMs,
  stopLingerMs,
  untimedBytes,
  untimedMs,
} from "../../sessions/limits.ts";
import type {
  ConnectionEnd,
  Opening,
  ServedConnection,
} from "../../sessions/served_connection.ts";
import { Sender } from "../intake.ts";
import { AnswerWriter } from "./answer_writer.ts";
import { continueBytes, textAnswer } from "./http_answer.ts";
import type { HttpContext } from "./http_requests.ts";
import {
  bodyQuietMs,
  headMs,
  headPartMs,
  keepAliveMs,
  lingerMs,
  pieceBytes,
} from "./limits.ts";
import { type HttpRequest, MessageReader } from "./message_reader.ts";
import { HttpFault } from "./request_head.ts";
import { loadParser } from "./request_parser.ts";
import { PrefixedTransport } from "./prefixed_transport.ts";
import { type LateAnswer, RequestHandler } from "./request_handler.ts";
import type { Takeover, Upgrades } from "./upgrades.ts";

/** One connection. */
export class HttpConnection implements ServedConnection {
  readonly addressKey: string | undefined;
  readonly #context: HttpContext;
  readonly #opening: Opening;
  readonly #transport: Transport;
  readonly #sender: Sender;
  readonly #reader: MessageReader;
  readonly #reading = new ReadBuffer();
  readonly #handler: RequestHandler;
  readonly #writer: AnswerWriter;
  #heldBytes = 0;
  /** The chunk that is being processed. */
  #processing: Promise<void> | undefined;
  #hasProgressed = false;
  #quietHeartbeats = 0;
  #isLastAnswered = false;
  #end: ConnectionEnd | undefined;
  #detail = "";
  #isOver = false;
  #cancelHeadDeadline: (() => void) | undefined;
  /** Whether the head that is being read should have ended by now. */
  #isHeadDue = false;
  #cancelClosing: (() => void) | undefined;
  /** What goes on with the connection after a request for another protocol. */
  #successor: ServedConnection | undefined;

  constructor(context: HttpContext, upgrades: Upgrades, opening: Opening) {
    this.#context = context;
    this.#opening = opening;
    this.#transport = opening.transport;
    this.addressKey = opening.source.key;
    this.#sender = new Sender("http", opening.traffic, opening.source);
    this.#handler = new RequestHandler(
      context,
      upgrades,
      opening,
      this.#sender,
    );
    this.#writer = new AnswerWriter(
      context,
      this.#transport,
      this.#sender,
      () => this.#hasProgressed = true,
    );
    this.#reader = new MessageReader((head) => this.#handler.judge(head));
  }

  get replyBytes(): number {
    return this.#successor?.replyBytes ?? this.#writer.writingBytes;
  }

  get idleMs(): number {
    if (this.#successor !== undefined) return this.#successor.idleMs;
    if (this.#end !== undefined || this.#processing !== undefined) return 0;
    return this.#quietMs;
  }

  get unfinishedBytes(): number {
    return this.#successor?.unfinishedBytes ?? this.#reader.heldBytes;
  }

  get detail(): string {
    return this.#detail;
  }

  async run(): Promise<ConnectionEnd> {
    const { clock } = this.#context.services;
    try {
      await loadParser();
      while (!this.#isLastAnswered) {
        const { buffer } = this.#reading;
        const count = await this.#transport.read(buffer);
        if (count === null) break;
        this.#hasProgressed = true;
        // What arrives while the server stops is read and not answered.
        if (this.#end !== undefined) continue;
        this.#reading.noteRead(count, this.#opening.receivedBytes.hasRoom);
        this.#processing = this.#process(buffer, count);
        await this.#processing;
        this.#processing = undefined;
        if (this.#successor !== undefined) return await this.#runSuccessor();
      }
      if (this.#isLastAnswered) {
        await lingerAndClose(this.#transport, clock, lingerMs);
      } else if (this.#transport.channelBinding !== undefined) {
        await this.#transport.closeWrite();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#finish();
    closeQuietly(this.#transport);
    return this.#end ?? "client closed";
  }

  async stop(): Promise<void> {
    if (this.#successor !== undefined) return await this.#successor.stop();
    this.#end ??= "stopping";
    this.#handler.end();
    this.#closeAfter(stopAnswerMs);
    try {
      await this.#processing;
      await this.#transport.closeWrite();
    } catch (error) {
      this.#fail(error);
    }
    this.#closeAfter(stopLingerMs);
  }

  onHeartbeat(): void {
    if (this.#successor !== undefined) return this.#successor.onHeartbeat();
    this.#quietHeartbeats = this.#hasProgressed ? 0 : this.#quietHeartbeats + 1;
    this.#hasProgressed = false;
    const { counts, limits } = this.#context.services;
    const quietMs = this.#quietMs;
    if (this.#writer.isSending) {
      if (quietMs < limits.slowConsumerMs) return;
      counts.hit("slow-consumer-seconds");
      this.abort(
        "slow consumer",
        `no answer read for ${limits.slowConsumerMs} ms`,
      );
    } else if (this.#processing !== undefined || this.#end !== undefined) {
      return;
    } else if (this.#reader.isWithinRequest) {
      // A stream may be silent for as long as a connection may be idle.
      if (quietMs >= bodyQuietMs && !this.#handler.isWithinStream) {
        this.#timeOut(`no body bytes for ${bodyQuietMs} ms`);
      }
    } else if (quietMs >= Math.min(keepAliveMs, limits.idleMs)) {
      this.abort("idle", `no request in ${quietMs} ms`);
    }
  }

  abort(end: ConnectionEnd, detail: string): void {
    if (this.#successor !== undefined) {
      return this.#successor.abort(end, detail);
    }
    this.#end ??= end;
    this.#detail ||= detail;
    this.#finish();
    this.#handler.end();
    closeQuietly(this.#transport);
    this.#sender.settling.cancel();
  }

  get #quietMs(): number {
    return Math.max(0, this.#quietHeartbeats - 1) * heartbeatMs;
  }

  /** Parses what was read, and answers the requests that are whole. */
  async #process(buffer: Uint8Array, count: number): Promise<void> {
    const { turns } = this.#context.services;
    const { traffic, workload } = this.#sender;
    const estimateMs = count <= untimedBytes ? untimedMs : undefined;
    for (let start = 0; start < count && !this.#isLastAnswered;) {
      for (let room; (room = traffic.whenDrained()) !== undefined;) await room;
      const turn = turns.begin(workload);
      if (turn !== undefined) await turn;
      const end = Math.min(start + pieceBytes, count);
      const parsed = this.#reader.push(buffer, start, end);
      this.#countHeldBytes();
      if (!this.#reader.isWithinHead || this.#reader.hasWhole) {
        this.#endHeadDeadline();
      }
      // The first request is answered in the turn in which it is parsed.
      let hasTurn = true;
      for (let next; (next = this.#reader.take()) !== undefined;) {
        if (this.#isLastAnswered) continue;
        const turn = hasTurn ? undefined : turns.begin(workload);
        if (turn !== undefined) await turn;
        const answer = this.#handler.answer(next);
        turns.end(workload, estimateMs);
        hasTurn = false;
        await this.#send(next, answer);
      }
      if (hasTurn) turns.end(workload, estimateMs);
      if (parsed instanceof HttpFault) return await this.#refuse(parsed);
      start = parsed;
      const { takeover } = this.#handler;
      if (takeover === undefined) continue;
      return await this.#handOver(takeover, buffer.slice(start, count));
    }
    if (this.#isLastAnswered) return;
    if (this.#reader.takeContinue()) await this.#continue();
    if (!this.#reader.isWithinHead) return;
    if (this.#isHeadDue) await this.#timeOutHead();
    else this.#startHeadDeadline();
  }

  /** Answers a request that waits for a 100 before it sends its body. */
  async #continue(): Promise<void> {
    const refusal = this.#handler.refusalOf(this.#reader.head!);
    if (refusal === undefined) return await this.#writer.write(continueBytes);
    await this.#writer.send(refusal, undefined, false);
    this.#endWith("answered", "");
  }

  async #send(
    { head, isLast }: HttpRequest,
    answering: LateAnswer | Promise<LateAnswer>,
  ): Promise<void> {
    const isLate = answering instanceof Promise;
    const answer = isLate ? await answering : answering;
    if (answer === undefined) return;
    const goesOn = head.isPersistent && isLast &&
      (this.#end === undefined || this.#reader.hasWhole);
    const now = isLate ? undefined : this.#handler.arrivedAt;
    await this.#writer.send(answer, head, goesOn, now);
    if (!goesOn) this.#endWith("answered", "");
  }

  /** Passes the connection on. `rest` came after the request. */
  async #handOver(
    { create, head, prefix }: Takeover,
    rest: Uint8Array,
  ): Promise<void> {
    const { emit, trafficLogFor } = this.#context.services;
    await this.#writer.write(encodeBytes(head));
    const name = this.#opening.nextName(prefix);
    emit("debug", name, "connected", { remote: this.#opening.name });
    this.#finish();
    this.#successor = create({
      ...this.#opening,
      name,
      traffic: trafficLogFor(name),
      transport: new PrefixedTransport(this.#transport, rest),
    });
    if (this.#end !== undefined) this.#successor.stop();
  }

  async #runSuccessor(): Promise<ConnectionEnd> {
    const successor = this.#successor!;
    const end = await successor.run();
    this.#detail = successor.detail;
    return end;
  }

  /** Answers bytes that are no request. Nothing can follow them. */
  async #refuse(fault: HttpFault): Promise<void> {
    const { message, status } = fault;
    this.#handler.countFault(fault);
    await this.#writer.send(textAnswer(status, message), undefined, false);
    this.#endWith("protocol error", message);
  }

  #endWith(end: ConnectionEnd, detail: string): void {
    this.#end ??= end;
    this.#detail ||= detail;
    this.#isLastAnswered = true;
  }

  /** Ends a request that does not go on. */
  async #timeOut(detail: string): Promise<void> {
    this.#end ??= "too slow";
    this.#detail ||= detail;
    try {
      await this.#writer.send(
        textAnswer(408, "The request was too slow."),
        undefined,
        false,
      );
      await this.#transport.closeWrite();
    } catch (error) {
      this.#fail(error);
    }
    this.#closeAfter(lingerMs);
  }

  #startHeadDeadline(): void {
    if (this.#cancelHeadDeadline === undefined) this.#countHeadTime(headMs);
  }

  /**
   * Counts the time of a head in parts. If the server does not run for a while, and
   * so can read nothing, this time counts as one part at most.
   */
  #countHeadTime(leftMs: number): void {
    const { clock } = this.#context.services;
    const partMs = Math.min(leftMs, headPartMs);
    this.#cancelHeadDeadline = clock.after(partMs, () => {
      if (leftMs > partMs) return this.#countHeadTime(leftMs - partMs);
      this.#isHeadDue = true;
      // The received bytes may be the rest of the head.
      if (this.#processing === undefined) this.#timeOutHead();
    });
  }

  #timeOutHead(): Promise<void> {
    return this.#timeOut(`no complete head within ${headMs} ms`);
  }

  #endHeadDeadline(): void {
    this.#cancelHeadDeadline?.();
    this.#cancelHeadDeadline = undefined;
    this.#isHeadDue = false;
  }

  #countHeldBytes(): void {
    const held = this.#isOver
      ? 0
      : this.#reader.heldBytes + this.#reading.extraBytes;
    this.#opening.receivedBytes.add(held - this.#heldBytes);
    this.#heldBytes = held;
  }

  /** Closes the connection after a delay, if it has not ended by then. */
  #closeAfter(delayMs: number): void {
    if (this.#isOver) return;
    this.#cancelClosing?.();
    this.#cancelClosing = this.#context.services.clock.after(delayMs, () => {
      closeQuietly(this.#transport);
      this.#sender.settling.cancel();
    });
  }

  #fail(error: unknown): void {
    if (error instanceof ReplicaError) {
      this.#end ??= "replica failed";
      this.#detail ||= error.message;
    } else {
      this.#end ??= error instanceof EncryptionError
        ? "encryption failed"
        : "connection lost";
      this.#detail ||= describeFault(error);
    }
    closeQuietly(this.#transport);
  }

  /** Frees what the connection holds of requests. */
  #finish(): void {
    this.#isOver = true;
    this.#countHeldBytes();
    this.#endHeadDeadline();
    this.#cancelClosing?.();
  }
}
