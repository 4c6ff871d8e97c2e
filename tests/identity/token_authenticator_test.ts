import fc from "../fast_check.ts";
import type { Identity } from "../../identity/identity.ts";
import { TokenRefusal } from "../../identity/refusal.ts";
import { TokenAuthenticator } from "../../identity/token_authenticator.ts";
import { TokenKey } from "../../identity/token_keys.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { secondsOf } from "../../runtime/clock.ts";
import { assert, assertEquals } from "../assert.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { anySeed, assertProperty } from "../property.ts";
import { Random } from "../../runtime/random.ts";
import {
  key,
  keyBytes,
  makeToken,
  now,
  otherBytes,
  otherKey,
} from "./make_token.ts";

const none: ReadonlySet<string> = new Set();

/** The identity of a token that must be accepted. */
function accept(
  authenticator: TokenAuthenticator,
  token: string,
  at = now,
): Identity {
  const result = authenticator.authenticate(token, at);
  assert(
    !(result instanceof TokenRefusal),
    `refused: ${JSON.stringify(result)}`,
  );
  return result;
}

/** The reason for which a token is refused. */
function refuse(
  authenticator: TokenAuthenticator,
  token: string,
  at = now,
): string | undefined {
  const result = authenticator.authenticate(token, at);
  return result instanceof TokenRefusal ? result.reason : undefined;
}

Deno.test({
  name: "an identity may report and see what its token says",
  permissions: "none",
  fn() {
    const authenticator = new TokenAuthenticator({
      keys: [key],
      revoked: none,
    });
    const other = { last: true, role: "viewer" };
    const identity = accept(authenticator, makeToken(other));
    assertEquals(identity.subject, "mira/pixel");
    assertEquals(identity.mayReport("mira/pixel"), true);
    assertEquals(identity.mayReport("fam/a"), false);
    assertEquals(identity.maySee("fam/a"), true);
    assertEquals(identity.maySee("mira/pixel"), false);
    const bytes = encodeBytes(" mira/pixel ");
    assertEquals(identity.mayReportSpan(bytes, 1, bytes.length - 1), true);
    assertEquals(identity.mayReportSpan(bytes, 1, bytes.length - 2), false);
    assertEquals(identity.lastOnly, true);
    assertEquals(identity.role, "viewer");
    assertEquals(identity.endsAt, now + 3_660);
  },
});

Deno.test({
  name:
    "a token is valid until 60 s after exp, and from 60 s before nbf and iat",
  permissions: "none",
  async fn() {
    const clock = new ManualClock();
    const start = Math.floor(secondsOf(clock));
    const token = makeToken({ exp: start + 200, nbf: start + 100 });
    const issuedLater = makeToken({ exp: start + 200, iat: start + 100 });
    for (const maxBytes of [0, 1_000_000]) {
      const authenticator = new TokenAuthenticator(
        { keys: [key], revoked: none },
        maxBytes,
      );
      const times: [at: number, reason: string | undefined][] = [
        [39.999, "not yet valid"],
        [40, undefined],
        [100, undefined],
        [259.999, undefined],
        [260, "expired"],
        [1e9, "expired"],
      ];
      for (const [at, reason] of times) {
        assertEquals(refuse(authenticator, token, start + at), reason);
        assertEquals(refuse(authenticator, issuedLater, start + at), reason);
      }
      // A clock that is set back, and one without a time.
      accept(authenticator, token, start + 200);
      assertEquals(refuse(authenticator, token, start), "not yet valid");
      assertEquals(refuse(authenticator, token, NaN), "expired");
    }
    const authenticator = new TokenAuthenticator({
      keys: [key],
      revoked: none,
    });
    await clock.advance(150_000);
    const identity = accept(authenticator, token, secondsOf(clock));
    await clock.advance(109_000);
    assertEquals(identity.endAt(secondsOf(clock)), undefined);
    await clock.advance(1_000);
    assertEquals(identity.endAt(secondsOf(clock)), "expired");
    assertEquals(identity.endAt(start), "not yet valid");
  },
});

Deno.test({
  name:
    "keys are rotated without a refusal, and the identities of a removed key end",
  permissions: "none",
  fn() {
    const authenticator = new TokenAuthenticator({
      keys: [otherKey],
      revoked: none,
    });
    const oldToken = makeToken({}, { kid: "old" }, otherBytes);
    const newToken = makeToken();
    const old = accept(authenticator, oldToken);
    assertEquals(refuse(authenticator, newToken), "unknown key");
    // Files are read again, so equal keys are other objects.
    const again = new TokenKey("old", otherBytes.slice());
    authenticator.replaceRules({ keys: [key, again], revoked: none });
    assertEquals(old.endAt(now), undefined);
    accept(authenticator, oldToken);
    const young = accept(authenticator, newToken);
    authenticator.replaceRules({ keys: [key], revoked: none });
    assertEquals(old.endAt(now), "key removed");
    assertEquals(young.endAt(now), undefined);
    assertEquals(authenticator.cachedTokens, 0);
    assertEquals(authenticator.cachedBytes, 0);
    assertEquals(refuse(authenticator, oldToken), "unknown key");
    accept(authenticator, newToken);
  },
});

