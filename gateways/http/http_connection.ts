/**
 * One connection of the HTTP gateway. Requests are answered one after the other,
 * in their order; an answer waits until the replica has confirmed the reports
 * before it. A client that has ended its side gets its answers.
 *
 * @module
 */
import { encodeBytes, encodeScratch } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
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
} from "../../sessions/limits.ts";
import type {
  ConnectionEnd,
  Opening,
  ServedConnection,
} from "../../sessions/served_connection.ts";
import { Pace } from "../../sessions/pace.ts";
import { AccessRefusal, type Admission } from "../access.ts";
import { Sender } from "../intake.ts";
import { readTarget, type Target } from "../readers/target.ts";
import {
  continueBytes,
  formatAnswer,
  type HttpAnswer,
  textAnswer,
} from "./http_answer.ts";
import {
  answerOptions,
  answerRequest,
  answerToRefused,
  fieldsForPages,
  type HttpContext,
} from "./http_requests.ts";
import { inflate, isGzip } from "./inflate.ts";
import { isQuery } from "./queries.ts";
import {
  bodyQuietMs,
  headMs,
  headPartMs,
  keepAliveMs,
  lingerMs,
  pieceBytes,
} from "./limits.ts";
import { LineStream } from "./line_stream.ts";
import {
  type HttpRequest,
  isLineStream,
  MessageReader,
} from "./message_reader.ts";
import { HttpFault, type RequestHead } from "./request_parser.ts";
import { PrefixedTransport } from "./prefixed_transport.ts";
import type { Takeover, Upgrades } from "./upgrades.ts";

/** What is known of a request from its head. */
interface JudgedHead {
  readonly target: Target;
  readonly admission: Admission | AccessRefusal;
}

/** One connection. */
export class HttpConnection implements ServedConnection {
  readonly addressKey: string | undefined;
  readonly #context: HttpContext;
  readonly #upgrades: Upgrades;
  readonly #opening: Opening;
  readonly #transport: Transport;
  readonly #sender: Sender;
  readonly #reader: MessageReader;
  readonly #reading = new ReadBuffer();
  /** What is known of each head of `#reader`, in order. */
  readonly #judged: JudgedHead[] = [];
  #stream: LineStream | undefined;
  /** Of streams: other requests are refused instead. */
  #pace: Pace | undefined;
  #heldBytes = 0;
  /** The chunk that is being processed. */
  #processing: Promise<void> | undefined;
  #writingBytes = 0;
  #isSending = false;
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
  #takeover: Takeover | undefined;
  /** What goes on with the connection after a request for another protocol. */
  #successor: ServedConnection | undefined;

  constructor(context: HttpContext, upgrades: Upgrades, opening: Opening) {
    this.#context = context;
    this.#upgrades = upgrades;
    this.#opening = opening;
    this.#transport = opening.transport;
    this.addressKey = opening.source.key;
    this.#sender = new Sender("http", opening.traffic, opening.source);
    this.#reader = new MessageReader((head) => this.#judge(head));
  }

