/**
 * Counts requests to a places service by their outcome. All statuses that
 * Google does not document count as `OTHER`.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { AnswerStatus, RefusalStatus } from "./answer.ts";

/** The statuses that Google documents. */
const documented = {
  OK: true,
  ZERO_RESULTS: true,
  INVALID_REQUEST: true,
  OVER_QUERY_LIMIT: true,
  REQUEST_DENIED: true,
  UNKNOWN_ERROR: true,
} satisfies Record<AnswerStatus | RefusalStatus, true>;

/** The outcome of a request. */
export type RequestOutcome =
  | AnswerStatus
  | RefusalStatus
  /** The answer had an undocumented status. */
  | "OTHER"
  /** There was no usable answer. */
  | "NO_ANSWER"
  /** The request was not made, as the day's budget is spent. */
  | "BUDGET_SPENT";

/** The counts of one server. */
export class RequestCounts {
  readonly #counts = new Map<RequestOutcome, number>();

  /** Counts a request with this outcome. */
  add(outcome: RequestOutcome): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
  }

  /** Counts a request that was answered with this status. */
  addStatus(status: string): void {
    const isDocumented = Object.hasOwn(documented, status);
    this.add(isDocumented ? status as keyof typeof documented : "OTHER");
  }

  /** The counts so far, without outcomes that have not occurred. */
  read(): Partial<Record<RequestOutcome, number>> {
    return Object.fromEntries(this.#counts);
  }
}

/** The status in a body printed by `printJson`, where it comes last. */
export function statusOfPrinted(body: ByteString): string {
  return body.slice(-64).match(/"status" : "(\w+)"\s*\}\s*$/)?.[1] ?? "OTHER";
}
