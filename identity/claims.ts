/**
 * The claims of a token: who it is for, what it permits, and until when.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import {
  JsonFault,
  type JsonObject,
  memberOf,
  readJsonObject,
} from "./strict_json.ts";
import { maxTokenIdLength } from "./limits.ts";
import { bytesOfClaim, faultOfId, faultOfPatterns } from "./patterns.ts";
import { TokenRefusal } from "./refusal.ts";

/** What somebody may do at the administration port. */
export type Role = "viewer" | "operator";

/** All roles. */
export const roles: readonly Role[] = ["viewer", "operator"];

/** What an identity may do. */
export interface Grant {
  /**
   * For whom it is: an ID, or the name of a certificate. Shares and rates are
   * counted by it.
   */
  readonly subject: ByteString;
  /** Patterns of the IDs that it may report for. */
  readonly reports: readonly ByteString[];
  /** Patterns of the IDs that it may query. */
  readonly sees: readonly ByteString[];
  /** Whether it may see the newest positions only, and no history. */
  readonly lastOnly: boolean;
  /** What it may do at the administration port; undefined for nothing. */
  readonly role: Role | undefined;
}

/** The claims of a token. Times are POSIX seconds, and may be fractions. */
export interface Claims extends Grant {
  /** `jti`: names the token in a list of revoked tokens. */
  readonly tokenId: ByteString;
  /** `exp`: the token has expired at this time. */
  readonly expiresAt: number;
  /** `nbf`: it is not valid before this time. */
  readonly notBefore: number | undefined;
  /** `iat`: when it was issued. */
  readonly issuedAt: number | undefined;
}

/** Whether a text can be the ID of a token: visible ASCII, not a comment. */
export function isTokenId(text: unknown): text is ByteString {
  return typeof text === "string" && text.length <= maxTokenIdLength &&
    /^[!"$-~][!-~]*$/.test(text);
}

/** The claims in the payload of a token, or why they are refused. */
export function readClaims(payload: Uint8Array): Claims | TokenRefusal {
  const object = readJsonObject(payload);
  if (object instanceof JsonFault) {
    return new TokenRefusal("malformed", `the claims: ${object.fault}`);
  }
  try {
    return claimsOf(object);
  } catch (error) {
    if (!(error instanceof ClaimFault)) throw error;
    return new TokenRefusal("invalid claims", error.message);
  }
}

/** A claim is missing or wrong. The message names it. */
class ClaimFault extends Error {
  override readonly name = "ClaimFault";

  constructor(name: string, expected: string) {
    super(`${name}: expected ${expected}`);
  }
}

function claimsOf(object: JsonObject): Claims {
  const expiresAt = timeOf(object, "exp");
  if (expiresAt === undefined) throw new ClaimFault("exp", "a time");
  return {
    subject: subjectOf(object),
    reports: patternsOf(object, "reports"),
    sees: patternsOf(object, "sees"),
    lastOnly: lastOf(object),
    role: roleOf(object),
    tokenId: tokenIdOf(object),
    expiresAt,
    notBefore: timeOf(object, "nbf"),
    issuedAt: timeOf(object, "iat"),
  };
}

function subjectOf(object: JsonObject): ByteString {
  const value = memberOf(object, "sub");
  const subject = typeof value === "string" ? bytesOfClaim(value) : undefined;
  if (subject === undefined || faultOfId(subject) !== undefined) {
    throw new ClaimFault("sub", "an ID");
  }
  return subject;
}

function tokenIdOf(object: JsonObject): ByteString {
  const value = memberOf(object, "jti");
  if (isTokenId(value)) return value;
  throw new ClaimFault(
    "jti",
    `1 to ${maxTokenIdLength} visible ASCII characters, not # first`,
  );
}

/** A list of patterns; an empty one if the claim is missing. */
function patternsOf(object: JsonObject, name: string): ByteString[] {
  const value = memberOf(object, name);
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new ClaimFault(name, "a list of patterns");
  const patterns = value.map((item: unknown) => {
    const pattern = typeof item === "string" ? bytesOfClaim(item) : undefined;
    if (pattern === undefined) {
      throw new ClaimFault(name, "strings in the list");
    }
    return pattern;
  });
  const fault = faultOfPatterns(patterns);
  if (fault !== undefined) {
    throw new ClaimFault(name, `a list of valid patterns; ${fault}`);
  }
  return patterns;
}

function lastOf(object: JsonObject): boolean {
  const value = memberOf(object, "last");
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw new ClaimFault("last", "true or false");
}

function roleOf(object: JsonObject): Role | undefined {
  const value = memberOf(object, "role");
  const role = roles.find((role) => role === value);
  if (role !== undefined || value === undefined) return role;
  throw new ClaimFault("role", roles.join(" or "));
}

function timeOf(object: JsonObject, name: string): number | undefined {
  const value = memberOf(object, name);
  if (value === undefined) return undefined;
  // JSON.parse makes Infinity of 1e400.
  if (Number.isFinite(value) && Number(value) >= 0) return Number(value);
  throw new ClaimFault(name, "POSIX seconds");
}
