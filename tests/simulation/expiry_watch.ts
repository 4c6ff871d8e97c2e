/**
 * Checks that reports expire on one simulated server as docs/PROTOCOL.md
 * specifies, and counts them. The horizon is computed independently, so that a
 * mistake in the server's own horizon is found.
 *
 * @module
 */
import type {
  Acceptance,
  FloodRouter,
} from "../../peers/replication/flood_router.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { heardAt, heardAtOf } from "../../protocol/order.ts";
import type { Report } from "../../protocol/report.ts";
import {
  compareTimestamps,
  formatTimestamp,
  type Timestamp,
} from "../../protocol/time.ts";
import { type Coverage, shortTtlSeconds, type Situation } from "./coverage.ts";

/** What `ExpiryWatch` needs. */
export interface ExpiryOptions {
  readonly maxClients?: number;
  readonly clientTtlSeconds?: number;
  /** The server's clock. */
  readonly now: () => Timestamp;
  readonly coverage: Coverage;
  readonly onViolation: (rule: string, detail: string) => void;
}

/** The state of a router before a call. */
export interface RouterState {
  readonly clients: number;
  readonly raisedHorizon: Timestamp;
}

/** A horizon that was never raised. */
const beforeAll: Timestamp = { seconds: -Infinity, nanoseconds: 0 };

/** Checks one router whose reports expire. */
export class ExpiryWatch {
  readonly #router: FloodRouter;
  readonly #options: ExpiryOptions;
  readonly #situation: Situation;
  /** When the newest report of each client was heard, for all so far. */
  readonly #heardAt = new Map<ByteString, Timestamp>();

  constructor(router: FloodRouter, options: ExpiryOptions) {
    this.#router = router;
    this.#options = options;
    this.#situation = situationOf(options);
  }

  /** The horizon. */
  get horizon(): Timestamp {
    const { clientTtlSeconds = Infinity, now } = this.#options;
    const { nanoseconds, seconds } = now();
    const byAge = { seconds: seconds - clientTtlSeconds, nanoseconds };
    const raised = this.#raisedHorizon;
    return compareTimestamps(raised, byAge) < 0 ? byAge : raised;
  }

  /** Whether a report was heard at or before the horizon. */
  hasExpired(line: ByteString): boolean {
    return isUntil(heardAtOf(line), this.horizon);
  }

  /** The present state, to be passed to a check after the next call. */
  snapshot(): RouterState {
    return {
      clients: this.#router.clients,
      raisedHorizon: this.#raisedHorizon,
    };
  }

  /** To be called when the router has accepted or refused a report. */
  onAcceptance(
    report: Report,
    acceptance: Acceptance,
    stored: ByteString | undefined,
    before: RouterState,
  ): void {
    const { client, record: line } = report;
    const { coverage } = this.#options;
    this.#checkHorizon(before);
    if (!isUntil(this.#raisedHorizon, before.raisedHorizon)) {
      coverage.add("the horizon is raised by a full server");
      this.#checkRaise(before, heardAt(report), stored);
    }
    const hasExpired = this.hasExpired(line);
    this.#check(
      hasExpired === (acceptance === "forgotten"),
      hasExpired
        ? "an expired report was stored"
        : "a report that has not expired was refused",
      `${line} is ${acceptance}`,
    );
    const visible = this.#router.newestRecord(client);
    if (visible !== undefined) this.#checkVisible(visible);
    this.#check(
      visible !== undefined || acceptance === "forgotten" ||
        acceptance === "deleted",
      "a report that has not expired is not visible",
      `${line} is ${acceptance}`,
    );
    if (acceptance === "forgotten") {
      coverage.add(
        isUntil(heardAt(report), this.#raisedHorizon)
          ? "a report arrives below the raised horizon"
          : "a report arrives after its time to live",
      );
    }
    const isNew = acceptance === "newer" && stored === undefined;
    if (isNew && this.#heardAt.has(client)) {
      coverage.add("an expired client reports again");
    }
    if (acceptance === "newer") {
      this.#heardAt.set(client, heardAt(report));
    }
    this.#countRemoved(before.clients + (isNew ? 1 : 0));
  }

