/**
 * The checks of tokens, `identity/token.ts`.
 *
 * An input is a token, or, with a LF, the texts of its header and its claims,
 * which are signed. For every input:
 *
 * - a token is accepted if and only if the reference accepts it, and with the
 *   same claims;
 * - a refusal has one line of text.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { TokenRefusal } from "../../../identity/refusal.ts";
import { verifyToken } from "../../../identity/token.ts";
import { TokenKey } from "../../../identity/token_keys.ts";
import { claimsOf, toBase64Url } from "../reference/tokens.ts";
import { demand, demandAlike, type Target } from "../target.ts";

const keyId = "k";
const keyBytes = new Uint8Array(32).fill(7);
const keys = [new TokenKey(keyId, keyBytes)];

/** A token of the texts of its header and its claims, in bytes. */
export function signForFuzzer(header: string, claims: string): string {
  const signed = `${toBase64Url(header)}.${toBase64Url(claims)}`;
  const mac = createHmac("sha256", keyBytes).update(signed).digest("base64url");
  return `${signed}.${mac}`;
}

/** @param verify The check under test. */
export function clientTokensTarget(verify = verifyToken): Target {
  return {
    name: "tokens",
    tokens: [
      '{"alg":"HS256","typ":"JWT","kid":"k"}\n',
      '{"sub":"a","jti":"1","exp":9}',
      '"alg":"none",',
      '"alg":"HS512",',
      '"typ":"at+jwt",',
      '"crit":["exp"],',
      '"b64":false,',
      '"kid":"x",',
      ',"sub":"b"',
      ',"\\u0073ub":"b"',
      ',"exp":1e999',
      ',"nbf":-1',
      ',"iat":"1"',
      ',"reports":["a","b/*"]',
      ',"sees":["*"]',
      ',"last":true',
      ',"role":"operator"',
      ',"__proto__":{}',
      '"#1"',
      '"\\ud800"',
      "null",
      "[]",
      "{",
      "}",
      '"',
      ",",
      ":",
      "\\",
      "/*",
      "=",
      "eyJ",
    ],
    check(input) {
      const at = input.indexOf("\n");
      // Longer claims would only be refused later.
      const token = at < 0
        ? input
        : signForFuzzer(input.slice(0, at), input.slice(at + 1, at + 3_100));
      const expected = claimsOf(token, keyId, keyBytes);
      const result = verify(token, keys);
      if (result instanceof TokenRefusal) {
        demandAlike("the claims", undefined, expected);
        demand("one line of text", /^[\x20-\x7e]+$/.test(result.detail));
        return `${at < 0} ${result.reason} ${
          result.detail.replace(/\d+/g, "N")
        }`;
      }
      demandAlike("the claims", result.claims, expected);
      const { lastOnly, reports, role, sees } = result.claims;
      return [at < 0, lastOnly, reports.length > 0, role, sees.length > 0]
        .join();
    },
  };
}