Deno.test({
  name: "another key of the same ID ends the identities of the first",
  permissions: "none",
  fn() {
    const authenticator = new TokenAuthenticator({
      keys: [key],
      revoked: none,
    });
    const identity = accept(authenticator, makeToken());
    const changed = new TokenKey("new", otherBytes);
    authenticator.replaceRules({ keys: [changed], revoked: none });
    assertEquals(identity.endAt(now), "key removed");
    assertEquals(refuse(authenticator, makeToken()), "wrong signature");
  },
});

Deno.test({
  name: "a revoked token is refused at once, and its identities end",
  permissions: "none",
  fn() {
    const authenticator = new TokenAuthenticator({
      keys: [key],
      revoked: none,
    });
    const [one, other] = ["token-1", "token-2"].map((jti) =>
      makeToken({ jti })
    );
    const [ended, going] = [one, other]
      .map((token) => accept(authenticator, token));
    let changes = 0;
    const remove = authenticator.changes.add(() => {
      // Observers see the new rules.
      assertEquals(ended.endAt(now), "revoked");
      changes += 1;
    });
    authenticator.replaceRules({ keys: [key], revoked: new Set(["token-1"]) });
    assertEquals(changes, 1);
    assertEquals(refuse(authenticator, one), "revoked");
    assertEquals(going.endAt(now), undefined);
    accept(authenticator, other);
    remove();
    authenticator.replaceRules({ keys: [key], revoked: none });
    assertEquals(changes, 1);
    accept(authenticator, one);
  },
});

Deno.test({
  name: "a token is checked once, and refused ones are not remembered",
  permissions: "none",
  fn() {
    const authenticator = new TokenAuthenticator({
      keys: [key],
      revoked: none,
    });
    const identity = accept(authenticator, makeToken());
    assert(accept(authenticator, makeToken()) === identity);
    assertEquals(authenticator.cachedTokens, 1);
    refuse(authenticator, "nonsense");
    refuse(authenticator, makeToken({ exp: 1 }));
    refuse(authenticator, makeToken({}, {}, otherBytes));
    assertEquals(authenticator.cachedTokens, 1);
    // An expired one is forgotten when it comes again.
    assertEquals(refuse(authenticator, makeToken(), now + 3_660), "expired");
    assertEquals(authenticator.cachedTokens, 0);
    assertEquals(authenticator.cachedBytes, 0);
  },
});

Deno.test({
  name:
    "remembered tokens have a limit in bytes, and the one used longest ago goes first",
  permissions: "none",
  fn() {
    const rules = { keys: [key], revoked: none };
    const maxBytes = 5_000;
    const authenticator = new TokenAuthenticator(rules, maxBytes);
    const tokens = Array.from(
      { length: 10 },
      (_, index) => makeToken({ jti: `token-${index}` }),
    );
    const first = accept(authenticator, tokens[0]);
    for (const token of tokens) {
      accept(authenticator, token);
      assert(accept(authenticator, tokens[0]) === first);
      assert(authenticator.cachedBytes <= maxBytes);
    }
    assertEquals(authenticator.cachedTokens, 4);
    // A token that alone is over the limit is accepted, and not remembered.
    const small = new TokenAuthenticator(rules, 100);
    accept(small, tokens[0]);
    assertEquals([small.cachedTokens, small.cachedBytes], [0, 0]);
  },
});

Deno.test({
  name: "an authenticator that remembers tokens answers as one that does not",
  permissions: "none",
  fn() {
    const tokens = [
      makeToken(),
      makeToken({ jti: "token-2", exp: now + 50 }),
      makeToken({ jti: "token-3", nbf: now + 80 }),
      makeToken({}, { kid: "old" }, otherBytes),
      makeToken().slice(0, -1),
      makeToken({}, { alg: "none" }),
    ];
    const keys = [key, otherKey, new TokenKey("old", keyBytes)];
    const property = fc.property(anySeed, (seed) => {
      const random = new Random(seed);
      const rules = { keys: [key], revoked: none };
      const authenticator = new TokenAuthenticator(rules, 4_000);
      let current = rules;
      let at = now;
      for (let step = 0; step < 60; step++) {
        if (random.chance(0.1)) {
          current = {
            keys: random.shuffle(keys).slice(0, 1 + random.below(2)),
            revoked: new Set(random.chance(0.5) ? ["token-1"] : ["token-2"]),
          };
          authenticator.replaceRules(current);
        }
        at = now + random.below(200) - 50;
        const token = random.pick(tokens);
        const plain = new TokenAuthenticator(current, 0);
        assertEquals(
          refuse(authenticator, token, at),
          refuse(plain, token, at),
        );
      }
    });
    assertProperty(property, { numRuns: 50 });
  },
});