  /**
   * Checks that the router receives a neighbour's horizon. Reports that expire
   * by it are not removed at once, but must not be visible from then on.
   */
  watchHorizon(horizon: Timestamp, receive: () => void): void {
    const before = this.snapshot();
    // One that is ahead of the clock waits.
    const isRaised = !isUntil(horizon, before.raisedHorizon) &&
      isUntil(horizon, this.#options.now());
    const lines = isRaised ? [...this.#router.records()] : [];
    receive();
    this.#checkHorizon(before);
    const expected = isRaised ? horizon : before.raisedHorizon;
    this.#check(
      compareTimestamps(this.#raisedHorizon, expected) === 0,
      "a server does not raise its horizon to a neighbour's",
      `${formatTimestamp(this.#raisedHorizon)} after ` +
        formatTimestamp(horizon),
    );
    if (!isRaised) return;
    this.#options.coverage.add("the horizon is raised by a neighbour");
    const visible = new Set(this.#router.records());
    for (const line of lines) {
      const hasExpired = this.hasExpired(line);
      this.#check(
        visible.delete(line) !== hasExpired,
        "an expired report is visible, or another one is not",
        `${line} has ${hasExpired ? "" : "not "}expired`,
      );
    }
    this.#check(
      visible.size === 0,
      "a horizon adds reports",
      [...visible].join("; "),
    );
  }

  /** To be called when a report of a data folder was stored. */
  onRestored(report: Report): void {
    this.#heardAt.set(report.client, heardAt(report));
  }

  /** To be called when the report about a client was deleted. */
  onDeletion(client: ByteString): void {
    this.#heardAt.delete(client);
  }

  /** To be called after maintenance, which removes expired reports. */
  onMaintenance({ clients }: RouterState): void {
    this.#countRemoved(clients);
  }

  get #raisedHorizon(): Timestamp {
    return this.#router.raisedHorizon ?? beforeAll;
  }

  #checkHorizon({ raisedHorizon }: RouterState): void {
    this.#check(
      isUntil(raisedHorizon, this.#raisedHorizon),
      "the horizon fell",
      `from ${formatTimestamp(raisedHorizon)} to ` +
        formatTimestamp(this.#raisedHorizon),
    );
  }

  #checkVisible(line: ByteString): void {
    this.#check(
      !this.hasExpired(line),
      "an expired report is visible",
      line,
    );
  }

  /**
   * Checks a raised horizon. A simulated server has few clients, so only the
   * oldest report may expire, with those that were heard at the same time.
   * It may be the new report.
   */
  #checkRaise(
    { clients, raisedHorizon }: RouterState,
    heard: Timestamp,
    stored: ByteString | undefined,
  ): void {
    const { clientTtlSeconds, maxClients = Infinity } = this.#options;
    this.#check(
      clients >= maxClients && stored === undefined,
      "the horizon was raised though there was room",
      `${clients} clients; ${stored} was stored`,
    );
    // With a time to live, the oldest report may have expired already.
    if (clientTtlSeconds !== undefined) return;
    const oldest = this.#heardAt.values()
      .filter((time) => !isUntil(time, raisedHorizon))
      .reduce((least, time) => isUntil(time, least) ? time : least, heard);
    this.#check(
      compareTimestamps(this.#raisedHorizon, oldest) === 0,
      "more than the oldest report has expired",
      `the horizon is ${formatTimestamp(this.#raisedHorizon)}, the oldest ` +
        `report of ${formatTimestamp(oldest)}`,
    );
  }

  #countRemoved(clients: number): void {
    const removed = clients - this.#router.clients;
    if (removed > 0) this.#options.coverage.add(this.#situation, removed);
  }

  #check(holds: boolean, rule: string, detail: string): void {
    if (!holds) this.#options.onViolation(rule, detail);
  }
}

/** Whether one time is at or before another. */
function isUntil(time: Timestamp, other: Timestamp): boolean {
  return compareTimestamps(time, other) <= 0;
}

function situationOf(
  { clientTtlSeconds, maxClients }: ExpiryOptions,
): Situation {
  if (clientTtlSeconds === undefined) return "expired on a full server";
  if (maxClients !== undefined) return "expired where both limits apply";
  return clientTtlSeconds <= shortTtlSeconds
    ? "expired after a short time to live"
    : "expired after a long time to live";
}
