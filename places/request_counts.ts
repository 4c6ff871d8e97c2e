/**
 * How many requests to a places service came to which end. A service may word
 * its status as it likes: those that Google does not document are one.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { AnswerStatus, RefusalStatus } from "./answer.ts";

/** Google's words. */
const documented = {
  OK: true,
  ZERO_RESULTS: true,
  INVALID_REQUEST: true,
  OVER_QUERY_LIMIT: true,
  REQUEST_DENIED: true,
  UNKNOWN_ERROR: true,
} satisfies Record<AnswerStatus | RefusalStatus, true>;

/** What became of a request. */
export type RequestEnd =
  | AnswerStatus
  | RefusalStatus
  /** The answer had another status. */
  | "OTHER"
  /** No usable answer came. */
  | "NO_ANSWER"
  /** It was not made: the day's budget is spent. */
  | "BUDGET_SPENT";

/** One server's counts. */
export class RequestCounts {
  readonly #counts = new Map<RequestEnd, number>();

  /** A request has ended. */
  add(end: RequestEnd): void {
    this.#counts.set(end, (this.#counts.get(end) ?? 0) + 1);
  }

  /** A request was answered with this status. */
  addStatus(status: string): void {
    const isDocumented = Object.hasOwn(documented, status);
    this.add(isDocumented ? status as keyof typeof documented : "OTHER");
  }

  /** The counts so far, of ends that there were. */
  read(): Partial<Record<RequestEnd, number>> {
    return Object.fromEntries(this.#counts);
  }
}

/** The status in a body that we have printed ourselves, where it comes last. */
export function statusOfOwn(body: ByteString): string {
  return body.slice(-64).match(/"status" : "(\w+)"\s*\}\s*$/)?.[1] ?? "OTHER";
}
