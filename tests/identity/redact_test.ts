import { Buffer } from "node:buffer";
import fc from "../fast_check.ts";
import { redact } from "../../identity/redact.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertProperty } from "../property.ts";
import { makeToken } from "./make_token.ts";

Deno.test({
  name: "each place of a credential is redacted, and nothing else",
  permissions: "none",
  fn() {
    const token = makeToken();
    const cases: Record<string, string> = {
      [`Authorization: Bearer ${token}\r\nHost: a`]:
        "Authorization: [redacted]\r\nHost: a",
      "authorization:Basic bWlyYTp4\nHost: a":
        "authorization: [redacted]\nHost: a",
      "Proxy-Authorization: Digest a=1, b=2\r\n\tc=3\r\nHost: a":
        "Proxy-Authorization: [redacted]\r\nHost: a",
      "Cookie: __Host-herd=secret; a=b": "Cookie: [redacted]",
      "Set-Cookie: __Host-herd=secret": "Set-Cookie: [redacted]",
      [`Sec-WebSocket-Protocol: herd, ${token}`]:
        "Sec-WebSocket-Protocol: [redacted]",
      "with Bearer abc here": "with Bearer [redacted] here",
      "POST /t/abc.def/pub?u=mira HTTP/1.1":
        "POST /t/[redacted]/pub?u=mira HTTP/1.1",
      "GET http://a.example//t//abc": "GET http://a.example//t//[redacted]",
      "GET %2Ft%2fabc HTTP/1.1": "GET %2Ft%2f[redacted] HTTP/1.1",
      "GET /%74/abc": "GET /%74/[redacted]",
      "/pub?u=mira&token=abc&d=pixel": "/pub?u=mira&token=[redacted]&d=pixel",
      "access_token=abc refresh-token=def":
        "access_token=[redacted] refresh-token=[redacted]",
      "token%3Dabc": "token%3D[redacted]",
      '{"token" : "a\\"b c", "d": 1}': '{"token" : [redacted], "d": 1}',
      "password='a b' x": "password=[redacted] x",
      "mqtt://mira:abc@localhost:8500/": "mqtt://[redacted]@localhost:8500/",
      [`a ${token} b`]: "a [redacted] b",
      [token.slice(0, 40)]: "[redacted]",
      [token.replaceAll(".", "%2E")]: "[redacted]",
      "IAMAT mira/pixel +34.068930-118.445127 1520023934.9":
        "IAMAT mira/pixel +34.068930-118.445127 1520023934.9",
      "GET /position/mira/pixel?bound=5 HTTP/1.1":
        "GET /position/mira/pixel?bound=5 HTTP/1.1",
      "a token of mira, authorization by a key":
        "a token of mira, authorization by a key",
      "eyJack at /tea/time": "eyJack at /tea/time",
    };
    for (const [text, expected] of Object.entries(cases)) {
      assertEquals(redact(text), expected);
    }
  },
});

Deno.test({
  name: "known credentials are redacted wherever they are",
  permissions: "none",
  fn() {
    assertEquals(
      redact("CONNECT mira pass word pass%20word", ["pass word"]),
      "CONNECT mira [redacted] [redacted]",
    );
    assertEquals(
      redact("abcdef abcd", ["abcd", "abcdef"]),
      "[redacted] [redacted]",
    );
    assertEquals(redact("$& kiwi", ["kiwi"]), "$& [redacted]");
    // A short one would remove parts of other words.
    assertEquals(redact("banana", ["ana"]), "banana");
    assertEquals(redact("a \ud800bcd", ["\ud800bcd"]), "a [redacted]");
  },
});

const base64url = fc.string({
  unit: fc.constantFrom(
    ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
  ),
  minLength: 24,
  maxLength: 60,
});

/** Something that has the form of a token. */
const anyToken = fc.tuple(base64url, base64url, base64url)
  .map(([head, body, mac]) => `eyJ${head}.${body}.${mac}`);

/** Where a credential may be in a text. */
const places: readonly ((token: string) => string)[] = [
  (token) => `Authorization: Bearer ${token}`,
  (token) =>
    `authorization:  Basic ${Buffer.from(`mira:${token}`).toString("base64")}`,
  (token) => `"Authorization":"Bearer ${token}"`,
  (token) => `Sec-WebSocket-Protocol: ${token}, herd`,
  (token) => `POST /t/${token}/pub HTTP/1.1`,
  (token) => `GET http://localhost:8400/t/${token}?a=b`,
  (token) => `/pub?token=${token}&u=mira`,
  (token) => `{"_type":"location","token":"${token}"}`,
  (token) => `password="${token}"`,
  (token) => `mqtts://mira:${token}@localhost/`,
  (token) => `bearer ${token}`,
];

Deno.test({
  name: "no part of a token remains, whatever is around it",
  permissions: "none",
  fn() {
    const around = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom("\r\n", "Host: a\r\n", "?a=b&", '{"', "/t", "token"),
    );
    const property = fc.property(
      around,
      fc.constantFrom(...places),
      anyToken,
      around,
      fc.nat(100),
      (before, write, token, after, cut) => {
        const text = `${before}\n${write(token)} ${after}`;
        // Texts are also cut before they are shown.
        for (const shown of [text, text.slice(0, text.length - cut)]) {
          const redacted = redact(shown);
          for (const part of token.slice(3).split(".")) {
            for (let index = 0; index + 12 <= part.length; index++) {
              const piece = part.slice(index, index + 12);
              const isElsewhere = (before + after).includes(piece);
              assert(isElsewhere || !redacted.includes(piece), redacted);
            }
          }
          assertEquals(redact(redacted), redacted);
        }
      },
    );
    assertProperty(property, { numRuns: 1_000 });
  },
});

Deno.test({
  name: "a known credential of any kind is redacted",
  permissions: "none",
  fn() {
    const property = fc.property(
      fc.string({ maxLength: 20 }),
      fc.string({ minLength: 4, maxLength: 20, unit: "binary" }),
      fc.string({ maxLength: 20 }),
      (before, password, after) => {
        const redacted = redact(before + password + after, [password]);
        assert(!redacted.includes(password) || "[redacted]".includes(password));
      },
    );
    assertProperty(property);
  },
});
