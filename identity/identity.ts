/**
 * Identities. An identity names the sender of a request, or the other side of a
 * connection, and says what it may do.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import type { Grant, Role } from "./claims.ts";
import { ClientPatterns } from "./patterns.ts";

/** Why an identity has ended, as logs and metrics name it. */
export type IdentityEnd =
  | "not yet valid"
  | "expired"
  | "revoked"
  | "key removed"
  | "not listed";

/**
 * An identity, as sessions and gateways are given it. Code that
 * keeps one calls `endAt` before each use.
 */
export interface Identity {
  /** Names it: an ID, or a name of a certificate. Shares and rates count by it. */
  readonly subject: ByteString;
  /** Whether it may see the newest positions only, and no history. */
  readonly lastOnly: boolean;
  /** What it may do at the administration port; undefined for nothing. */
  readonly role: Role | undefined;
  /** The end that is known, in POSIX seconds. It may end sooner. */
  readonly endsAt: number;
  /** Patterns of the IDs that it may report for. */
  readonly reports: readonly ByteString[];
  /** Patterns of the IDs that it may query. */
  readonly sees: readonly ByteString[];
  /** Whether it may report for this client. */
  mayReport(client: ByteString): boolean;
  /** The same for the ID from `start` to `end` of a buffer. */
  mayReportSpan(bytes: Uint8Array, start: number, end: number): boolean;
  /** Whether it may query this client. */
  maySee(client: ByteString): boolean;
  /** Why it is over at this time, in POSIX seconds; undefined if it is not. */
  endAt(nowSeconds: number): IdentityEnd | undefined;
}

/** What identities of all kinds have in common. */
export abstract class GrantedIdentity implements Identity {
  readonly subject: ByteString;
  readonly lastOnly: boolean;
  readonly role: Role | undefined;
  readonly #reports: ClientPatterns;
  readonly #sees: ClientPatterns;

  constructor({ lastOnly, reports, role, sees, subject }: Grant) {
    this.subject = subject;
    this.lastOnly = lastOnly;
    this.role = role;
    this.#reports = new ClientPatterns(reports);
    this.#sees = new ClientPatterns(sees);
  }

  abstract readonly endsAt: number;

  get reports(): readonly ByteString[] {
    return this.#reports.patterns;
  }

  get sees(): readonly ByteString[] {
    return this.#sees.patterns;
  }

  abstract endAt(nowSeconds: number): IdentityEnd | undefined;

  mayReport(client: ByteString): boolean {
    return this.#reports.includes(client);
  }

  mayReportSpan(bytes: Uint8Array, start: number, end: number): boolean {
    return this.#reports.includesSpan(bytes, start, end);
  }

  maySee(client: ByteString): boolean {
    return this.#sees.includes(client);
  }
}
