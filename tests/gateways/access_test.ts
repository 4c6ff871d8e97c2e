import {
  AccessRefusal,
  GatewayAccess,
  textOfNotPermitted,
} from "../../gateways/access.ts";
import { readTarget } from "../../gateways/readers/target.ts";
import type { TokenAuthenticator } from "../../identity/token_authenticator.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { makeToken, now } from "../identity/make_token.ts";
import { identitiesWith, tokens } from "./identities_with.ts";

function accessWith(options: {
  tokens?: TokenAuthenticator;
  allowedOrigins?: readonly string[];
  isOpen?: boolean;
  proxies?: readonly string[];
} = {}) {
  const { allowedOrigins = [], isOpen = false } = options;
  return new GatewayAccess({
    identities: identitiesWith(options),
    isOpen,
    allowedOrigins,
  });
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly remote?: string;
  readonly isEncrypted?: boolean;
}

/** The status of a refusal; 200 if the sender is admitted. */
function statusOf(access: GatewayAccess, sent: Sent): number {
  const result = admit(access, sent);
  return result instanceof AccessRefusal ? result.status : 200;
}

function admit(
  access: GatewayAccess,
  { headers = {}, isEncrypted = false, path = "/", remote = "127.0.0.1" }: Sent,
) {
  return access.admit({
    headers: new Map(Object.entries({ host: "localhost:8400", ...headers })),
    path,
    target: readTarget(path, undefined),
    remote,
    isEncrypted,
  });
}

const basic = (pair: string) => ({ authorization: `Basic ${btoa(pair)}` });

Deno.test({
  name: "without tokens only programs of this machine are admitted",
  permissions: "none",
  fn() {
    const access = accessWith();
    const cases: [Sent, number][] = [
      [{}, 200],
      [{ headers: basic("mira:x") }, 200],
      [{ headers: { host: "127.0.0.1:8400" } }, 200],
      [{ headers: { host: "127.9.9.9" } }, 200],
      [{ headers: { host: "[::1]:8400" }, remote: "::1" }, 200],
      [{ headers: { host: "LOCALHOST." } }, 200],
      [{ remote: "::ffff:127.0.0.1" }, 200],
      [{ remote: "192.0.2.1" }, 403],
      [{ remote: "::ffff:192.0.2.1" }, 403],
      // A name of an attacker can have any address.
      [{ headers: { host: "attacker.example:8400" } }, 403],
      [{ headers: { host: "127.0.0.1.attacker.example" } }, 403],
      [{ headers: { host: "localhost.attacker.example" } }, 403],
      [{ headers: { host: "localhost@attacker.example" } }, 403],
      [{ headers: { host: "" } }, 403],
    ];
    for (const [sent, status] of cases) {
      assertEquals(statusOf(access, sent), status, JSON.stringify(sent));
    }
  },
});

Deno.test({
  name: "a page of another origin is refused, with tokens too",
  permissions: "none",
  fn() {
    const allowedOrigins = ["https://map.example", "http://localhost:3000"];
    const bearer = { authorization: `Bearer ${makeToken()}` };
    for (
      const [access, own] of [
        [accessWith({ allowedOrigins }), {}],
        [accessWith({ allowedOrigins, tokens: tokens() }), bearer],
      ] as const
    ) {
      const cases: [Record<string, string>, number][] = [
        [{ origin: "http://localhost:8400" }, 200],
        [
          { origin: "http://localhost:8400", "sec-fetch-site": "same-origin" },
          200,
        ],
        [{ "sec-fetch-site": "none" }, 200],
        [
          { origin: "https://map.example", "sec-fetch-site": "cross-site" },
          200,
        ],
        [
          { origin: "http://localhost:3000", "sec-fetch-site": "same-site" },
          200,
        ],
        [{ origin: "https://attacker.example" }, 403],
        [{ origin: "https://map.example.attacker.example" }, 403],
        [{ origin: "http://localhost:8401" }, 403],
        [{ origin: "https://localhost:8400" }, 403],
        [{ origin: "null" }, 403],
        [{ origin: "" }, 403],
        // A page can cause a GET without an Origin, by an image.
        [{ "sec-fetch-site": "cross-site" }, 403],
        [{ "sec-fetch-site": "same-site" }, 403],
        [{ "sec-fetch-site": "Cross-Site" }, 403],
      ];
      for (const [headers, status] of cases) {
        const sent = { headers: { ...own, ...headers } };
        assertEquals(statusOf(access, sent), status, JSON.stringify(headers));
      }
    }
    const encrypted = { origin: "https://localhost:8400" };
    const access = accessWith();
    assertEquals(
      statusOf(access, { headers: encrypted, isEncrypted: true }),
      200,
    );
  },
});

