/**
 * Makes tokens of any kind, valid or not, without the code that checks them.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { Buffer } from "node:buffer";
import { TokenKey } from "../../identity/token_keys.ts";

/** 2027-01-15, in POSIX seconds: when the tokens of these tests are checked. */
export const now = 1_800_000_000;

/** Bytes of two keys. */
export const keyBytes = new Uint8Array(32).fill(7);
export const otherBytes = new Uint8Array(32).fill(8);

export const key = new TokenKey("new", keyBytes);
export const otherKey = new TokenKey("old", otherBytes);

/** The header and the claims of an ordinary token. */
export const header = { alg: "HS256", typ: "JWT", kid: "new" };
export const claims = {
  sub: "mira/pixel",
  jti: "token-1",
  exp: now + 3_600,
  reports: ["mira/pixel"],
  sees: ["fam/*"],
};

/** A token of these texts of JSON, signed with this key. */
export function signTexts(
  header: string,
  claims: string,
  bytes: Uint8Array = keyBytes,
): string {
  const signed = [header, claims]
    .map((text) => Buffer.from(text).toString("base64url")).join(".");
  const mac = createHmac("sha256", bytes).update(signed).digest("base64url");
  return `${signed}.${mac}`;
}

/** An ordinary token with other members of its header and of its claims. */
export function makeToken(
  otherClaims: Record<string, unknown> = {},
  otherHeader: Record<string, unknown> = {},
  bytes: Uint8Array = keyBytes,
): string {
  return signTexts(
    JSON.stringify({ ...header, ...otherHeader }),
    JSON.stringify({ ...claims, ...otherClaims }),
    bytes,
  );
}
