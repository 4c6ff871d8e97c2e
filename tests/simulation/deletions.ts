/**
 * Deletions in simulated herds: which are drawn, what a server does with them,
 * and that nothing that was deleted is left anywhere.
 *
 * @module
 */
import type { FloodRouter } from "../../peers/replication/flood_router.ts";
import type { Acceptance } from "../../peers/replication/flood_router.ts";
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
import { epochMs, hasExpiry, type Plan, type PlannedDeletion } from "./plan.ts";
import type { World } from "./world.ts";

/** Probability that clients of a herd are forgotten. */
const forgettingChance = 0.4;

/** Most deletions of a herd. */
const maxDeletions = 12;

/** Most of the herd's clients that are forgotten, so that each is repeatedly. */
const maxForgotten = 4;

/** A client that was forgotten has to be seen again within this time. */
const seenAgainMs = 5_000;

/**
 * Draws who is forgotten, when, and at which server. From numbers of its own, so
 * that the rest of the plan of a seed stays the same. Without catch-up, a server
 * may lack a report that another one has: it was not newer than one that was
 * deleted later. Where servers' clocks are set, "until now" means little.
 */
export function drawDeletions(
  plan: Pick<
    Plan,
    "catchUp" | "clocks" | "healAtMs" | "reports" | "seed" | "servers"
  >,
): PlannedDeletion[] {
  const random = new Random(plan.seed ^ 0x0f0_96e7);
  if (!plan.catchUp || plan.clocks !== undefined) return [];
  if (plan.reports.length === 0) return [];
  if (!random.chance(forgettingChance)) return [];
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

/** Checks what one router does with deletions. */
export class DeletionWatch {
  readonly #router: FloodRouter;
  readonly #coverage: Coverage;
  readonly #onViolation: (rule: string, detail: string) => void;
  /** The latest deletion of each client that was received. */
  readonly #latest = new Map<ByteString, Timestamp>();

  constructor(
    router: FloodRouter,
    coverage: Coverage,
    onViolation: (rule: string, detail: string) => void,
  ) {
    this.#router = router;
    this.#coverage = coverage;
    this.#onViolation = onViolation;
  }

  /** To be called when the router has received a deletion. */
  onDeletion(deletion: Report): void {
    const { client } = deletion;
    const until = later(this.#latest.get(client), deletedUntil(deletion));
    this.#latest.set(client, until);
    const held = this.#router.deletedUntil(client);
    if (held === undefined || compareTimestamps(held, until) < 0) {
      const rule = "an earlier deletion replaced a later one";
      this.#onViolation(rule, `${client}, until ${formatTimestamp(until)}`);
    }
    const visible = this.#router.newestRecord(client);
    if (visible !== undefined && !isHeardAfter(heardAtOf(visible), until)) {
      this.#onViolation("a deleted report is visible", visible);
    }
  }

  /** To be called when the router has received a report. */
  onAcceptance(report: Report, acceptance: Acceptance): void {
    const { client, record: line } = report;
    const until = this.#latest.get(client);
    if (until === undefined) return;
    const isDeleted = !isHeardAfter(heardAt(report), until);
    if (isDeleted) this.#coverage.add("a deleted report arrives again");
    else if (acceptance === "newer") {
      this.#coverage.add("a client that was forgotten reports again");
    }
    if (acceptance === "forgotten") return;
    if (isDeleted === (acceptance === "deleted")) return;
    this.#onViolation(
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

/** The latest deletion of each client on any server. */
export function latestDeletions(
  { deletions, servers }: World,
): Map<ByteString, Timestamp> {
  const latest = new Map<ByteString, Timestamp>();
  for (const { router } of servers.values()) {
    for (const client of deletions.clients) {
      const until = router.deletedUntil(client);
      if (until === undefined) continue;
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
  if (survived.size === 0 || hasExpiry(plan)) return;
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
