/**
 * Checks the invariants of a simulated herd: all servers have the same reports,
 * these are the right ones, and the links are in order.
 *
 * A report expires at different times on servers whose clocks differ. So there
 * is one exception, which is made only here: a server may lack a report that has
 * expired on any server of the herd, by that server's clock.
 *
 * @module
 */
import { root } from "../../peers/store/digest_tree.ts";
import { fingerprint } from "../../peers/store/fingerprint.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { isNewer } from "./report_order.ts";
import { clientOf } from "../../protocol/report.ts";
import {
  formatTimestamp,
  parseTimestamp,
  type Timestamp,
} from "../../protocol/time.ts";
import { heardMsOf } from "./clock_watch.ts";
import { deletionLines, mayBeEarly } from "./deletions.ts";
import { hasExpiry } from "./plan.ts";
import type { SimulatedServer } from "./simulated_server.ts";
import type { World } from "./world.ts";

/** Less than the limit of 60 s by more than the skew of clocks. */
const aheadMs = 55_000;

/** Every client's newest report. */
export function newestOf(
  lines: Iterable<ByteString>,
): Map<ByteString, ByteString> {
  const newest = new Map<ByteString, ByteString>();
  for (const line of lines) {
    const client = clientOf(line);
    const best = newest.get(client);
    if (best === undefined || isNewer(line, best)) newest.set(client, line);
  }
  return newest;
}

/** A difference between servers' reports; empty if there is none. */
export function difference(world: World): string {
  const { plan, servers } = world;
  // Without expiry, equal digests suffice.
  if (!hasExpiry(plan) && haveEqualDigests(world)) return "";
  const all = [...servers.values()].map((server) => ({
    server,
    lines: new Set(server.router.records()),
  }));
  const held = all.map(({ server }) => ({
    server,
    lines: new Set(deletionLines(server.router, world.deletions.clients)),
  }));
  const [first, ...others] = all;
  for (const { lines } of held) {
    const missing = lines.symmetricDifference(held[0].lines);
    for (const line of missing) {
      if (!mayBeEarly(untilOf(line), world)) {
        return `not all servers have ${line}`;
      }
    }
  }
  for (const { lines } of others) {
    for (const line of lines.symmetricDifference(first.lines)) {
      if (hasExpiredAnywhere(line, world)) continue;
      if (mayBeAhead(line, world)) continue;
      const has = all.filter(({ lines }) => lines.has(line));
      const lacks = all.filter(({ lines }) => !lines.has(line));
      return `${line}: ${namesOf(has)} ${has.length === 1 ? "has" : "have"} ` +
        `it, ${namesOf(lacks)} ${lacks.length === 1 ? "does" : "do"} not`;
    }
  }
  return "";
}

/** The time of the line of a deletion. */
function untilOf(line: ByteString): Timestamp {
  return parseTimestamp(line.slice(line.lastIndexOf(" ") + 1));
}

function haveEqualDigests({ servers }: World): boolean {
  if (servers.values().some(({ router }) => router.isRebuilding)) return false;
  const digests = [...servers.values()].map(({ router }) =>
    router.digests.digestOf(root)
  );
  return new Set(digests).size === 1;
}

function namesOf(entries: readonly { readonly server: SimulatedServer }[]) {
  return entries.map(({ server }) => server.name).join(", ");
}

/**
 * Whether a report has expired on any server, or is deleted on some: then a
 * server may lack it.
 */
function isGoneAnywhere(line: ByteString, world: World): boolean {
  return world.deletions.mayReach(line) ||
    hasExpiry(world.plan) && hasExpiredAnywhere(line, world);
}

/**
 * Whether some servers may have a report, and others refuse it until its time
 * has come.
 */
export function mayBeAhead(line: ByteString, { plan, time }: World): boolean {
  if (plan.clocks === undefined) return false;
  return heardMsOf(line) - time.elapsedMs > aheadMs;
}

/** Whether a report has expired on any server: then a server may lack it. */
function hasExpiredAnywhere(line: ByteString, { servers }: World): boolean {
  return servers.values().some(({ router }) => router.hasExpired(line));
}

/**
 * Checks the reports of servers that have converged.
 *
 * @param survived The newest report of each client on any server at healing.
 */
export function checkReports(
  world: World,
  survived: ReadonlyMap<ByteString, ByteString>,
): void {
  const { reports, servers, violations } = world;
  for (const { name, router } of servers.values()) {
    for (const line of router.records()) {
      if (reports.has(line)) continue;
      const rule = "a report that no client made";
      violations.push({ rule, detail: `${name}: ${line}` });
    }
  }
  for (const [client, line] of survived) {
    const all = [...servers.values()].map((server) => ({
      server,
      line: server.router.newestRecord(client),
    }));
    const lacks = all.filter((entry) =>
      entry.line === undefined || isNewer(line, entry.line)
    );
    if (lacks.length === 0 || mayBeLost(line, world)) continue;
    const has = all.filter((entry) => !lacks.includes(entry));
    violations.push({
      rule: "a report that a server had is lost",
      detail: `${line}: ${namesOf(lacks)} without it, ` +
        (has.length === 0 ? "as all servers are" : `${namesOf(has)} with it`),
    });
  }
}

