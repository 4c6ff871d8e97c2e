/**
 * Describes a token for the operator. The description has no part of its
 * signature, so it cannot be used in place of the token.
 *
 * @module
 */
import { formatTable } from "../cli/table.ts";
import { type Claims, readClaims } from "../identity/claims.ts";
import { redact } from "../identity/redact.ts";
import { TokenRefusal } from "../identity/refusal.ts";
import { decodeToken } from "../identity/token.ts";
import {
  checkToken,
  type TokenRules,
} from "../identity/token_authenticator.ts";
import { escapeBytes } from "../log/escape.ts";
import { type ByteString, textOfBytes } from "../protocol/bytes.ts";

/** Greatest time that a `Date` can express, in seconds. */
const maxDateSeconds = 8.64e12;

/** What is known about a token. */
interface Inspection {
  /** Its claims in lines; undefined if it has none that can be read. */
  readonly shown?: string;
  /** Why it is not valid, if it is not. */
  readonly fault?: string;
}

/**
 * Describes a token and says whether it is valid.
 *
 * @param nowSeconds The time of day in POSIX seconds.
 */
export function inspectToken(
  token: ByteString,
  rules: TokenRules,
  nowSeconds: number,
): Inspection {
  const decoded = decodeToken(token);
  if (decoded instanceof TokenRefusal) return { fault: decoded.detail };
  const claims = readClaims(decoded.payload);
  if (claims instanceof TokenRefusal) return { fault: claims.detail };
  const result = checkToken(token, rules, nowSeconds);
  const fault = result instanceof TokenRefusal ? result.detail : undefined;
  const rows = [
    ...describeClaims(claims),
    ["key", decoded.keyId],
    ["valid", fault === undefined ? "yes" : `no: ${fault}`],
  ];
  return { shown: formatTable([{ title: "" }, { title: "" }], rows), fault };
}

function describeClaims(claims: Claims): string[][] {
  const { expiresAt, issuedAt, lastOnly, notBefore, role } = claims;
  return [
    ["subject", show(claims.subject)],
    ["reports", claims.reports.map(show).join(" ") || "none"],
    ["sees", claims.sees.map(show).join(" ") || "none"],
    ["last", lastOnly ? "newest positions only" : "history too"],
    ["role", role ?? "none"],
    ["token ID", show(claims.tokenId)],
    ...(issuedAt === undefined ? [] : [["issued", showTime(issuedAt)]]),
    ...(notBefore === undefined ? [] : [["not before", showTime(notBefore)]]),
    ["expires", showTime(expiresAt)],
  ];
}

/** Whoever made the token may have written anything into its claims. */
function show(bytes: ByteString): string {
  return redact(textOfBytes(escapeBytes(bytes)));
}

function showTime(seconds: number): string {
  if (seconds > maxDateSeconds) return `${seconds}`;
  return new Date(seconds * 1000).toISOString().replace(/\.\d+/, "");
}
