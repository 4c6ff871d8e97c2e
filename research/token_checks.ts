/**
 * Measures what checking a signature costs with each implementation of
 * HMAC-SHA-256 that the runtime offers, and a whole token with npm:jose and with
 * `identity/`:
 *
 *     deno run --frozen --no-remote --config tests/deno.json research/token_checks.ts
 *
 * The rounds of all ways are interleaved, so that a slow moment of the machine
 * meets all of them. docs/ARCHITECTURE.md has the result.
 *
 * @module
 */
import { jwtVerify } from "npm:jose@6.2.18";
import { formatTable } from "../cli/table.ts";
import { print } from "../cli/print.ts";
import { decodeToken, signToken } from "../identity/token.ts";
import { TokenAuthenticator } from "../identity/token_authenticator.ts";
import { TokenKey } from "../identity/token_keys.ts";
import { TokenRefusal } from "../identity/refusal.ts";
import { encodeBytes } from "../protocol/bytes.ts";

const rounds = 301;
const checksPerRound = 100;

const now = 1_800_000_000;
const bytes = crypto.getRandomValues(new Uint8Array(32));
const key = new TokenKey("2026-12-01", bytes);
const hmacKey = await crypto.subtle.importKey(
  "raw",
  bytes,
  { name: "HMAC", hash: "SHA-256" },
  false,
  ["verify"],
);

const token = signToken({
  subject: "mira/pixel",
  reports: ["mira/pixel"],
  sees: ["fam/*"],
  lastOnly: false,
  role: undefined,
  tokenId: "0123456789abcdef".repeat(2),
  issuedAt: now,
  notBefore: undefined,
  expiresAt: now + 86_400,
}, key);

const rules = { keys: [key], revoked: new Set<string>() };
const cached = new TokenAuthenticator(rules);
const uncached = new TokenAuthenticator(rules, 0);

const decoded = decodeToken(token);
if (decoded instanceof TokenRefusal) throw new Error(decoded.detail);
const { signed } = decoded;
const signature = new Uint8Array(decoded.signature);

function checkWith(authenticator: TokenAuthenticator): void {
  const identity = authenticator.authenticate(token, now);
  if (identity instanceof TokenRefusal) throw new Error(identity.detail);
}

/** One check each, of the signature alone or of the whole token. */
const ways: Readonly<Record<string, () => unknown>> = {
  "signature, WebCrypto": () =>
    crypto.subtle.verify("HMAC", hmacKey, signature, encodeBytes(signed)),
  "signature, node:crypto": () => key.verify(signed, signature),
  "token, npm:jose": () =>
    jwtVerify(token, hmacKey, { currentDate: new Date(now * 1000) }),
  "token, identity/": () => checkWith(uncached),
  "token, identity/, cached": () => checkWith(cached),
};

async function microsecondsOf(check: () => unknown): Promise<number> {
  const start = performance.now();
  for (let count = 0; count < checksPerRound; count++) {
    const result = check();
    // Waiting for a value that is no promise would cost time too.
    if (result instanceof Promise) await result;
  }
  return (performance.now() - start) * 1000 / checksPerRound;
}

const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++) {
  for (const [name, check] of Object.entries(ways)) {
    times.get(name)!.push(await microsecondsOf(check));
  }
}

const columns = ["", "least", "median", "most"].map((title) => ({
  title,
  isNumeric: title !== "",
}));
print("microseconds a check");
print(formatTable(
  columns,
  Array.from(times, ([name, all]) => {
    const sorted = all.toSorted((one, other) => one - other);
    const shown = [0, Math.floor(rounds / 2), rounds - 1];
    return [name, ...shown.map((index) => sorted[index].toFixed(1))];
  }),
));
