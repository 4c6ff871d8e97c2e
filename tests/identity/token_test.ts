import { generateKeyPairSync, sign } from "node:crypto";
import { Buffer } from "node:buffer";
import fc from "../fast_check.ts";
import { jwtVerify, SignJWT } from "npm:jose@6.2.18";
import type { Claims } from "../../identity/claims.ts";
import { TokenRefusal } from "../../identity/refusal.ts";
import { signToken, verifyToken } from "../../identity/token.ts";
import { TokenKey } from "../../identity/token_keys.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertProperty } from "../property.ts";
import {
  claims,
  header,
  key,
  keyBytes,
  makeToken,
  now,
  otherBytes,
  otherKey,
  signTexts,
} from "./make_token.ts";

/** The reason for which a token is refused, and the detail. */
function refusalOf(token: string): string | undefined {
  const result = verifyToken(token, [key, otherKey]);
  if (!(result instanceof TokenRefusal)) return undefined;
  return `${result.reason}: ${result.detail}`;
}

Deno.test({
  name: "an ordinary token has its claims",
  permissions: "none",
  fn() {
    const result = verifyToken(makeToken({ colour: "red", iat: 1.5 }), [key]);
    assert(!(result instanceof TokenRefusal));
    assertEquals(result.key, key);
    assertEquals(result.claims, {
      subject: "mira/pixel",
      reports: ["mira/pixel"],
      sees: ["fam/*"],
      lastOnly: false,
      role: undefined,
      tokenId: "token-1",
      expiresAt: now + 3_600,
      notBefore: undefined,
      issuedAt: 1.5,
    });
  },
});

Deno.test({
  name: "IDs in claims are bytes of UTF-8",
  permissions: "none",
  fn() {
    const result = verifyToken(makeToken({ sub: "é", sees: ["é/*"] }), [key]);
    assert(!(result instanceof TokenRefusal));
    assertEquals(result.claims.subject, "\xc3\xa9");
    assertEquals(result.claims.sees, ["\xc3\xa9/*"]);
  },
});

Deno.test({
  name: "every algorithm but HS256 is refused, whatever the signature is",
  permissions: "none",
  fn() {
    const algorithms = [
      ...["none", "None", "NONE", "hs256", "HS384", "HS512", "RS256", "ES256"],
      ...["PS256", "EdDSA", "", null, 256, ["HS256"], { alg: "HS256" }],
    ];
    for (const alg of algorithms) {
      const token = makeToken({}, { alg });
      const unsigned = token.slice(0, token.lastIndexOf(".") + 1);
      for (const one of [token, unsigned]) {
        assertEquals(refusalOf(one), "other algorithm: alg: expected HS256");
      }
    }
    const { alg: _, ...without } = header;
    assertEquals(
      refusalOf(signTexts(JSON.stringify(without), JSON.stringify(claims))),
      "other algorithm: alg: expected HS256",
    );
  },
});

Deno.test({
  name:
    "a token that a private RSA key has signed is refused, even if the public key is the secret",
  permissions: "none",
  fn() {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", {
      modulusLength: 1024,
    });
    const unsigned = makeToken({}, { alg: "RS256" }).replace(/[^.]*$/, "");
    const signature = sign(
      "sha256",
      Buffer.from(unsigned.slice(0, -1)),
      privateKey,
    );
    assertEquals(
      refusalOf(unsigned + signature.toString("base64url")),
      "other algorithm: alg: expected HS256",
    );
    const pem = publicKey.export({ type: "spki", format: "pem" });
    const confused = makeToken({}, {}, Buffer.from(pem));
    assertEquals(refusalOf(confused)?.split(":")[0], "wrong signature");
  },
});

Deno.test({
  name: "crit, b64 and other types of tokens are refused",
  permissions: "none",
  fn() {
    const cases: [Record<string, unknown>, string | undefined][] = [
      [{ crit: ["exp"] }, "other algorithm: crit is not supported"],
      [{ crit: [] }, "other algorithm: crit is not supported"],
      [{ crit: null }, "other algorithm: crit is not supported"],
      [{ b64: false }, "other algorithm: b64 is not supported"],
      [{ b64: true }, "other algorithm: b64 is not supported"],
      [{ typ: "at+jwt" }, "malformed: typ: expected JWT"],
      [{ typ: "secevent+jwt" }, "malformed: typ: expected JWT"],
      [{ typ: null }, "malformed: typ: expected JWT"],
      [{ typ: "jwt" }, undefined],
      [{ typ: undefined }, undefined],
      [{ cty: "JWT", jku: "https://a.example/" }, undefined],
    ];
    for (const [other, refusal] of cases) {
      assertEquals(refusalOf(makeToken({}, other)), refusal);
    }
  },
});

