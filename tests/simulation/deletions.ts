/**
 * Deletions in simulated herds: which are drawn, what a server does with them,
 * and that nothing that was deleted is left anywhere.
 *
 * @module
 */
import type {
  Acceptance,
  FloodRouter,
} from "../../peers/replication/flood_router.ts";
import type {
  DeletionRefusal,
  DeletionResult,
} from "../../peers/store/report_store.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { deletedUntil, formatDeletion } from "../../protocol/deletion.ts";
import { heardAt, heardAtOf } from "../../protocol/order.ts";
import { clientOf, type Report } from "../../protocol/report.ts";
import {
  compareTimestamps,
  formatTimestamp,
  type Timestamp,
} from "../../protocol/time.ts";
import { Random } from "../../runtime/random.ts";
import type { Coverage } from "./coverage.ts";
import type { HostClock } from "./host_clock.ts";
import { epochMs, hasExpiry, type Plan, type PlannedDeletion } from "./plan.ts";
import { epochSeconds } from "./virtual_process.ts";
import type { World } from "./world.ts";

/**
 * Probability that clients of a herd are forgotten, if all servers' clocks are
 * right, and if some are wrong.
 */
const [forgettingChance, wronglyForgettingChance] = [0.4, 0.8];

/** Most deletions of a herd. */
const maxDeletions = 12;

/** Most of the herd's clients that are forgotten, so that each is repeatedly. */
const maxForgotten = 4;

/** A client that was forgotten has to be seen again within this time. */
const seenAgainMs = 5_000;

/** A deletion applies this long before its time, in milliseconds. */
const maxAheadMs = 60_000;

/** Clocks that are right differ by less than this, in milliseconds. */
const maxSkewMs = 5_000;

/**
 * Draws who is forgotten, when, and at which server. From numbers of its own, so
 * that the rest of the plan of a seed stays the same. Without catch-up, a server
 * may lack a report that another one has: it was not newer than one that was
 * deleted later.
 */
export function drawDeletions(
  plan: Pick<
    Plan,
    "catchUp" | "clocks" | "healAtMs" | "reports" | "seed" | "servers"
  >,
): PlannedDeletion[] {
  const random = new Random(plan.seed ^ 0x0f0_96e7);
  if (!plan.catchUp) return [];
  if (plan.reports.length === 0) return [];
  const chance = plan.clocks === undefined
    ? forgettingChance
    : wronglyForgettingChance;
  if (!random.chance(chance)) return [];
  const clients = Array.from(
    { length: 1 + random.below(maxForgotten) },
    () => random.pick(plan.reports).client,
  );
  return Array.from({ length: 1 + random.below(maxDeletions) }, () => ({
    atMs: random.between(0, plan.healAtMs),
    server: random.pick(plan.servers).name,
    client: random.pick(clients),
  })).sort((one, other) => one.atMs - other.atMs);
}

/** What `DeletionWatch` needs. */
export interface DeletionWatchOptions {
  readonly coverage: Coverage;
  readonly hostClock: HostClock;
  readonly elapsedMs: () => number;
  readonly forgetSeconds: number;
  readonly onViolation: (rule: string, detail: string) => void;
}

/** A deletion that a server has stored. */
interface StoredDeletion {
  readonly until: Timestamp;
  /** When it was stored, in milliseconds after the start. */
  readonly atMs: number;
}

/** Checks what one router does with deletions. */
export class DeletionWatch {
  readonly #router: FloodRouter;
  readonly #options: DeletionWatchOptions;
  /** The latest deletion of each client that was stored. */
  readonly #latest = new Map<ByteString, StoredDeletion>();

  constructor(router: FloodRouter, options: DeletionWatchOptions) {
    this.#router = router;
    this.#options = options;
  }

  /** To be called when the router has stored a deletion of a data folder. */
  onRestored(deletion: Report): void {
    const atMs = this.#options.elapsedMs();
    const until = deletedUntil(deletion);
    this.#latest.set(deletion.client, { until, atMs });
  }

