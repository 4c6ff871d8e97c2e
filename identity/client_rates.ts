/**
 * The rates at which clients may report and query: of each connection, and of
 * each identity, which may have many connections to all ports of a server.
 *
 * @module
 */
import type { Identity } from "./identity.ts";
import { IdentityRates, Rate } from "./rates.ts";

/** What clients can do too often. */
export type RatedUse = "report" | "query";

/** Most uses a second; `Infinity` for any number. */
export type RateLimits = Readonly<Record<RatedUse, number>>;

/** The rates of the clients of one server. */
export class ClientRates {
  readonly #limits: RateLimits;
  readonly #identities: ReadonlyMap<RatedUse, IdentityRates>;

  constructor(limits: RateLimits) {
    this.#limits = limits;
    this.#identities = new Map(
      limitedUses(limits).map((use) => [use, new IdentityRates(limits[use])]),
    );
  }

  /**
   * The rates of a new connection.
   *
   * @param identity Undefined if the connection has none.
   * @param nowMs By a clock that never goes back, as in all calls.
   */
  ofConnection(
    identity: Identity | undefined,
    nowMs: number,
  ): ConnectionRates {
    return new ConnectionRates(
      new Map(
        limitedUses(this.#limits)
          .map((use) => [use, new Rate(this.#limits[use], nowMs)]),
      ),
      identity === undefined
        ? undefined
        : (use, nowMs) =>
          this.#identities.get(use)?.of(identity.subject, nowMs),
    );
  }
}

/** The rates of one connection, and of its identity. */
export class ConnectionRates {
  readonly #own: ReadonlyMap<RatedUse, Rate>;
  readonly #shared:
    | ((use: RatedUse, nowMs: number) => Rate | undefined)
    | undefined;

  /** Only for `ClientRates`. */
  constructor(
    own: ReadonlyMap<RatedUse, Rate>,
    shared: ((use: RatedUse, nowMs: number) => Rate | undefined) | undefined,
  ) {
    this.#own = own;
    this.#shared = shared;
  }

  /** Counts a use, even if it is one too many. */
  use(use: RatedUse, nowMs: number): void {
    this.#own.get(use)?.use(1, nowMs);
    this.#shared?.(use, nowMs)?.use(1, nowMs);
  }

  /** How long the next use has to wait, in milliseconds; 0 if not at all. */
  waitMs(use: RatedUse, nowMs: number): number {
    return Math.max(
      this.#own.get(use)?.waitMs(nowMs) ?? 0,
      this.#shared?.(use, nowMs)?.waitMs(nowMs) ?? 0,
    );
  }
}

function limitedUses(limits: RateLimits): RatedUse[] {
  return (["report", "query"] as const).filter((use) => limits[use] < Infinity);
}
