/**
 * Collects the requests of one connection: heads as they end, and bodies within
 * their limits. The body of a request that is refused already is dropped.
 *
 * @module
 */
import { allocateBuffer } from "../../protocol/bytes.ts";
import { maxBodyBytes } from "../readers/limits.ts";
import { isGzip } from "./inflate.ts";
import { maxCompressedBytes } from "./limits.ts";
import { HttpFault, type RequestHead } from "./request_head.ts";
import { RequestParser } from "./request_parser.ts";

/** A whole request, or a part of one whose lines are read as they arrive. */
export interface HttpRequest {
  readonly head: RequestHead;
  /** As it was sent. */
  readonly body: Uint8Array;
  /** Whether no part of the same request follows. */
  readonly isLast: boolean;
}

/** Whether the body of a request is read, when its head is known. */
export type JudgeHead = (head: RequestHead) => boolean;

const nothing = new Uint8Array();

/** Collects requests from bytes. */
export class MessageReader {
  readonly #judge: JudgeHead;
  readonly #parser: RequestParser;
  readonly #complete: HttpRequest[] = [];
  #head: RequestHead | undefined;
  #isKept = false;
  #isStream = false;
  #maxBytes = 0;
  /** The body so far; longer than that if more is expected. */
  #body: Uint8Array = nothing;
  #bodyBytes = 0;
  #isContinueDue = false;

  /** @param judge False if the request will be refused whatever its body is. */
  constructor(judge: JudgeHead) {
    this.#judge = judge;
    this.#parser = new RequestParser({
      onHead: (head) => this.#onHead(head),
      onBody: (bytes) => this.#onBody(bytes),
      onEnd: () => this.#onEnd(),
    });
  }

  /** The next whole request; undefined if there is none. */
  take(): HttpRequest | undefined {
    return this.#complete.shift();
  }

  /** Whether there is a whole one. */
  get hasWhole(): boolean {
    return this.#complete.length > 0;
  }

  /** Whether a request has begun that is not whole. */
  get isWithinRequest(): boolean {
    return this.#parser.isWithinRequest;
  }

  /** Whether a head has begun that is not whole. */
  get isWithinHead(): boolean {
    return this.#parser.isWithinHead;
  }

  /** The memory of a request that is not whole, in bytes. */
  get heldBytes(): number {
    return this.#parser.heldBytes + this.#body.length;
  }

  /** The head of the request whose body is being read. */
  get head(): RequestHead | undefined {
    return this.#head;
  }

  /** Whether the client waits for a 100 before it sends the body. Once true. */
  takeContinue(): boolean {
    const isDue = this.#isContinueDue && this.#parser.isWithinRequest;
    this.#isContinueDue = false;
    return isDue;
  }

  /** See `RequestParser.push`. */
  push(bytes: Uint8Array, start: number, end: number): number | HttpFault {
    return this.#parser.push(bytes, start, end);
  }

  #onHead(head: RequestHead): void {
    const { bodyBytes, headers } = head;
    this.#head = head;
    this.#isKept = this.#judge(head);
    this.#isStream = head.isLineStream;
    const coding = isGzip(headers.get("content-encoding"));
    if (coding instanceof HttpFault) throw coding;
    this.#maxBytes = coding ? maxCompressedBytes : maxBodyBytes;
    // Its end may never come, and a refusal must not wait for that.
    if (this.#isStream && !this.#isKept) this.#add(nothing, false);
    const isTooLong = !this.#isStream && (bodyBytes ?? 0) > this.#maxBytes;
    if (isTooLong) throw this.#tooLong();
    const expectation = headers.get("expect");
    if (expectation === undefined) return;
    if (expectation.toLowerCase() !== "100-continue") {
      throw new HttpFault(417, "The Expect field is not known.");
    }
    this.#isContinueDue = bodyBytes !== 0;
  }

  #onBody(bytes: Uint8Array): void {
    this.#isContinueDue = false;
    if (this.#isStream) {
      if (this.#isKept) this.#add(bytes, false);
      return;
    }
    this.#bodyBytes += bytes.length;
    if (this.#bodyBytes > this.#maxBytes) throw this.#tooLong();
    if (this.#isKept) this.#keep(bytes);
  }

  /** Adds bytes to the body. They are copied unless they are all of it. */
  #keep(bytes: Uint8Array): void {
    const total = this.#bodyBytes;
    if (bytes.length === this.#head?.bodyBytes) {
      this.#body = bytes;
      return;
    }
    if (total > this.#body.length) {
      // Many small chunks must not take an object each.
      const larger = allocateBuffer(Math.min(2 * total, this.#maxBytes));
      larger.set(this.#body.subarray(0, total - bytes.length));
      this.#body = larger;
    }
    this.#body.set(bytes, total - bytes.length);
  }

  #onEnd(): void {
    const length = this.#isKept ? this.#bodyBytes : 0;
    this.#add(this.#body.subarray(0, length), true);
    this.#head = undefined;
    this.#body = nothing;
    this.#bodyBytes = 0;
  }

  #add(body: Uint8Array, isLast: boolean): void {
    this.#complete.push({ head: this.#head!, body, isLast });
  }

  #tooLong(): HttpFault {
    return new HttpFault(
      413,
      `The body is too long: expected at most ${this.#maxBytes} bytes.`,
    );
  }
}