  /** To be called when the router has received a deletion. */
  onDeletion(
    deletion: Report,
    result: DeletionResult | DeletionRefusal,
  ): void {
    const { elapsedMs, onViolation } = this.#options;
    const { client } = deletion;
    const until = deletedUntil(deletion);
    const fault = this.#faultOf(until);
    const refusal = result === "ahead" || result === "expired"
      ? result
      : undefined;
    if (fault !== "unknown" && fault !== refusal) {
      const rule = refusal === undefined
        ? "a deletion is stored outside of its period"
        : "a deletion is refused in its period";
      onViolation(rule, `${deletion.line} is ${refusal}`);
    }
    if (refusal !== undefined) return;
    const before = this.#latestOf(client)?.until;
    if (before === undefined || compareTimestamps(before, until) < 0) {
      this.#latest.set(client, { until, atMs: elapsedMs() });
    }
    const latest = this.#latestOf(client)?.until ?? until;
    const held = this.#router.deletedUntil(client);
    if (held === undefined || compareTimestamps(held, latest) < 0) {
      const rule = "an earlier deletion replaced a later one";
      onViolation(rule, `${client}, until ${formatTimestamp(latest)}`);
    }
    const visible = this.#router.newestRecord(client);
    if (visible !== undefined && !isHeardAfter(heardAtOf(visible), latest)) {
      onViolation("a deleted report is visible", visible);
    }
  }

  /** Why a deletion does not apply; "unknown" at the ends of its period. */
  #faultOf(until: Timestamp): "ahead" | "expired" | "unknown" | undefined {
    const { elapsedMs, forgetSeconds, hostClock } = this.#options;
    const aheadMs = millisecondsOf(until) - elapsedMs() - hostClock.aheadMs;
    const [mostMs, leastMs] = [maxAheadMs, -1000 * forgetSeconds];
    if (Math.min(Math.abs(aheadMs - mostMs), Math.abs(aheadMs - leastMs)) < 1) {
      return "unknown";
    }
    if (aheadMs > mostMs) return "ahead";
    return aheadMs < leastMs ? "expired" : undefined;
  }

  /**
   * The latest deletion of a client that was stored. One that was outside of its
   * period for a moment, as the clock was set, may be gone.
   */
  #latestOf(client: ByteString): StoredDeletion | undefined {
    const latest = this.#latest.get(client);
    if (latest === undefined) return undefined;
    const { elapsedMs, forgetSeconds, hostClock } = this.#options;
    const { atMs, until } = latest;
    const untilMs = millisecondsOf(until);
    const [least, most] = hostClock.rangeSince(atMs);
    const mayBeGone = untilMs > atMs + least + maxAheadMs - 1 ||
      untilMs < elapsedMs() + most - 1000 * forgetSeconds + 1;
    if (!mayBeGone) return latest;
    const held = this.#router.deletedUntil(client);
    if (held === undefined) this.#latest.delete(client);
    else this.#latest.set(client, { until: held, atMs: elapsedMs() });
    return this.#latest.get(client);
  }

  /** To be called when the router has received a report. */
  onAcceptance(report: Report, acceptance: Acceptance): void {
    const { client, record: line } = report;
    const until = this.#latestOf(client)?.until;
    if (until === undefined) return;
    const { coverage, onViolation } = this.#options;
    const isDeleted = !isHeardAfter(heardAt(report), until);
    if (isDeleted) coverage.add("a deleted report arrives again");
    else if (acceptance === "newer") {
      coverage.add("a client that was forgotten reports again");
    }
    if (acceptance === "forgotten" || acceptance === "ahead") return;
    if (isDeleted === (acceptance === "deleted")) return;
    onViolation(
      isDeleted
        ? "a deleted report was stored"
        : "a report that is not deleted was refused",
      `${line} is ${acceptance}, deleted until ${formatTimestamp(until)}`,
    );
  }
}

function later(one: Timestamp | undefined, other: Timestamp): Timestamp {
  return one !== undefined && compareTimestamps(one, other) > 0 ? one : other;
}