Deno.test({
  name: "kid chooses the key, and no other key is tried",
  permissions: "none",
  fn() {
    assertEquals(refusalOf(makeToken()), undefined);
    assertEquals(
      refusalOf(makeToken({}, { kid: "old" }, otherBytes)),
      undefined,
    );
    const wrong = "wrong signature: the key of this ID did not sign it";
    assertEquals(refusalOf(makeToken({}, { kid: "old" })), wrong);
    assertEquals(refusalOf(makeToken({}, {}, otherBytes)), wrong);
    for (
      const kid of ["", "next", "NEW", "../new", null, 1, ["new"], undefined]
    ) {
      const refusal = refusalOf(makeToken({}, { kid }));
      assertEquals(refusal?.split(":")[0], "unknown key", String(kid));
    }
  },
});

Deno.test({
  name: "a token with one other character is refused, wherever it is",
  permissions: "none",
  fn() {
    const token = makeToken();
    const others = [..."AQgw019-_.=+/ \n\0\xff", "é", "€"];
    let tried = 0;
    for (let index = 0; index < token.length; index++) {
      for (const other of others) {
        if (token[index] === other) continue;
        const tampered = token.slice(0, index) + other + token.slice(index + 1);
        assert(refusalOf(tampered) !== undefined, `${index} ${other}`);
        tried += 1;
      }
      const cut = token.slice(0, index) + token.slice(index + 1);
      assert(refusalOf(cut) !== undefined, `${index} removed`);
      assert(refusalOf(token.slice(0, index)) !== undefined, `cut at ${index}`);
    }
    assert(tried > 3_000, `${tried}`);
    for (const more of ["A", "=", ".", " ", "\n", ".A", ".."]) {
      assert(refusalOf(token + more) !== undefined, JSON.stringify(more));
      assert(refusalOf(more + token) !== undefined, JSON.stringify(more));
    }
  },
});

Deno.test({
  name: "parts of two tokens are no token",
  permissions: "none",
  fn() {
    const one = makeToken().split(".");
    const other = makeToken({ sub: "eve" }).split(".");
    assertEquals(
      refusalOf([one[0], other[1], one[2]].join("."))?.split(":")[0],
      "wrong signature",
    );
  },
});

Deno.test({
  name: "a token has at most 4,096 bytes",
  permissions: "none",
  fn() {
    const lengths: number[] = [];
    for (let count = 2_850; count < 2_950; count++) {
      const token = makeToken({ filler: "x".repeat(count) });
      lengths.push(token.length);
      const isTooLong = token.length > 4_096;
      assertEquals(
        refusalOf(token),
        isTooLong
          ? `too long: a token has at most 4096 bytes, found ${token.length}`
          : undefined,
      );
    }
    assert(lengths.includes(4_096) && lengths.at(-1)! > 4_096);
  },
});

Deno.test({
  name: "claims that are missing or wrong are named",
  permissions: "none",
  fn() {
    const jti = "jti: expected 1 to 128 visible ASCII characters, not # first";
    const patterns = (name: string, fault: string) =>
      `${name}: expected a list of valid patterns; ${fault}`;
    const cases: [Record<string, unknown>, string | undefined][] = [
      [{ exp: undefined }, "exp: expected a time"],
      [{ exp: "1900000000" }, "exp: expected POSIX seconds"],
      [{ exp: null }, "exp: expected POSIX seconds"],
      [{ exp: -1 }, "exp: expected POSIX seconds"],
      [{ nbf: true }, "nbf: expected POSIX seconds"],
      [{ iat: [1] }, "iat: expected POSIX seconds"],
      [{ jti: undefined }, jti],
      [{ jti: "" }, jti],
      [{ jti: 7 }, jti],
      [{ jti: "#7" }, jti],
      [{ jti: "a b" }, jti],
      [{ jti: "é" }, jti],
      [{ jti: "x".repeat(129) }, jti],
      [{ jti: "x".repeat(128) }, undefined],
      [{ sub: undefined }, "sub: expected an ID"],
      [{ sub: "" }, "sub: expected an ID"],
      [{ sub: "a b" }, "sub: expected an ID"],
      [{ sub: "mira/*" }, "sub: expected an ID"],
      [{ sub: 5 }, "sub: expected an ID"],
      [{ sub: "\ud800" }, "sub: expected an ID"],
      [{ reports: "mira/pixel" }, "reports: expected a list of patterns"],
      [{ reports: { 0: "a" } }, "reports: expected a list of patterns"],
      [{ reports: [1] }, "reports: expected strings in the list"],
      [{ sees: ["\ud800/*"] }, "sees: expected strings in the list"],
      [
        { sees: ["*"] },
        patterns(
          "sees",
          "pattern 1: expected an ID or prefix/*, but * is not at its end, after /",
        ),
      ],
      [
        { reports: Array(65).fill("a") },
        patterns("reports", "expected at most 64 patterns, found 65"),
      ],
      [{ reports: [], sees: undefined }, undefined],
      [{ last: 1 }, "last: expected true or false"],
      [{ last: null }, "last: expected true or false"],
      [{ last: true }, undefined],
      [{ role: "admin" }, "role: expected viewer or operator"],
      [{ role: "Operator" }, "role: expected viewer or operator"],
      [{ role: "operator" }, undefined],
    ];
    for (const [other, fault] of cases) {
      assertEquals(
        refusalOf(makeToken(other)),
        fault && `invalid claims: ${fault}`,
        JSON.stringify(other),
      );
    }
    const infinite = JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999');
    assertEquals(
      refusalOf(signTexts(JSON.stringify(header), infinite)),
      "invalid claims: exp: expected POSIX seconds",
    );
  },
});

