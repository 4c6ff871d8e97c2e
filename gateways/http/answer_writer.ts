/**
 * Writes the answers of one connection of the HTTP gateway.
 *
 * @module
 */
import { encodeScratch } from "../../protocol/bytes.ts";
import type { Timestamp } from "../../protocol/time.ts";
import type { Transport } from "../../runtime/transport.ts";
import type { GatewayContext } from "../gateway_context.ts";
import type { Sender } from "../intake.ts";
import { formatAnswer, type HttpAnswer } from "./http_answer.ts";
import { fieldsForPages } from "./http_requests.ts";
import type { RequestHead } from "./request_head.ts";

/** Writes answers in their order. */
export class AnswerWriter {
  readonly #context: GatewayContext;
  readonly #transport: Transport;
  readonly #sender: Sender;
  readonly #onProgress: () => void;
  #writingBytes = 0;
  #isSending = false;

  /** @param onProgress Called when the client has taken bytes. */
  constructor(
    context: GatewayContext,
    transport: Transport,
    sender: Sender,
    onProgress: () => void,
  ) {
    this.#context = context;
    this.#transport = transport;
    this.#sender = sender;
    this.#onProgress = onProgress;
  }

  /** Bytes of answers that the client has not taken. */
  get writingBytes(): number {
    return this.#writingBytes;
  }

  /** Whether an answer is being written. */
  get isSending(): boolean {
    return this.#isSending;
  }

  /**
   * Writes an answer when the reports before it are confirmed, and logs it.
   *
   * @param now The time, if the caller knows it and has stamped the log with it.
   */
  send(
    answer: HttpAnswer,
    head: RequestHead | undefined,
    isPersistent: boolean,
    now?: Timestamp,
  ): Promise<void> {
    const { settling } = this.#sender;
    this.#context.intake.flush(this.#sender);
    if (settling.failure !== undefined) throw settling.failure;
    const settled = settling.settled();
    if (settled === undefined) {
      return this.#send(answer, head, isPersistent, now);
    }
    return settled.then(() =>
      this.#send(answer, head, isPersistent, undefined)
    );
  }

  #send(
    answer: HttpAnswer,
    head: RequestHead | undefined,
    isPersistent: boolean,
    stamped: Timestamp | undefined,
  ): Promise<void> {
    const { access, services: { backend } } = this.#context;
    const { traffic } = this.#sender;
    const now = stamped ?? backend.now();
    const forPages = head === undefined
      ? []
      : fieldsForPages(access.allowedOrigin(head.headers), head);
    const bytes = formatAnswer(
      { ...answer, headers: [...answer.headers ?? [], ...forPages] },
      { isHead: head?.method === "HEAD", isPersistent, seconds: now.seconds },
    );
    const writing = this.write(bytes);
    if (stamped === undefined) traffic.stampTime(now);
    const logged = answer.logged ?? answer.body;
    const text = `${answer.status} ${logged}`.replace(/[ \n]$/, "");
    traffic.sent(encodeScratch(text), 0, text.length);
    return writing;
  }

  /** Writes bytes. Each part that is written counts as progress. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#writingBytes += bytes.length;
    this.#isSending = true;
    this.#onProgress();
    try {
      let written = await this.#transport.write(bytes);
      this.#onProgress();
      while (written < bytes.length) {
        written += await this.#transport.write(bytes.subarray(written));
        this.#onProgress();
      }
    } finally {
      this.#writingBytes -= bytes.length;
      this.#isSending = false;
    }
  }
}
