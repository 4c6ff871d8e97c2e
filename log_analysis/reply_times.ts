/**
 * How long clients wait for their answers, from the line that came in to the
 * answer that went out, by the times in the log.
 *
 * @module
 */
import type { ReplyKind, RequestKind } from "./line_kinds.ts";

/** A request without an answer. */
interface Request {
  readonly timeUs: number;
  readonly kind: RequestKind;
}

/** What a client has asked, in order: so come its answers. */
interface ConnectionReplies {
  /** Whether the log has it from its beginning, without a gap. */
  isWhole: boolean;
  readonly requests: Request[];
  /** How many of them have their answer. */
  answered: number;
}

/** An answer, and what it answers. */
export interface AnsweredRequest {
  /** What was asked; `invalid` if the answer is `?`. */
  readonly kind: RequestKind;
  /** What it looked like by its verb. */
  readonly verb: RequestKind;
  /**
   * How long it took, in microseconds; undefined if the log may lack lines, so
   * that nobody can tell which answer belongs to which request.
   */
  readonly waitedUs: number | undefined;
}

/** Matches answers with requests, for all clients of one server. */
export class ReplyTimes {
  readonly #conversations = new Map<string, ConnectionReplies>();

  /** The server has begun anew: nobody is connected. */
  onRestart(): void {
    this.#conversations.clear();
  }

  /** Lines are missing. */
  onGap(): void {
    for (const replies of this.#conversations.values()) {
      replies.isWhole = false;
    }
  }

  onConnect(connection: string): void {
    this.#conversations.set(connection, {
      isWhole: true,
      requests: [],
      answered: 0,
    });
  }

  onClose(connection: string): void {
    this.#conversations.delete(connection);
  }

  onRequest(connection: string, timeUs: number, kind: RequestKind): void {
    let replies = this.#conversations.get(connection);
    if (replies === undefined) {
      replies = { isWhole: false, requests: [], answered: 0 };
      this.#conversations.set(connection, replies);
    }
    if (replies.requests.length > mostWaiting) {
      // Their answers are not in the log, and will not come any more.
      replies.requests.length = 0;
      replies.answered = 0;
      replies.isWhole = false;
    }
    replies.requests.push({ timeUs, kind });
  }

  /** Undefined if it answers nothing that is in the log. */
  onReply(
    connection: string,
    timeUs: number,
    reply: ReplyKind,
  ): AnsweredRequest | undefined {
    const replies = this.#conversations.get(connection);
    if (replies === undefined) return undefined;
    const { isWhole, requests } = replies;
    const request = requests[replies.answered];
    if (request === undefined) return undefined;
    replies.answered += 1;
    if (replies.answered === requests.length) {
      requests.length = 0;
      replies.answered = 0;
    } else if (replies.answered === longestHead) {
      requests.splice(0, longestHead);
      replies.answered = 0;
    }
    return {
      kind: reply === "?" ? "invalid" : request.kind,
      verb: request.kind,
      waitedUs: isWhole ? timeUs - request.timeUs : undefined,
    };
  }
}

/** More requests of a connection than this do not wait for their answers. */
const mostWaiting = 100_000;

/** So many requests with an answer are kept before they are thrown away. */
const longestHead = 1024;