Deno.test({
  name: "with tokens a sender needs one, and the host does not matter",
  permissions: "none",
  fn() {
    const access = accessWith({ tokens: tokens() });
    const token = makeToken();
    const other = { host: "herd.example", remote: "192.0.2.1" };
    const sent = (headers: Record<string, string>, path = "/"): Sent => ({
      headers: { host: other.host, ...headers },
      path,
      remote: other.remote,
    });
    for (
      const [request, isReportOnly] of [
        [sent(basic(`anybody:${token}`)), false],
        [sent(basic(`:${token}`)), false],
        [sent({ authorization: `bearer ${token}` }), false],
        [sent({}, `/t/${token}/pub`), true],
        // The one in the header field counts.
        [sent({ authorization: `Bearer ${token}` }, "/t/wrong/pub"), false],
      ] as const
    ) {
      const admission = admit(access, request);
      assert(!(admission instanceof AccessRefusal), JSON.stringify(request));
      assertEquals(admission.identity?.subject, "mira/pixel");
      assertEquals(admission.isReportOnly, isReportOnly);
      assertEquals(admission.credential, token);
    }
    const refused = [
      sent({}),
      sent({ authorization: "Bearer" }),
      sent({ authorization: "Bearer x y" }),
      sent({ authorization: `Digest ${token}` }),
      sent(basic(token)),
      sent({ authorization: "Basic %%%" }),
      sent(basic("mira:")),
      sent(basic("mira:x")),
      sent({}, "/t/wrong/pub"),
      sent({ authorization: `Bearer ${makeToken({ exp: now - 3_600 })}` }),
    ];
    for (const request of refused) {
      const refusal = admit(access, request);
      assert(refusal instanceof AccessRefusal, JSON.stringify(request));
      assertEquals(refusal.status, 401);
      assert(!refusal.text.includes(token), refusal.text);
    }
    const textTo = (request: Sent) =>
      (admit(access, request) as AccessRefusal).text;
    for (const request of [sent(basic(`${token}:`)), sent(basic(token))]) {
      assertEquals(
        textTo(request),
        "The token is the user name, and the password is empty: expected the token as password, and any user name.",
      );
    }
    assertMatch(textTo(sent(basic("mira:"))), /^A token is missing: /);
    // The user name does not matter if there is a password.
    assertMatch(textTo(sent(basic(`${token}:x`))), /^The token is refused: /);
    const empty = admit(access, sent(basic("mira:"), `/t/${token}/pub`));
    assert(!(empty instanceof AccessRefusal) && empty.isReportOnly);
  },
});

Deno.test({
  name: "a refusal of an ID names the ID and some of what is permitted",
  permissions: "none",
  fn() {
    const identity = {
      subject: "mira",
      reports: ["a", "b", "c", "d", "e"],
      sees: [],
    };
    assertEquals(
      textOfNotPermitted(identity, "report", "x".repeat(200)),
      `The token of mira does not permit reports for ${
        "x".repeat(128)
      }...: expected a or b or c or 2 more.`,
    );
    assertEquals(
      textOfNotPermitted(identity, "query", "eve"),
      "The token of mira does not permit queries about eve: expected a token that does.",
    );
  },
});

Deno.test({
  name:
    "with --open-clients and without tokens everybody is admitted, but no foreign page",
  permissions: "none",
  fn() {
    const access = accessWith({ isOpen: true });
    const far = { headers: { host: "herd.example:8400" }, remote: "192.0.2.1" };
    assertEquals(statusOf(access, far), 200);
    const page = { ...far.headers, origin: "https://attacker.example" };
    assertEquals(statusOf(access, { ...far, headers: page }), 403);
    // Tokens count more.
    const closed = accessWith({ isOpen: true, tokens: tokens() });
    assertEquals(statusOf(closed, far), 401);
  },
});

Deno.test({
  name: "only a trusted proxy says who has sent a request",
  permissions: "none",
  fn() {
    const forwarded = { "x-forwarded-for": "192.0.2.9" };
    assertEquals(statusOf(accessWith(), { headers: forwarded }), 403);
    const access = accessWith({ proxies: ["127.0.0.1"] });
    assertEquals(statusOf(access, { headers: forwarded }), 403);
    const token = { authorization: `Bearer ${makeToken()}` };
    const withTokens = accessWith({ proxies: ["127.0.0.1"], tokens: tokens() });
    const admission = admit(withTokens, {
      headers: { ...forwarded, ...token },
    });
    assert(!(admission instanceof AccessRefusal));
    assertEquals(admission.remote, "192.0.2.9");
  },
});