  get replyBytes(): number {
    return this.#successor?.replyBytes ?? this.#writingBytes;
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
    this.#pace?.end();
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
    if (this.#isSending) {
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
      if (quietMs >= bodyQuietMs && this.#stream === undefined) {
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
    this.#pace?.end();
    closeQuietly(this.#transport);
    this.#sender.settling.cancel();
  }

  get #quietMs(): number {
    return Math.max(0, this.#quietHeartbeats - 1) * heartbeatMs;
  }

  /** Admits the sender of a request. False if its body does not matter. */
  #judge(head: RequestHead): boolean {
    const { access } = this.#context;
    const { headers, isUpgrade, method, path, query } = head;
    const target = readTarget(path, query);
    const request = {
      headers,
      path,
      target,
      remote: this.#opening.address,
      isEncrypted: this.#transport.channelBinding !== undefined,
      token: isUpgrade ? this.#upgrades.tokenOf(headers) : undefined,
    };
    const isLater = isUpgrade && this.#upgrades.admitsLater(headers);
    // A browser sends OPTIONS without credentials.
    const admission = method === "OPTIONS"
      ? access.refusalOfPage(request) ?? nobody
      : isLater
      ? access.admitLater(request)
      : access.admit(request);
    this.#judged.push({ target, admission });
    return !(admission instanceof AccessRefusal);
  }

  /** Parses what was read, and answers the requests that are whole. */
  async #process(buffer: Uint8Array, count: number): Promise<void> {
    const { turns } = this.#context.services;
    const { traffic, workload } = this.#sender;
    for (let start = 0; start < count && !this.#isLastAnswered;) {
      for (let room; (room = traffic.whenDrained()) !== undefined;) await room;
      const turn = turns.begin(workload);
      if (turn !== undefined) await turn;
      const end = Math.min(start + pieceBytes, count);
      const parsed = this.#reader.push(buffer, start, end);
      turns.end(workload);
      this.#countHeldBytes();
      if (!this.#reader.isWithinHead || this.#reader.hasWhole) {
        this.#endHeadDeadline();
      }
      for (let next; (next = this.#reader.take()) !== undefined;) {
        if (!this.#isLastAnswered) await this.#serve(next);
      }
      if (parsed instanceof HttpFault) return await this.#refuse(parsed);
      start = parsed;
      if (this.#takeover === undefined) continue;
      return await this.#handOver(this.#takeover, buffer.slice(start, count));
    }
    if (this.#isLastAnswered) return;
    if (this.#reader.takeContinue()) await this.#continue();
    if (!this.#reader.isWithinHead) return;
    if (this.#isHeadDue) await this.#timeOutHead();
    else this.#startHeadDeadline();
  }

  /** Answers a request that waits for a 100 before it sends its body. */
  async #continue(): Promise<void> {
    const admission = this.#judged.at(-1)?.admission;
    if (!(admission instanceof AccessRefusal)) {
      return await this.#write(continueBytes);
    }
    this.#logRequest(this.#reader.head!, this.#judged.at(-1)!.target, 0);
    await this.#send(answerToRefused(admission), undefined, false);
    this.#endWith("answered", "");
  }

  async #serve(request: HttpRequest): Promise<void> {
    const { head, isLast } = request;
    const judged = this.#judged[0];
    if (isLast) this.#judged.shift();
    const answer = await this.#answer(request, judged);
    if (answer === undefined) return;
    const goesOn = head.isPersistent && isLast &&
      (this.#end === undefined || this.#reader.hasWhole);
    await this.#send(answer, head, goesOn);
    if (!goesOn) this.#endWith("answered", "");
  }

  /** The answer; undefined if it comes later, or from another protocol. */
  async #answer(
    { body, head, isLast }: HttpRequest,
    { admission, target }: JudgedHead,
  ): Promise<HttpAnswer | undefined> {
    const { backend, turns } = this.#context.services;
    // Of a stream any number of reports can follow the first.
    const due = this.#stream && this.#whenDue();
    if (due !== undefined) await due;
    const arrivedAt = backend.now();
    this.#sender.traffic.stampTime(arrivedAt);
    if (this.#stream === undefined) {
      // Of a stream this is only the first part.
      this.#logRequest(head, target, isLast ? body.length : 0);
    }
    if (admission instanceof AccessRefusal) return answerToRefused(admission);
    if (head.method === "OPTIONS") return answerOptions();
    this.#sender.address = admission.remote;
    this.#sender.identity = admission.identity;
    const waitMs = this.#context.intake.waitMs(
      isQuery(target.path) ? "query" : "report",
      this.#sender,
    );
    if (waitMs > 0 && this.#stream === undefined) {
      const seconds = `${Math.ceil(waitMs / 1000)}`;
      return textAnswer(429, `Too many requests: wait ${seconds} s.`, [
        ["retry-after", seconds],
      ]);
    }
    if (head.isUpgrade) {
      const answer = this.#answerUpgrade(head, target, admission);
      if (answer !== undefined || this.#takeover !== undefined) return answer;
    }
    if (isLineStream(head)) {
      return await this.#answerStream(body, isLast, arrivedAt, admission);
    }
    const isCompressed = isGzip(head.headers.get("content-encoding")) === true;
    const plain = isCompressed ? await inflate(body) : body;
    if (plain instanceof HttpFault) {
      this.#countFault(plain);
      return textAnswer(plain.status, plain.message);
    }
    const turn = turns.begin(this.#sender.workload);
    if (turn !== undefined) await turn;
    const answer = answerRequest(
      this.#context,
      { head, target, admission, body: plain },
      this.#sender,
      arrivedAt,
    );
    turns.end(this.#sender.workload);
    return await answer;
  }

  /** Undefined if the next part of a stream may be taken now. */
  #whenDue(): Promise<void> | undefined {
    const { clock, counts, rates } = this.#context.services;
    if (rates === undefined) return undefined;
    const sender = this.#sender;
    sender.rates ??= rates.ofConnection(sender.identity, clock.elapsedMs());
    this.#pace ??= new Pace(sender.rates, clock, counts);
    this.#pace.rates = sender.rates;
    return this.#pace.whenDue();
  }

  /** Takes a part of a stream. The last part has an answer. */
  async #answerStream(
    bytes: Uint8Array,
    isLast: boolean,
    now: Timestamp,
    { identity }: Admission,
  ): Promise<HttpAnswer | undefined> {
    const { intake } = this.#context;
    const sender = this.#sender;
    this.#stream ??= new LineStream(intake, sender, now);
    const { identities } = this.#context.access;
    if (identity !== undefined && identities.hasEnded(identity)) {
      identities.countRefusal("identity-ended");
      this.#stream = undefined;
      return textAnswer(401, "The token is not valid any more.");
    }
    if (!isLast) {
      await this.#stream.push(bytes, now);
      intake.flush(sender);
      await sender.settling.settled();
      return undefined;
    }
    const stream = this.#stream;
    this.#stream = undefined;
    return await stream.end(now);
  }

  /** A refusal; undefined if another protocol goes on, or if there is none. */
  #answerUpgrade(
    { headers, method, query }: RequestHead,
    { path }: Target,
    { identity, isReportOnly, remote }: Admission,
  ): HttpAnswer | undefined {
    const answer = this.#upgrades.handle({
      method,
      path,
      query: query ?? "",
      headers,
      identity,
      isReportOnly,
      remote,
    });
    if (answer === undefined) return undefined;
    if ("status" in answer) {
      return textAnswer(answer.status, answer.text, answer.headers);
    }
    this.#takeover = answer;
    return undefined;
  }

  /** Passes the connection on. `rest` came after the request. */
  async #handOver(
    { create, head, prefix }: Takeover,
    rest: Uint8Array,
  ): Promise<void> {
    const { emit, trafficLogFor } = this.#context.services;
    await this.#write(encodeBytes(head));
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
    this.#countFault(fault);
    await this.#send(textAnswer(status, message), undefined, false);
    this.#endWith("protocol error", message);
  }

  #countFault({ status }: HttpFault): void {
    this.#context.intake.count(status === 413 ? "body-too-long" : "not-http");
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
      await this.#send(
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
   * Counts the time of a head in parts. Of the time in which the server did not
   * run, and could read nothing, one part counts at most.
   */
  #countHeadTime(leftMs: number): void {
    const { clock } = this.#context.services;
    const partMs = Math.min(leftMs, headPartMs);
    this.#cancelHeadDeadline = clock.after(partMs, () => {
      if (leftMs > partMs) return this.#countHeadTime(leftMs - partMs);
      this.#isHeadDue = true;
      // What has arrived may be the rest of the head.
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

  /** Writes an answer when the reports before it are confirmed, and logs it. */
  async #send(
    answer: HttpAnswer,
    head: RequestHead | undefined,
    isPersistent: boolean,
  ): Promise<void> {
    const { access, intake, services: { backend } } = this.#context;
    const { settling, traffic } = this.#sender;
    intake.flush(this.#sender);
    if (settling.failure !== undefined) throw settling.failure;
    const settled = settling.settled();
    if (settled !== undefined) await settled;
    const now = backend.now();
    const forPages = head === undefined
      ? []
      : fieldsForPages(access.allowedOrigin(head.headers), head);
    const bytes = formatAnswer(
      { ...answer, headers: [...answer.headers ?? [], ...forPages] },
      { isHead: head?.method === "HEAD", isPersistent, seconds: now.seconds },
    );
    const writing = this.#write(bytes);
    traffic.stampTime(now);
    const text = `${answer.status} ${answer.body}`.replace(/[ \n]$/, "");
    traffic.sent(encodeScratch(text), 0, text.length);
    await writing;
  }

  /** Each part that is written counts as progress. */
  async #write(bytes: Uint8Array): Promise<void> {
    this.#writingBytes += bytes.length;
    this.#isSending = true;
    this.#hasProgressed = true;
    try {
      let written = await this.#transport.write(bytes);
      this.#hasProgressed = true;
      while (written < bytes.length) {
        written += await this.#transport.write(bytes.subarray(written));
        this.#hasProgressed = true;
      }
    } finally {
      this.#writingBytes -= bytes.length;
      this.#isSending = false;
    }
  }

  #logRequest(
    { method }: RequestHead,
    { logged }: Target,
    bytes: number,
  ): void {
    const text = `${method} ${logged}${bytes > 0 ? ` ${bytes}` : ""}`;
    this.#sender.traffic.received(encodeScratch(text), 0, text.length);
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

/** The sender of a request that reports nothing and sees nothing. */
const nobody: Admission = {
  identity: undefined,
  isReportOnly: true,
  credential: undefined,
  remote: "",
};
