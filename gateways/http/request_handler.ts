/**
 * What one connection of the HTTP gateway does with its requests: it admits the
 * sender of each when its head is known, logs it, and gives its answer.
 *
 * @module
 */
import { encodeScratch } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { Opening } from "../../sessions/served_connection.ts";
import { Pace } from "../../sessions/pace.ts";
import { AccessRefusal, type Admission } from "../access.ts";
import type { Sender } from "../intake.ts";
import { type HttpAnswer, textAnswer } from "./http_answer.ts";
import {
  type AdmittedRequest,
  answerOptions,
  answerRequest,
  answerToRefused,
  type HttpContext,
} from "./http_requests.ts";
import { inflate, isGzip } from "./inflate.ts";
import { LineStream } from "./line_stream.ts";
import type { HttpRequest } from "./message_reader.ts";
import { isQuery } from "./queries.ts";
import { HttpFault, type RequestHead } from "./request_head.ts";
import type { Takeover, Upgrades } from "./upgrades.ts";

/** Undefined if the answer comes later, or from another protocol. */
export type LateAnswer = HttpAnswer | undefined;

/** The requests of one connection. */
export class RequestHandler {
  readonly #context: HttpContext;
  readonly #upgrades: Upgrades;
  readonly #opening: Opening;
  readonly #sender: Sender;
  /** The senders of requests whose heads were judged, in order. */
  readonly #judged: (Admission | AccessRefusal)[] = [];
  #stream: LineStream | undefined;
  /** Limits the rate of a stream. Other requests above the rate are refused. */
  #pace: Pace | undefined;
  #takeover: Takeover | undefined;
  #arrivedAt: Timestamp;

  constructor(
    context: HttpContext,
    upgrades: Upgrades,
    opening: Opening,
    sender: Sender,
  ) {
    this.#context = context;
    this.#upgrades = upgrades;
    this.#opening = opening;
    this.#sender = sender;
    this.#arrivedAt = context.services.backend.now();
  }

  /** Whether the lines of a body are being taken as they arrive. */
  get isWithinStream(): boolean {
    return this.#stream !== undefined;
  }

  /** What takes the connection over, after a request for another protocol. */
  get takeover(): Takeover | undefined {
    return this.#takeover;
  }

  /** Ends a wait for the rate of a stream. */
  end(): void {
    this.#pace?.end();
  }

  /** Admits the sender of a request. False if its body does not matter. */
  judge(head: RequestHead): boolean {
    const { access } = this.#context;
    const { headers, isUpgrade, method, path, target } = head;
    const request = {
      headers,
      path,
      target,
      remote: this.#opening.address,
      isEncrypted: this.#opening.transport.channelBinding !== undefined,
      token: isUpgrade ? this.#upgrades.tokenOf(headers) : undefined,
    };
    const isLater = isUpgrade && this.#upgrades.admitsLater(headers);
    // A browser sends OPTIONS without credentials.
    const admission = method === "OPTIONS"
      ? access.refusalOfPage(request) ?? nobody
      : isLater
      ? access.admitLater(request)
      : access.admit(request);
    this.#judged.push(admission);
    return !(admission instanceof AccessRefusal);
  }

  /**
   * The answer to the request whose head was judged last, if its body does not
   * matter. The request is logged then.
   */
  refusalOf(head: RequestHead): HttpAnswer | undefined {
    const admission = this.#judged.at(-1)!;
    if (!(admission instanceof AccessRefusal)) return undefined;
    this.#log(head, 0);
    return answerToRefused(admission);
  }

  /** When the newest request arrived. */
  get arrivedAt(): Timestamp {
    return this.#arrivedAt;
  }

  /**
   * The answer. Must be called in the connection's turn, which ends when this
   * returns.
   */
  answer(request: HttpRequest): LateAnswer | Promise<LateAnswer> {
    const judged = this.#judged[0];
    if (request.isLast) this.#judged.shift();
    if (this.#stream === undefined) {
      const { backend, turns } = this.#context.services;
      return this.#answer(request, judged, backend.now(turns.lastWorkAtMs));
    }
    return this.#answerPart(request, judged);
  }

  /** Takes a further part of a stream. */
  async #answerPart(
    request: HttpRequest,
    judged: Admission | AccessRefusal,
  ): Promise<LateAnswer> {
    // After the first report of a stream, any number of others can follow.
    const due = this.#whenDue();
    if (due !== undefined) await due;
    return this.#answer(request, judged, this.#context.services.backend.now());
  }

  #answer(
    { body, head, isLast }: HttpRequest,
    admission: Admission | AccessRefusal,
    arrivedAt: Timestamp,
  ): LateAnswer | Promise<LateAnswer> {
    this.#arrivedAt = arrivedAt;
    this.#sender.traffic.stampTime(arrivedAt);
    if (this.#stream === undefined) {
      // Of a stream this is only the first part.
      this.#log(head, isLast ? body.length : 0);
    }
    if (admission instanceof AccessRefusal) return answerToRefused(admission);
    if (head.method === "OPTIONS") return answerOptions();
    this.#sender.address = admission.remote;
    this.#sender.identity = admission.identity;
    const waitMs = this.#context.intake.waitMs(
      isQuery(head.target.path) ? "query" : "report",
      this.#sender,
    );
    if (waitMs > 0 && this.#stream === undefined) {
      const seconds = `${Math.ceil(waitMs / 1000)}`;
      return textAnswer(429, `Too many requests: wait ${seconds} s.`, [
        ["retry-after", seconds],
      ]);
    }
    if (head.isUpgrade) {
      const answer = this.#answerUpgrade(head, admission);
      if (answer !== undefined || this.#takeover !== undefined) return answer;
    }
    if (head.isLineStream) {
      return this.#answerStream(body, isLast, arrivedAt, admission);
    }
    const request = { head, admission, body };
    return isGzip(head.headers.get("content-encoding")) === true
      ? this.#answerCompressed(request, arrivedAt)
      : answerRequest(this.#context, request, this.#sender, arrivedAt);
  }

  async #answerCompressed(
    request: AdmittedRequest,
    arrivedAt: Timestamp,
  ): Promise<HttpAnswer> {
    const { turns } = this.#context.services;
    const { workload } = this.#sender;
    const body = await inflate(request.body);
    if (body instanceof HttpFault) {
      this.countFault(body);
      return textAnswer(body.status, body.message);
    }
    const turn = turns.begin(workload);
    if (turn !== undefined) await turn;
    const answer = answerRequest(
      this.#context,
      { ...request, body },
      this.#sender,
      arrivedAt,
    );
    turns.end(workload);
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
    { headers, method, query, target }: RequestHead,
    { identity, isReportOnly, remote }: Admission,
  ): HttpAnswer | undefined {
    const answer = this.#upgrades.handle({
      method,
      path: target.path,
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

  /** Counts bytes that are no request, or a body that is too long. */
  countFault({ status }: HttpFault): void {
    this.#context.intake.count(status === 413 ? "body-too-long" : "not-http");
  }

  #log(
    { method, target }: RequestHead,
    bytes: number,
  ): void {
    const text = `${method} ${target.logged}${bytes > 0 ? ` ${bytes}` : ""}`;
    this.#sender.traffic.received(encodeScratch(text), 0, text.length);
  }
}

/** The sender of a request that reports nothing and sees nothing. */
const nobody: Admission = {
  identity: undefined,
  isReportOnly: true,
  credential: undefined,
  remote: "",
};
