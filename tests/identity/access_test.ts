import { Access, bearerTokenOf } from "../../identity/access.ts";
import { TokenAuthenticator } from "../../identity/token_authenticator.ts";
import { ForwardedRefusal, TrustedProxies } from "../../runtime/forwarded.ts";
import type { RefusalName } from "../../runtime/refusal_counts.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { key, makeToken } from "./make_token.ts";

/** When the clock of these tests begins, in POSIX seconds. */
const now = 1_520_024_734;

function open(tokens: TokenAuthenticator | undefined) {
  const refusals: RefusalName[] = [];
  const clock = new ManualClock();
  const access = new Access({
    tokens,
    rates: undefined,
    proxies: new TrustedProxies([]),
    clock,
    countRefusal: (name) => refusals.push(name),
  });
  return { access, clock, refusals };
}

Deno.test({
  name: "Access gives the identity of a token, and counts why there is none",
  permissions: "none",
  async fn() {
    const rules = { keys: [key], revoked: new Set<string>() };
    const tokens = new TokenAuthenticator(rules);
    const { access, clock, refusals } = open(tokens);
    assertEquals(access.requiresToken, true);
    const token = makeToken({ exp: now + 100 });
    const identity = access.authenticate(token);
    assert("mayReport" in identity);
    assertEquals(identity.subject, "mira/pixel");
    assertEquals(access.authenticate(undefined), {
      reason: "no token",
      detail: "a token is required",
    });
    access.authenticate("x");
    access.authenticate(makeToken({ exp: now - 100 }));
    access.authenticate(makeToken({ exp: now + 100 }, { kid: "gone" }));
    let changes = 0;
    const stop = access.onChange(() => changes += 1);
    assertEquals(access.hasEnded(identity), false);
    tokens.replaceRules({ ...rules, revoked: new Set(["token-1"]) });
    assertEquals([changes, access.hasEnded(identity)], [1, true]);
    access.authenticate(token);
    tokens.replaceRules(rules);
    stop();
    tokens.replaceRules(rules);
    assertEquals([changes, access.hasEnded(identity)], [2, false]);
    await clock.advance(160_000);
    assertEquals(access.hasEnded(identity), true);
    assertEquals(refusals, [
      "no-token",
      "token-malformed",
      "token-expired",
      "token-unknown-key",
      "token-revoked",
    ]);
  },
});

Deno.test({
  name: "without a key file Access gives no identities",
  permissions: "none",
  fn() {
    const { access, refusals } = open(undefined);
    assertEquals(access.requiresToken, false);
    assertThrows(() => access.authenticate("x"), Error, "no token key file");
    access.onChange(() => {})();
    const headers = new Headers({ via: "1.1 proxy" });
    assert(access.clientOf("::1", headers) instanceof ForwardedRefusal);
    assertEquals(access.clientOf("::1", new Headers()), "::1");
    assertEquals(refusals, ["forwarded"]);
  },
});

Deno.test({
  name: "bearerTokenOf() takes one token, with its scheme in any case",
  permissions: "none",
  fn() {
    const of = (authorization: string) =>
      bearerTokenOf(new Headers({ authorization }));
    assertEquals(of("Bearer a.b.c"), "a.b.c");
    assertEquals(of("bEARER  a.b.c"), "a.b.c");
    for (const value of ["", "Bearer", "a.b.c", "Basic a.b.c", "Bearer a b"]) {
      assertEquals(of(value), undefined, value);
    }
    assertEquals(bearerTokenOf(new Headers()), undefined);
  },
});