Deno.test({
  name:
    "members that are given twice are refused in the header and in the claims",
  permissions: "none",
  fn() {
    const twice = (text: string, member: string) =>
      text.replace(/^\{/, `{${member},`);
    const [head, body] = [header, claims].map((one) => JSON.stringify(one));
    for (const member of ['"sub":"eve"', '"\\u0065xp":1', '"reports":[]']) {
      assertEquals(
        refusalOf(signTexts(head, twice(body, member))),
        "malformed: the claims: a member is given twice",
      );
    }
    for (const member of ['"alg":"none"', '"kid":"old"']) {
      assertEquals(
        refusalOf(signTexts(twice(head, member), body)),
        "malformed: the header: a member is given twice",
      );
    }
  },
});

Deno.test({
  name: "claims are not read before the signature was checked",
  permissions: "none",
  fn() {
    const token = signTexts(JSON.stringify(header), "not JSON", otherBytes);
    assertEquals(refusalOf(token)?.split(":")[0], "wrong signature");
  },
});

Deno.test({
  name: "no detail of a refusal has a part of the token",
  permissions: "none",
  fn() {
    const property = fc.property(
      fc.string({ minLength: 8 }),
      fc.constantFrom("sub", "jti", "reports", "role", "exp", "last"),
      fc.constantFrom("alg", "typ", "kid", "crit"),
      (text, claim, member) => {
        const tokens = [
          makeToken({ [claim]: [text] }),
          makeToken({ [claim]: text }),
          makeToken({}, { [member]: text }),
        ];
        for (const token of tokens) {
          const refusal = refusalOf(token);
          if (refusal === undefined) continue;
          assert(!refusal.includes(text), refusal);
          for (const part of token.split(".")) {
            assert(!refusal.includes(part), refusal);
          }
        }
      },
    );
    assertProperty(property);
  },
});

const anyPatterns = fc.array(
  fc.oneof(fc.constantFrom("a", "é", "a/b"), fc.constantFrom("a/*", "é/*"))
    .map((text) => String.fromCharCode(...new TextEncoder().encode(text))),
  { maxLength: 4 },
);

const anyClaims: fc.Arbitrary<Claims> = fc.record({
  subject: fc.constantFrom("mira/pixel", "\xc3\xa9"),
  reports: anyPatterns,
  sees: anyPatterns,
  lastOnly: fc.boolean(),
  role: fc.constantFrom(undefined, "viewer" as const, "operator" as const),
  tokenId: fc.constantFrom("1", "a-b_c~"),
  expiresAt: fc.nat(),
  notBefore: fc.option(fc.nat(), { nil: undefined }),
  issuedAt: fc.option(fc.nat(), { nil: undefined }),
});

Deno.test({
  name: "verifyToken() inverts signToken()",
  permissions: "none",
  fn() {
    const property = fc.property(anyClaims, (claims) => {
      assertEquals(verifyToken(signToken(claims, key), [key]), { claims, key });
    });
    assertProperty(property);
  },
});

Deno.test({
  name: "signToken() makes no token that would be refused",
  permissions: "none",
  fn() {
    const [good] = fc.sample(anyClaims, 1);
    const long = Array.from({ length: 64 }, (_, i) => `${i}`.repeat(40));
    const cases: [Partial<Claims>, string][] = [
      [{ reports: long }, "a token has at most 4096 bytes"],
      [{ subject: "a b" }, "sub: expected an ID"],
      [{ tokenId: "" }, "jti: expected"],
      [{ expiresAt: NaN }, "exp: expected"],
    ];
    for (const [other, message] of cases) {
      assertThrows(
        () => signToken({ ...good, ...other }, key),
        RangeError,
        message,
      );
    }
    assertThrows(() => signToken({ ...good, subject: "\xff" }, key), TypeError);
  },
});

Deno.test("npm:jose accepts the tokens, and its tokens are accepted", async () => {
  const [good] = fc.sample(anyClaims, 1);
  const valid = { ...good, expiresAt: now, notBefore: 1, issuedAt: 1 };
  const token = signToken(valid, key);
  const { payload, protectedHeader } = await jwtVerify(token, keyBytes, {
    algorithms: ["HS256"],
    currentDate: new Date((now - 1) * 1000),
    typ: "JWT",
  });
  assertEquals(protectedHeader.kid, "new");
  assertEquals(payload.jti, good.tokenId);
  const made = await new SignJWT(claims).setProtectedHeader(header)
    .sign(keyBytes);
  assertEquals(refusalOf(made), undefined);
});

Deno.test({
  name: "RFC 7515's example of HS256 has the signature that the RFC states",
  permissions: "none",
  fn() {
    // Appendix A.1.
    const bytes = Buffer.from(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
      "base64url",
    );
    const signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." +
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assertEquals(
      Buffer.from(new TokenKey("k", bytes).sign(signed)).toString("base64url"),
      signature,
    );
  },
});
