/**
 * Measures how long clients wait for their answers: from the client's line to
 * the answer, by the times in the log.
 *
 * @module
 */
import type { ReplyKind, RequestKind } from "./line_kinds.ts";

/** A request that has no answer yet. */
interface Request {
  readonly timeUs: number;
  readonly kind: RequestKind;
}

/** The requests of a connection. Answers come in the same order. */
interface ConnectionReplies {
  /**
   * Whether the log has the connection from its beginning and without a gap.
   */
  isWhole: boolean;
  readonly requests: Request[];
  /** How many of the requests have been answered. */
  answered: number;
}

/** A request that has been answered. */
export interface AnsweredRequest {
  /** The request's kind; `invalid` if the answer is `?`. */
  readonly kind: RequestKind;
  /** The request's kind by its verb alone. */
  readonly verb: RequestKind;
  /**
   * How long the client waited, in microseconds. Undefined if the log may lack
   * lines, as the answer may then belong to another request.
   */
  readonly waitedUs: number | undefined;
}

/** Matches answers to requests, for all clients of one server. */
export class ReplyTimes {
  readonly #connections = new Map<string, ConnectionReplies>();

  /** The server was restarted, so no client is connected. */
  onRestart(): void {
    this.#connections.clear();
  }

  /** The log lacks lines here. */
  onGap(): void {
    for (const replies of this.#connections.values()) {
      replies.isWhole = false;
    }
  }

  onConnect(connection: string): void {
    this.#connections.set(connection, {
      isWhole: true,
      requests: [],
      answered: 0,
    });
  }

  onClose(connection: string): void {
    this.#connections.delete(connection);
  }

  onRequest(connection: string, timeUs: number, kind: RequestKind): void {
    let replies = this.#connections.get(connection);
    if (replies === undefined) {
      replies = { isWhole: false, requests: [], answered: 0 };
      this.#connections.set(connection, replies);
    }
    if (replies.requests.length > maxPendingRequests) {
      // Their answers are missing in the log.
      replies.requests.length = 0;
      replies.answered = 0;
      replies.isWhole = false;
    }
    replies.requests.push({ timeUs, kind });
  }

  /** Undefined if the request is not in the log. */
  onReply(
    connection: string,
    timeUs: number,
    reply: ReplyKind,
  ): AnsweredRequest | undefined {
    const replies = this.#connections.get(connection);
    if (replies === undefined) return undefined;
    const { isWhole, requests } = replies;
    const request = requests[replies.answered];
    if (request === undefined) return undefined;
    replies.answered += 1;
    if (replies.answered === requests.length) {
      requests.length = 0;
      replies.answered = 0;
    } else if (replies.answered === maxAnsweredRequests) {
      requests.splice(0, maxAnsweredRequests);
      replies.answered = 0;
    }
    return {
      kind: reply === "?" ? "invalid" : request.kind,
      verb: request.kind,
      waitedUs: isWhole ? timeUs - request.timeUs : undefined,
    };
  }
}

/**
 * Most requests of a connection that wait for answers. With more, their answers
 * must be missing in the log.
 */
const maxPendingRequests = 100_000;

/** Answered requests that are removed from the list at once. */
const maxAnsweredRequests = 1024;
