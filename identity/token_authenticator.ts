/**
 * Checks tokens, and remembers which it has accepted. A token is remembered by
 * its SHA-256, never by itself, and is accepted only as long as it has not
 * expired, is not revoked, and its key is still in the key file.
 *
 * @module
 */
import { hash } from "node:crypto";
import type { ByteString } from "../protocol/bytes.ts";
import { Observers } from "../runtime/observers.ts";
import type { Claims } from "./claims.ts";
import {
  GrantedIdentity,
  type Identity,
  type IdentityEnd,
} from "./identity.ts";
import { cacheEntryBytes, maxCacheBytes, maxTokenBytes } from "./limits.ts";
import { TokenRefusal } from "./refusal.ts";
import {
  faultOfTime,
  type Validity,
  validityOf,
  verifyToken,
} from "./token.ts";
import type { TokenKey } from "./token_keys.ts";

/** What tokens are checked against. */
export interface TokenRules {
  /** At most two, with different IDs. */
  readonly keys: readonly TokenKey[];
  /** The IDs (`jti`) of revoked tokens. */
  readonly revoked: ReadonlySet<ByteString>;
}

/** An accepted token, and the memory that it takes. */
interface CachedToken {
  readonly identity: TokenIdentity;
  readonly bytes: number;
}

/** Checks the tokens of one process. Its servers may share it. */
export class TokenAuthenticator {
  #rules: TokenRules;
  readonly #maxCacheBytes: number;
  // By SHA-256, the one that was used longest ago first.
  readonly #cache = new Map<string, CachedToken>();
  #cachedBytes = 0;

  /**
   * Called after the rules have changed: any identity may have ended. Those of
   * open connections must be asked then, and once a second for expiry.
   */
  readonly changes: Observers<void> = new Observers();

  constructor(rules: TokenRules, maxBytes = maxCacheBytes) {
    this.#rules = rules;
    this.#maxCacheBytes = maxBytes;
  }

  /** What tokens are checked against now. */
  get rules(): TokenRules {
    return this.#rules;
  }

  /** How many tokens are remembered. */
  get cachedTokens(): number {
    return this.#cache.size;
  }

  /** The memory that they take, in bytes. */
  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  /** Replaces keys and revoked tokens, and notifies the observers. */
  replaceRules({ keys, revoked }: TokenRules): void {
    // A key that stays is the same object, so that comparing it is cheap.
    const known = this.#rules.keys;
    this.#rules = {
      keys: keys.map((key) => known.find((other) => other.equals(key)) ?? key),
      revoked,
    };
    this.#cache.clear();
    this.#cachedBytes = 0;
    this.changes.notify();
  }

  /**
   * The identity of a token, or why it is refused.
   *
   * @param nowSeconds The time of day in POSIX seconds.
   */
  authenticate(
    token: ByteString,
    nowSeconds: number,
  ): Identity | TokenRefusal {
    // A longer text is not worth its hash.
    if (token.length > maxTokenBytes) return this.#check(token, nowSeconds);
    const digest = hash("sha256", token);
    const known = this.#cache.get(digest);
    if (known === undefined) return this.#check(token, nowSeconds, digest);
    this.#forget(digest, known);
    const fault = faultOfTime(known.identity.validity, nowSeconds);
    if (fault !== undefined) return fault;
    this.#remember(digest, known);
    return known.identity;
  }

  /** Why a token has ended, apart from its time. */
  endOf(
    tokenId: ByteString,
    key: TokenKey,
  ): "revoked" | "key removed" | undefined {
    const { keys, revoked } = this.#rules;
    if (revoked.has(tokenId)) return "revoked";
    return keys.includes(key) ? undefined : "key removed";
  }

  #check(
    token: ByteString,
    nowSeconds: number,
    digest?: string,
  ): Identity | TokenRefusal {
    const result = checkToken(token, this.#rules, nowSeconds);
    if (result instanceof TokenRefusal) return result;
    const { claims, key } = result;
    const identity = new TokenIdentity(claims, key, this);
    if (digest !== undefined) {
      const bytes = cacheEntryBytes + 2 * token.length;
      this.#remember(digest, { identity, bytes });
    }
    return identity;
  }

  /** Only accepted tokens: others would let anybody flush the cache. */
  #remember(digest: string, cached: CachedToken): void {
    this.#cache.set(digest, cached);
    this.#cachedBytes += cached.bytes;
    for (const [oldest, other] of this.#cache) {
      if (this.#cachedBytes <= this.#maxCacheBytes) break;
      this.#forget(oldest, other);
    }
  }

  #forget(digest: string, { bytes }: CachedToken): void {
    this.#cache.delete(digest);
    this.#cachedBytes -= bytes;
  }
}

/**
 * The claims of a token and the key that signed it, or why it is refused by
 * these rules at this time.
 */
export function checkToken(
  token: ByteString,
  { keys, revoked }: TokenRules,
  nowSeconds: number,
): { claims: Claims; key: TokenKey } | TokenRefusal {
  const result = verifyToken(token, keys);
  if (result instanceof TokenRefusal) return result;
  if (revoked.has(result.claims.tokenId)) {
    return new TokenRefusal(
      "revoked",
      "its jti is in the list of revoked ones",
    );
  }
  return faultOfTime(validityOf(result.claims), nowSeconds) ?? result;
}

/** The identity of an accepted token. */
class TokenIdentity extends GrantedIdentity {
  readonly validity: Validity;
  readonly #tokenId: ByteString;
  readonly #key: TokenKey;
  readonly #authenticator: TokenAuthenticator;

  constructor(
    claims: Claims,
    key: TokenKey,
    authenticator: TokenAuthenticator,
  ) {
    super(claims);
    this.validity = validityOf(claims);
    this.#tokenId = claims.tokenId;
    this.#key = key;
    this.#authenticator = authenticator;
  }

  override get endsAt(): number {
    return this.validity.endsAt;
  }

  override endAt(nowSeconds: number): IdentityEnd | undefined {
    const fault = faultOfTime(this.validity, nowSeconds);
    if (fault !== undefined) {
      return fault.reason === "expired" ? "expired" : "not yet valid";
    }
    return this.#authenticator.endOf(this.#tokenId, this.#key);
  }
}
