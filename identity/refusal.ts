/**
 * The reasons for which a token is refused.
 *
 * @module
 */

/** A reason, as logs and metrics name it. */
export type RefusalReason =
  | "too long"
  | "malformed"
  | "other algorithm"
  | "unknown key"
  | "wrong signature"
  | "invalid claims"
  | "not yet valid"
  | "expired"
  | "revoked";

/** A token was refused. */
export class TokenRefusal {
  /** The reason. */
  readonly reason: RefusalReason;
  /** One line for the operator. Has no part of the token. */
  readonly detail: string;

  /** Creates a refusal. */
  constructor(reason: RefusalReason, detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}