/** A time in milliseconds after the start of a simulation. */
function millisecondsOf({ nanoseconds, seconds }: Timestamp): number {
  return (seconds - epochSeconds) * 1000 + nanoseconds / 1e6;
}

function isHeardAfter(heard: Timestamp, until: Timestamp): boolean {
  return compareTimestamps(heard, until) > 0;
}

/** The deletions of a world, as the latest of each client. */
export class WorldDeletions {
  readonly #until = new Map<ByteString, Timestamp>();

  /** Notes that a server was asked to forget a client. */
  add(client: ByteString, until: Timestamp): void {
    this.#until.set(client, later(this.#until.get(client), until));
  }

  get clients(): Iterable<ByteString> {
    return this.#until.keys();
  }

  /** Whether a report may be deleted on some server. */
  mayReach(line: ByteString): boolean {
    const until = this.#until.get(clientOf(line));
    return until !== undefined && !isHeardAfter(heardAtOf(line), until);
  }
}

/** The lines of the deletions that a server holds. */
export function deletionLines(
  router: Pick<FloodRouter, "deletedUntil">,
  clients: Iterable<ByteString>,
): ByteString[] {
  return [...clients].flatMap((client) => {
    const until = router.deletedUntil(client);
    return until === undefined ? [] : [formatDeletion(client, until)];
  });
}

/**
 * Whether a server whose clock is nearly right may refuse a deletion, because its
 * time has not come.
 */
export function mayBeEarly(until: Timestamp, { plan, time }: World): boolean {
  return plan.clocks !== undefined &&
    millisecondsOf(until) - time.elapsedMs > maxAheadMs - maxSkewMs;
}

/**
 * The latest deletion of each client on any server, without those of a time that
 * has not come.
 */
export function latestDeletions(
  world: World,
): Map<ByteString, Timestamp> {
  const { deletions, servers } = world;
  const latest = new Map<ByteString, Timestamp>();
  for (const { router } of servers.values()) {
    for (const client of deletions.clients) {
      const until = router.deletedUntil(client);
      if (until === undefined || mayBeEarly(until, world)) continue;
      latest.set(client, later(latest.get(client), until));
    }
  }
  return latest;
}

/**
 * Checks that all servers have the deletions, that nothing that is deleted is
 * left, and that clients that report again are seen.
 *
 * @param survived The latest deletion of each client on any server at healing.
 */
export async function checkDeletions(
  world: World,
  survived: ReadonlyMap<ByteString, Timestamp>,
): Promise<void> {
  const { plan, servers, time, violations } = world;
  for (const [client, until] of survived) {
    for (const { name, router } of servers.values()) {
      const held = router.deletedUntil(client);
      if (held === undefined || compareTimestamps(held, until) < 0) {
        const rule = "a deletion that a server had is lost";
        violations.push({ rule, detail: `${name}: ${client}` });
      }
      const line = router.newestRecord(client);
      if (line === undefined || isHeardAfter(heardAtOf(line), until)) continue;
      violations.push({
        rule: "a deleted report came back",
        detail: `${name}: ${line}, deleted until ${formatTimestamp(until)}`,
      });
    }
  }
  // A report that was heard ahead of the present may be newer than the next one:
  // see `checkPatience`.
  const isAtOnce = plan.clocks === undefined && !hasExpiry(plan);
  if (survived.size === 0 || !isAtOnce) return;
  const random = new Random(plan.seed);
  const lines = [...survived.keys()].map((client) =>
    random.pick([...servers.values()]).report({
      verb: "IAMAT",
      client,
      position: "+34-118",
      time: ((epochMs + time.elapsedMs) / 1000).toFixed(6),
    }).record
  );
  await time.run(time.elapsedMs + seenAgainMs);
  for (const line of lines) {
    world.reports.add(line);
    for (const { name, router } of servers.values()) {
      if (router.newestRecord(clientOf(line)) === line) continue;
      const rule = "a client that reports again is not seen";
      violations.push({ rule, detail: `${name}: ${line}` });
    }
  }
}
