/**
 * Checks that one simulated server forgets as docs/PROTOCOL.md says, and counts
 * what it forgets. Where the horizon must be is worked out here once more, so
 * that a mistake in the server's own horizon excuses nothing.
 *
 * @module
 */
import type {
  Acceptance,
  FloodRouter,
} from "../../peers/replication/flood_router.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { clientOf, heardAtOf, type Report } from "../../protocol/report.ts";
import { type Coverage, shortTtlSeconds, type Situation } from "./coverage.ts";

/** What to check, and what to do about it. */
export interface ForgettingOptions {
  readonly maxClients?: number;
  readonly clientTtlSeconds?: number;
  /** The server's clock, in POSIX seconds. */
  readonly nowSeconds: () => number;
  readonly coverage: Coverage;
  readonly onViolation: (rule: string, detail: string) => void;
}

/** How a herd was before it did something. */
export interface HerdBefore {
  readonly clients: number;
  readonly raisedHorizon: number;
}

/** Watches one herd that forgets. */
export class ForgettingWatch {
  readonly #replica: FloodRouter;
  readonly #options: ForgettingOptions;
  readonly #situation: Situation;
  /** When the newest report of every client so far was heard. */
  readonly #heardAt = new Map<ByteString, number>();

  constructor(replica: FloodRouter, options: ForgettingOptions) {
    this.#replica = replica;
    this.#options = options;
    this.#situation = situationOf(options);
  }

  /** Where the horizon is, in POSIX seconds. */
  get horizon(): number {
    const { clientTtlSeconds = Infinity, nowSeconds } = this.#options;
    return Math.max(this.#raisedHorizon, nowSeconds() - clientTtlSeconds);
  }

  /** To be kept until the herd has done what it does next. */
  look(): HerdBefore {
    return {
      clients: this.#replica.clients,
      raisedHorizon: this.#raisedHorizon,
    };
  }

  /** The herd has taken a report, or refused it. */
  seeAcceptance(
    report: Report,
    acceptance: Acceptance,
    known: ByteString | undefined,
    before: HerdBefore,
  ): void {
    const { client, line } = report;
    const { coverage } = this.#options;
    this.#checkHorizon(before);
    if (this.#raisedHorizon > before.raisedHorizon) {
      coverage.add("the horizon is raised for want of room");
      this.#checkRaise(before, heardAtOf(line), known);
    }
    const isForgotten = heardAtOf(line) <= this.horizon;
    this.#check(
      isForgotten === (acceptance === "forgotten"),
      isForgotten
        ? "a report was taken that is forgotten"
        : "a report was refused that is not forgotten",
      `${line} is ${acceptance}`,
    );
    const shown = this.#replica.newest(client);
    if (shown !== undefined) this.#checkShown(shown);
    this.#check(
      shown !== undefined || acceptance === "forgotten",
      "a report is not shown that is not forgotten",
      `${line} is ${acceptance}`,
    );
    if (acceptance === "forgotten") {
      coverage.add(
        heardAtOf(line) <= this.#raisedHorizon
          ? "a report comes when it is forgotten for want of room"
          : "a report comes when its time to live is over",
      );
    }
    const isNew = acceptance === "newer" && known === undefined;
    if (isNew && this.#heardAt.has(client)) {
      coverage.add("a client that was forgotten is heard again");
    }
    if (acceptance === "newer") this.#heardAt.set(client, heardAtOf(line));
    this.#countFreed(before.clients + (isNew ? 1 : 0));
  }

  /**
   * Lets the herd hear from a neighbour where its horizon is. What is forgotten
   * by this is not freed at once, and must not be shown from then on.
   */
  watchHorizon(seconds: number, hear: () => void): void {
    const before = this.look();
    // One that is ahead of the clock waits.
    const isRaised = seconds > before.raisedHorizon &&
      seconds <= this.#options.nowSeconds();
    const known = isRaised ? [...this.#replica.lines()] : [];
    hear();
    this.#checkHorizon(before);
    this.#check(
      this.#raisedHorizon === (isRaised ? seconds : before.raisedHorizon),
      "a server does not take over a neighbour's horizon",
      `${this.#raisedHorizon} after ${seconds}`,
    );
    if (!isRaised) return;
    this.#options.coverage.add("the horizon is raised as a neighbour says");
    for (const line of this.#replica.lines()) this.#checkShown(line);
    for (const line of known) {
      const shown = this.#replica.newest(clientOf(line));
      this.#check(
        shown === (heardAtOf(line) > this.horizon ? line : undefined),
        "a report is shown that is forgotten, or another one is not",
        `${shown} of ${line}`,
      );
    }
  }

  /** The herd has freed what is forgotten. */
  seeChores({ clients }: HerdBefore): void {
    this.#countFreed(clients);
  }

  get #raisedHorizon(): number {
    return this.#replica.raisedHorizon ?? -Infinity;
  }

  #checkHorizon({ raisedHorizon }: HerdBefore): void {
    this.#check(
      this.#raisedHorizon >= raisedHorizon,
      "the horizon moved down",
      `from ${raisedHorizon} to ${this.#raisedHorizon}`,
    );
  }

  #checkShown(line: ByteString): void {
    this.#check(
      heardAtOf(line) > this.horizon,
      "a report is shown that is forgotten",
      line,
    );
  }

  /**
   * A simulated server has few clients: then the oldest report alone gives way,
   * with those that were heard in the same moment. That may be the report for
   * which the room is needed.
   */
  #checkRaise(
    { clients, raisedHorizon }: HerdBefore,
    newHeardAt: number,
    known: ByteString | undefined,
  ): void {
    const { clientTtlSeconds, maxClients = Infinity } = this.#options;
    this.#check(
      clients >= maxClients && known === undefined,
      "the horizon was raised though there was room",
      `${clients} clients; known was ${known}`,
    );
    // With a time to live, the oldest report may have been forgotten already.
    if (clientTtlSeconds !== undefined) return;
    const oldest = this.#heardAt.values()
      .filter((heardAt) => heardAt > raisedHorizon)
      .reduce((least, heardAt) => Math.min(least, heardAt), newHeardAt);
    this.#check(
      this.#raisedHorizon === oldest,
      "more was forgotten than the oldest report",
      `the horizon is ${this.#raisedHorizon}, the oldest report of ${oldest}`,
    );
  }

  #countFreed(clients: number): void {
    const freed = clients - this.#replica.clients;
    if (freed > 0) this.#options.coverage.add(this.#situation, freed);
  }

  #check(holds: boolean, rule: string, detail: string): void {
    if (!holds) this.#options.onViolation(rule, detail);
  }
}

function situationOf(
  { clientTtlSeconds, maxClients }: ForgettingOptions,
): Situation {
  if (clientTtlSeconds === undefined) return "forgotten for want of room";
  if (maxClients !== undefined) return "forgotten where both limits hold";
  return clientTtlSeconds <= shortTtlSeconds
    ? "forgotten after a short time to live"
    : "forgotten after a long time to live";
}
