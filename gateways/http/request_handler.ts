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
import { readTarget, type Target } from "../readers/target.ts";
import { type HttpAnswer, textAnswer } from "./http_answer.ts";
import {
  answerOptions,
  answerRequest,
  answerToRefused,
  type HttpContext,
} from "./http_requests.ts";
import { inflate, isGzip } from "./inflate.ts";
import { LineStream } from "./line_stream.ts";
import { type HttpRequest, isLineStream } from "./message_reader.ts";
import { isQuery } from "./queries.ts";
import { HttpFault, type RequestHead } from "./request_parser.ts";
import type { Takeover, Upgrades } from "./upgrades.ts";

/** What is known of a request from its head. */
interface JudgedHead {
  readonly target: Target;
  readonly admission: Admission | AccessRefusal;
}

/** The requests of one connection. */
export class RequestHandler {
  readonly #context: HttpContext;
  readonly #upgrades: Upgrades;
  readonly #opening: Opening;
  readonly #sender: Sender;
  /** What is known of each head that was judged and not answered, in order. */
  readonly #judged: JudgedHead[] = [];
  #stream: LineStream | undefined;
  /** Of streams: other requests are refused instead. */
  #pace: Pace | undefined;
  #takeover: Takeover | undefined;

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
    const { headers, isUpgrade, method, path, query } = head;
    const target = readTarget(path, query);
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
    this.#judged.push({ target, admission });
    return !(admission instanceof AccessRefusal);
  }

  /**
   * The answer to the request whose head was judged last, if its body does not
   * matter. The request is logged then.
   */
  refusalOf(head: RequestHead): HttpAnswer | undefined {
    const { admission, target } = this.#judged.at(-1)!;
    if (!(admission instanceof AccessRefusal)) return undefined;
    this.#log(head, target, 0);
    return answerToRefused(admission);
  }

  /** The answer; undefined if it comes later, or from another protocol. */
  async answer(
    { body, head, isLast }: HttpRequest,
  ): Promise<HttpAnswer | undefined> {
    const { admission, target } = this.#judged[0];
    if (isLast) this.#judged.shift();
    const { backend, turns } = this.#context.services;
    // Of a stream any number of reports can follow the first.
    const due = this.#stream && this.#whenDue();
    if (due !== undefined) await due;
    const arrivedAt = backend.now();
    this.#sender.traffic.stampTime(arrivedAt);
    if (this.#stream === undefined) {
      // Of a stream this is only the first part.
      this.#log(head, target, isLast ? body.length : 0);
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
      this.countFault(plain);
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

  /** Counts bytes that are no request, or a body that is too long. */
  countFault({ status }: HttpFault): void {
    this.#context.intake.count(status === 413 ? "body-too-long" : "not-http");
  }

  #log(
    { method }: RequestHead,
    { logged }: Target,
    bytes: number,
  ): void {
    const text = `${method} ${logged}${bytes > 0 ? ` ${bytes}` : ""}`;
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
