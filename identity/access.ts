/**
 * What the ports of a server ask of their clients: tokens, rates, and which
 * proxies they trust. Each server has one `Access`, and all its ports use it.
 *
 * @module
 */
import type { ByteString } from "../protocol/bytes.ts";
import { type Clock, secondsOf } from "../runtime/clock.ts";
import {
  ForwardedRefusal,
  type HeaderFields,
  type TrustedProxies,
} from "../runtime/forwarded.ts";
import type { RefusalName } from "../runtime/refusal_counts.ts";
import type { ClientRates } from "./client_rates.ts";
import type { Identity } from "./identity.ts";
import { type RefusalReason, TokenRefusal } from "./refusal.ts";
import type { TokenAuthenticator } from "./token_authenticator.ts";

/** What an `Access` is made of. */
export interface AccessOptions {
  /** Checks tokens; undefined without `--token-key-file`. */
  readonly tokens: TokenAuthenticator | undefined;
  /** Rates of clients; undefined if there is no limit on them. */
  readonly rates: ClientRates | undefined;
  readonly proxies: TrustedProxies;
  readonly clock: Clock;
  /** Counts a refusal. */
  readonly countRefusal: (name: RefusalName) => void;
}

/** Why a request gets no identity. */
export interface AccessRefusal {
  /** As logs and metrics name it. */
  readonly reason: RefusalReason | "no token";
  /** One line for the operator. Has no part of the token. */
  readonly detail: string;
}

/** What the ports of one server ask of their clients. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Whether every request needs a token, on the loopback address too. */
  get requiresToken(): boolean {
    return this.#options.tokens !== undefined;
  }

  /** Rates of clients; undefined if there is no limit on them. */
  get rates(): ClientRates | undefined {
    return this.#options.rates;
  }

  /**
   * The identity of a token, or why there is none. Refusals are counted.
   *
   * @param token Undefined if the request has none.
   * @throws {Error} Unless `requiresToken`.
   */
  authenticate(token: ByteString | undefined): Identity | AccessRefusal {
    const { clock, countRefusal, tokens } = this.#options;
    if (tokens === undefined) throw new Error("there is no token key file");
    if (token === undefined) {
      countRefusal("no-token");
      return { reason: "no token", detail: "a token is required" };
    }
    const result = tokens.authenticate(token, secondsOf(clock));
    if (result instanceof TokenRefusal) {
      countRefusal(`token-${result.reason.replaceAll(" ", "-")}`);
    }
    return result;
  }

  /** Whether an identity has ended. A connection that has it must end then. */
  hasEnded(identity: Identity): boolean {
    return identity.endAt(secondsOf(this.#options.clock)) !== undefined;
  }

  /**
   * Notifies of changes of keys and revoked tokens, after which the identities
   * of open connections must be asked whether they have ended. They must be
   * asked once a second too, as they expire. The returned function ends this.
   */
  onChange(observer: () => void): () => void {
    return this.#options.tokens?.changes.add(observer) ?? (() => {});
  }

  /**
   * The address of the client that an HTTP request comes from, for limits and
   * logs, or why the request is refused. Refusals are counted.
   *
   * @param remote The IP address of the other side of the connection.
   */
  clientOf(remote: string, headers: HeaderFields): string | ForwardedRefusal {
    const { countRefusal, proxies } = this.#options;
    const client = proxies.clientOf(remote, headers);
    if (client instanceof ForwardedRefusal) countRefusal("forwarded");
    return client;
  }

  /** Counts another refusal. */
  countRefusal(name: RefusalName): void {
    this.#options.countRefusal(name);
  }
}

/** The token in an `Authorization` header; undefined without `Bearer`. */
export function bearerTokenOf(headers: Headers): ByteString | undefined {
  const [, token] = headers.get("authorization")
    ?.match(/^Bearer +(\S+) *$/i) ?? [];
  return token;
}
