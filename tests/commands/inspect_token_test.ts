import { inspectToken } from "../../commands/inspect_token.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { key, makeToken, now } from "../identity/make_token.ts";

const rules = { keys: [key], revoked: new Set(["stolen"]) };

Deno.test({
  name: "a token is described by its claims, its key and its validity",
  permissions: "none",
  fn() {
    const token = makeToken({ iat: now, nbf: now, last: true, role: "viewer" });
    assertEquals(inspectToken(token, rules, now), {
      fault: undefined,
      shown: [
        "subject     mira/pixel",
        "reports     mira/pixel",
        "sees        fam/*",
        "last        newest positions only",
        "role        viewer",
        "token ID    token-1",
        "issued      2027-01-15T08:00:00Z",
        "not before  2027-01-15T08:00:00Z",
        "expires     2027-01-15T09:00:00Z",
        "key         new",
        "valid       yes",
      ].join("\n"),
    });
  },
});

Deno.test({
  name: "the reason is given if a token is not valid",
  permissions: "none",
  fn() {
    const cases: [token: string, fault: string][] = [
      [makeToken({ jti: "stolen" }), "its jti is in the list of revoked ones"],
      [makeToken({ exp: 1 }), "exp has passed"],
      [makeToken({ exp: 1e300, iat: 1e299 }), "nbf or iat is in the future"],
      [makeToken({}, { kid: "x" }), "kid: no key has this ID"],
    ];
    for (const [token, fault] of cases) {
      const found = inspectToken(token, rules, now);
      assertEquals(found.fault, fault);
      assertStringIncludes(found.shown!, `no: ${fault}`);
    }
    const missing = inspectToken(makeToken({ exp: undefined }), rules, now);
    assertEquals(missing, { fault: "exp: expected a time" });
  },
});

Deno.test({
  name:
    "claims are shown on one line of printable text, without tokens in them",
  permissions: "none",
  fn() {
    const inner = makeToken();
    const token = makeToken({ sub: "\u001b[2J\u202e", sees: [inner] });
    const { shown } = inspectToken(token, rules, now);
    assertStringIncludes(shown!, "subject   \\x1b[2J\\xe2\\x80\\xae\n");
    assertStringIncludes(shown!, "sees      [redacted]\n");
    assert(!/[^\x20-\x7e\n]/.test(shown!), shown);
  },
});
