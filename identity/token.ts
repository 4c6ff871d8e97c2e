/**
 * Tokens: compact JSON Web Tokens (RFC 7515, RFC 7519) that are signed with
 * HMAC-SHA-256, and with nothing else.
 *
 * @module
 */
import {
  bytesOfText,
  type ByteString,
  encodeBytes,
  strictTextOfBytes,
} from "../protocol/bytes.ts";
import { decodeBase64Url, encodeBase64Url } from "./base64url.ts";
import { type Claims, readClaims } from "./claims.ts";
import { leewaySeconds, maxTokenBytes } from "./limits.ts";
import { TokenRefusal } from "./refusal.ts";
import { JsonFault, memberOf, readJsonObject } from "./strict_json.ts";
import { isKeyId, type TokenKey } from "./token_keys.ts";

/** The only algorithm: `alg` in the header. */
const algorithm = "HS256";

/** A token whose header is as it must be. Its signature was not checked. */
export interface DecodedToken {
  readonly keyId: ByteString;
  /** What the signature is of. */
  readonly signed: ByteString;
  readonly signature: Uint8Array;
  /** The claims in JSON. */
  readonly payload: Uint8Array;
}

/** Splits a token into its parts, or says why it is malformed. */
export function decodeToken(token: ByteString): DecodedToken | TokenRefusal {
  if (token.length > maxTokenBytes) {
    return new TokenRefusal(
      "too long",
      `a token has at most ${maxTokenBytes} bytes, found ${token.length}`,
    );
  }
  const parts = token.split(".", 4);
  const [header, payload, signature] = parts.map(decodeBase64Url);
  if (
    parts.length !== 3 || header === undefined || payload === undefined ||
    signature === undefined
  ) {
    return new TokenRefusal(
      "malformed",
      "expected three parts in base64url, with dots between them",
    );
  }
  const keyId = readHeader(header);
  if (keyId instanceof TokenRefusal) return keyId;
  const signed = token.slice(0, token.lastIndexOf("."));
  return { keyId, signed, signature, payload };
}

/** The ID of the key in a header, or why the header is refused. */
function readHeader(bytes: Uint8Array): ByteString | TokenRefusal {
  const header = readJsonObject(bytes);
  if (header instanceof JsonFault) {
    return new TokenRefusal("malformed", `the header: ${header.fault}`);
  }
  if (memberOf(header, "alg") !== algorithm) {
    return new TokenRefusal("other algorithm", `alg: expected ${algorithm}`);
  }
  // Both change what is signed, or what a reader has to understand.
  for (const name of ["crit", "b64"]) {
    if (memberOf(header, name) !== undefined) {
      return new TokenRefusal("other algorithm", `${name} is not supported`);
    }
  }
  const type = memberOf(header, "typ");
  const isToken = type === undefined ||
    typeof type === "string" && type.toUpperCase() === "JWT";
  if (!isToken) return new TokenRefusal("malformed", "typ: expected JWT");
  const keyId = memberOf(header, "kid");
  return isKeyId(keyId)
    ? keyId
    : new TokenRefusal("unknown key", "kid: expected the ID of a key");
}

/** The key that has signed a token, or why the signature is refused. */
export function checkSignature(
  { keyId, signature, signed }: DecodedToken,
  keys: readonly TokenKey[],
): TokenKey | TokenRefusal {
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined) {
    return new TokenRefusal("unknown key", "kid: no key has this ID");
  }
  return key.verify(signed, signature)
    ? key
    : new TokenRefusal("wrong signature", "the key of this ID did not sign it");
}

/** The time in which a token is valid, in POSIX seconds. */
export interface Validity {
  /** The first time; 0 if there is none. */
  readonly startsAt: number;
  /** The end, exclusive. */
  readonly endsAt: number;
}

/** When a token is valid, with the leeway for differences between clocks. */
export function validityOf(
  { expiresAt, issuedAt = 0, notBefore = 0 }: Claims,
): Validity {
  return {
    startsAt: Math.max(0, Math.max(notBefore, issuedAt) - leewaySeconds),
    endsAt: expiresAt + leewaySeconds,
  };
}

/** Why a token is not valid at this time, or undefined if it is. */
export function faultOfTime(
  { endsAt, startsAt }: Validity,
  nowSeconds: number,
): TokenRefusal | undefined {
  if (nowSeconds < startsAt) {
    return new TokenRefusal("not yet valid", "nbf or iat is in the future");
  }
  // Written so that a time which is no number is refused.
  if (nowSeconds < endsAt) return undefined;
  return new TokenRefusal("expired", "exp has passed");
}

/** The claims of a token and the key that signed it, or why it is refused. */
export function verifyToken(
  token: ByteString,
  keys: readonly TokenKey[],
): { claims: Claims; key: TokenKey } | TokenRefusal {
  const decoded = decodeToken(token);
  if (decoded instanceof TokenRefusal) return decoded;
  const key = checkSignature(decoded, keys);
  if (key instanceof TokenRefusal) return key;
  const claims = readClaims(decoded.payload);
  return claims instanceof TokenRefusal ? claims : { claims, key };
}

/**
 * A token with these claims. Claims that are empty, false or undefined are left
 * out.
 *
 * @throws {RangeError} If it would be longer than `maxTokenBytes`, or would be
 * refused. The message says why.
 * @throws {TypeError} If an ID or a pattern is not UTF-8, as JSON has to be.
 */
export function signToken(claims: Claims, key: TokenKey): ByteString {
  const { reports, role, sees } = claims;
  const payload = {
    sub: strictTextOfBytes(claims.subject),
    jti: claims.tokenId,
    iat: claims.issuedAt,
    nbf: claims.notBefore,
    exp: claims.expiresAt,
    reports: reports.length > 0 ? reports.map(strictTextOfBytes) : undefined,
    sees: sees.length > 0 ? sees.map(strictTextOfBytes) : undefined,
    last: claims.lastOnly || undefined,
    role,
  };
  const header = { alg: algorithm, typ: "JWT", kid: key.id };
  const signed = [header, payload].map(encodeJson).join(".");
  const token = `${signed}.${encodeBase64Url(key.sign(signed))}`;
  const result = verifyToken(token, [key]);
  if (result instanceof TokenRefusal) throw new RangeError(result.detail);
  return token;
}

function encodeJson(value: unknown): ByteString {
  return encodeBase64Url(encodeBytes(bytesOfText(JSON.stringify(value))));
}
