/**
 * What gateways of tests ask of their senders.
 *
 * @module
 */
import { Access } from "../../identity/access.ts";
import type { ClientRates } from "../../identity/client_rates.ts";
import { TokenAuthenticator } from "../../identity/token_authenticator.ts";
import { TrustedProxies } from "../../runtime/forwarded.ts";
import type { RefusalName } from "../../runtime/refusal_counts.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { key, now } from "../identity/make_token.ts";

/** Accepts the tokens of `makeToken`. */
export function tokens(): TokenAuthenticator {
  return new TokenAuthenticator({ keys: [key], revoked: new Set() });
}

/** A clock at the time of these tokens. */
class TokenClock extends ManualClock {
  override now() {
    return { seconds: now, nanoseconds: 0 };
  }
}

/** Checks tokens, if there are some. */
export function identitiesWith(options: {
  tokens?: TokenAuthenticator;
  rates?: ClientRates;
  proxies?: readonly string[];
  countRefusal?: (name: RefusalName) => void;
} = {}): Access {
  const { countRefusal = () => {}, proxies = [], rates, tokens } = options;
  return new Access({
    tokens,
    rates,
    proxies: new TrustedProxies(proxies),
    clock: new TokenClock(),
    countRefusal,
  });
}