/**
 * Whether a report may be lost: it, or a newer one that replaced it, may have
 * expired or may have been deleted on a server before the others received it.
 */
export function mayBeLost(line: ByteString, world: World): boolean {
  // A server whose clock is set back, without a neighbour who knows better, takes
  // its reports for reports of the future.
  if (world.plan.clocks !== undefined) return true;
  const client = clientOf(line);
  return isGoneAnywhere(line, world) ||
    world.reports.values().some((other) =>
      clientOf(other) === client && isNewer(other, line) &&
      isGoneAnywhere(other, world)
    );
}

/**
 * Checks the links after the last fault: each pair of neighbours has one link,
 * which stays up, and they have caught up with each other.
 *
 * @param linksLost The number of lost links some time ago.
 */
export function checkLinks(world: World, linksLost: number): void {
  const { network, servers, violations } = world;
  for (const { caughtUp, linked, name } of servers.values()) {
    if (linked.length < world.neighboursOf(name).length) {
      violations.push({
        rule: "a link is missing",
        detail: `${name} has ${linked.join(", ")}`,
      });
    }
    if (caughtUp.length < linked.length) {
      violations.push({
        rule: "a server has not caught up",
        detail: `${name} has caught up with ${caughtUp.join(", ")} only`,
      });
    }
  }
  const ends = [...servers.values()].flatMap(({ linked }) => linked);
  if (network.connections.size !== ends.length / 2) {
    violations.push({
      rule: "connections that are not links",
      detail: `${network.connections.size} for ${ends.length / 2} links`,
    });
  }
  if (world.linksLost !== linksLost) {
    violations.push({
      rule: "a link went down without a fault",
      detail: `${world.linksLost - linksLost}`,
    });
  }
}

/** The clients of each server whose reports have not expired. */
export function visibleClients(
  { servers }: World,
): Map<string, Set<ByteString>> {
  return new Map(
    servers.values().map((
      { name, router },
    ) => [name, new Set([...router.records()].map(clientOf))]),
  );
}

/**
 * Checks that the same reports have expired on all servers, and that their
 * memory is free.
 *
 * @param visibleBefore The visible clients of each server some time ago. Those
 * that had expired by then must be removed.
 */
export function checkExpiry(
  world: World,
  visibleBefore: ReadonlyMap<string, ReadonlySet<ByteString>>,
): void {
  const { plan, servers, violations } = world;
  if (!hasExpiry(plan)) return;
  const horizons = new Map(
    servers.values().map(({ name, router: { raisedHorizon } }) => [
      name,
      raisedHorizon && formatTimestamp(raisedHorizon),
    ]),
  );
  if (new Set(horizons.values()).size > 1) {
    violations.push({
      rule: "servers have different horizons",
      detail: [...horizons].map((pair) => pair.join(": ")).join(", "),
    });
  }
  const visible = visibleClients(world);
  for (const { name, router } of servers.values()) {
    for (const line of router.records()) {
      if (!router.hasExpired(line)) continue;
      const rule = "an expired report is visible";
      violations.push({ rule, detail: `${name}: ${line}` });
    }
    const mayBeKept = visible.get(name)!.union(visibleBefore.get(name)!).size;
    if (router.clients > mayBeKept) {
      violations.push({
        rule: "expired reports still take up memory",
        detail: `${name}: ${router.clients} clients for ${mayBeKept}`,
      });
    }
  }
}

/** Checks that digests match the reports. */
export function checkDigests(world: World): void {
  const { servers, violations } = world;
  const keys = [...servers.values()].map(({ name, router }) =>
    `${name} ${router.treeKey}${router.isRebuilding ? " in part" : ""}`
  );
  if (
    new Set(keys.map((text) => text.replace(/.* (?=\S{32}\b)/, ""))).size > 1
  ) {
    violations.push({
      rule: "digest trees have different keys",
      detail: keys.join(", "),
    });
  }
  for (const { name, router } of servers.values()) {
    const lines = [...router.records()];
    // Expired reports that were not removed yet are still in the digests.
    if (lines.length !== router.clients) continue;
    const deletions = deletionLines(router, world.deletions.clients);
    const digest = [...lines, ...deletions].map(fingerprint).reduce(xor, 0);
    if (router.digests.digestOf(root) === digest) continue;
    const rule = "a digest does not match the reports";
    violations.push({ rule, detail: `${name} with ${lines.length} reports` });
  }
}

/** XOR of 53 bits, as the bitwise operators take 32 bits only. */
function xor(one: number, other: number): number {
  return Number(BigInt(one) ^ BigInt(other));
}
