/**
 * Counts what was refused because of who has asked, by reason.
 *
 * @module
 */

/** Why something was refused, or ended, as status and metrics count it. */
export type RefusalName =
  /** A connection to a client port began with an HTTP request line. */
  | "http-request"
  /** A report for a client that the identity may not report for. */
  | "report"
  /** A query of a client that the identity may not query. */
  | "query"
  /** A connection without a valid client certificate where one is required. */
  | "certificate"
  /** A client certificate that the identities file does not list. */
  | "certificate-not-listed"
  /** A connection whose identity has ended. */
  | "identity-ended"
  /** A request without a token where one is required. */
  | "no-token"
  /** A token that is not valid, by its reason, such as `token-expired`. */
  | `token-${string}`
  /** A request that the identity's role does not permit. */
  | "role"
  /** A request of an address with too many failed attempts. */
  | "attempts"
  /** A request that a proxy has passed on that is not trusted. */
  | "forwarded";

/** Counts for one server. */
export class RefusalCounts {
  readonly #counts = new Map<RefusalName, number>();

  /** Counts one refusal. */
  add(name: RefusalName): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** How many there were of each, without those that never were. */
  get counts(): ReadonlyMap<RefusalName, number> {
    return this.#counts;
  }
}
