/**
 * Judges a simulated herd: whether its servers know the same, whether that is
 * what they should know, and whether their links are in order.
 *
 * Servers whose clocks differ forget a report at different moments. There is
 * one excuse for that, here and nowhere else: a server may lack a report if any
 * server of the herd has forgotten it by its own clock.
 *
 * @module
 */
import { root } from "../../peers/store/digest_tree.ts";
import { fingerprint } from "../../peers/store/fingerprint.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { clientOf, heardAtOf, isNewer } from "../../protocol/report.ts";
import { isForgetful } from "./plan.ts";
import type { SimulatedServer } from "./simulated_server.ts";
import type { World } from "./world.ts";

/** Every client's newest report. */
export function newestOf(
  lines: Iterable<ByteString>,
): Map<ByteString, ByteString> {
  const newest = new Map<ByteString, ByteString>();
  for (const line of lines) {
    const client = clientOf(line);
    const known = newest.get(client);
    if (known === undefined || isNewer(line, known)) newest.set(client, line);
  }
  return newest;
}

/** What servers know differently; empty if all know the same. */
export function difference(world: World): string {
  const { plan, servers } = world;
  // A quick look, that is enough where nothing is forgotten.
  if (!isForgetful(plan) && haveOneDigest(world)) return "";
  const known = [...servers.values()].map((server) => ({
    server,
    lines: new Set(server.replica.lines()),
  }));
  const [first, ...others] = known;
  for (const { lines } of others) {
    for (const line of lines.symmetricDifference(first.lines)) {
      if (isForgottenByAny(line, world)) continue;
      const has = known.filter(({ lines }) => lines.has(line));
      const lacks = known.filter(({ lines }) => !lines.has(line));
      return `${line}: ${namesOf(has)} ${has.length === 1 ? "has" : "have"} ` +
        `it, ${namesOf(lacks)} ${lacks.length === 1 ? "does" : "do"} not`;
    }
  }
  return "";
}

function haveOneDigest({ servers }: World): boolean {
  const digests = [...servers.values()].map(({ replica }) =>
    replica.digests.digestOf(root)
  );
  return new Set(digests).size === 1;
}

function namesOf(known: readonly { readonly server: SimulatedServer }[]) {
  return known.map(({ server }) => server.name).join(", ");
}

/** The one excuse for a server that lacks a report. */
function isForgottenByAny(line: ByteString, { servers }: World): boolean {
  const heardAt = heardAtOf(line);
  return servers.values().some(({ replica }) => heardAt <= replica.horizon);
}

/**
 * Judges what servers know once all know the same.
 *
 * @param survived The newest reports that some server had when it healed.
 */
export function judgeKnowledge(
  world: World,
  survived: ReadonlyMap<ByteString, ByteString>,
): void {
  const { reports, servers, violations } = world;
  for (const { name, replica } of servers.values()) {
    for (const line of replica.lines()) {
      if (reports.has(line)) continue;
      const rule = "a report that nobody made";
      violations.push({ rule, detail: `${name}: ${line}` });
    }
  }
  for (const [client, line] of survived) {
    const known = [...servers.values()].map((server) => ({
      server,
      line: server.replica.newest(client),
    }));
    const lacks = known.filter((known) =>
      known.line === undefined || isNewer(line, known.line)
    );
    if (lacks.length === 0 || isExcused(line, world)) continue;
    const has = known.filter((known) => !lacks.includes(known));
    violations.push({
      rule: "a report that a server had is lost",
      detail: `${line}: ${namesOf(lacks)} without it, ` +
        (has.length === 0 ? "as all servers are" : `${namesOf(has)} with it`),
    });
  }
}

/**
 * Whether a report may be lost: any server may have forgotten it, or what took
 * its place, on its way to the others.
 */
function isExcused(line: ByteString, world: World): boolean {
  if (!isForgetful(world.plan)) return false;
  const client = clientOf(line);
  return isForgottenByAny(line, world) ||
    world.reports.values().some((made) =>
      clientOf(made) === client && isNewer(made, line) &&
      isForgottenByAny(made, world)
    );
}

/**
 * Judges the links after the last fault: each pair has one link, which stays up,
 * and neighbours have caught up with each other.
 */
export function judgeLinks(world: World, linksLost: number): void {
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
        rule: "a server does not catch up",
        detail: `${name}, but with ${caughtUp.join(", ")}`,
      });
    }
  }
  const ends = [...servers.values()].flatMap(({ linked }) => linked);
  if (network.connections.size !== ends.length / 2) {
    violations.push({
      rule: "connections that are no links",
      detail: `${network.connections.size} for ${ends.length / 2} links`,
    });
  }
  if (world.linksLost !== linksLost) {
    violations.push({
      rule: "a link went down in peace",
      detail: `${world.linksLost - linksLost}`,
    });
  }
}

/** The clients that each server shows a report of, by the server's name. */
export function clientsShown(
  { servers }: World,
): Map<string, Set<ByteString>> {
  return new Map(
    servers.values().map((
      { name, replica },
    ) => [name, new Set([...replica.lines()].map(clientOf))]),
  );
}

/**
 * Judges whether all servers have forgotten the same, and have freed the memory
 * that it took up.
 *
 * @param shownBefore The clients that each server showed some time ago. What
 * was forgotten by then has to be freed.
 */
export function judgeForgetting(
  world: World,
  shownBefore: ReadonlyMap<string, ReadonlySet<ByteString>>,
): void {
  const { plan, servers, violations } = world;
  if (!isForgetful(plan)) return;
  const horizons = new Map(
    servers.values().map(({ name, replica }) => [name, replica.raisedHorizon]),
  );
  if (new Set(horizons.values()).size > 1) {
    violations.push({
      rule: "servers have different horizons",
      detail: [...horizons].map((pair) => pair.join(": ")).join(", "),
    });
  }
  const shown = clientsShown(world);
  for (const { name, replica } of servers.values()) {
    for (const line of replica.lines()) {
      if (heardAtOf(line) > replica.horizon) continue;
      const rule = "a report is shown that is forgotten";
      violations.push({ rule, detail: `${name}: ${line}` });
    }
    const mayBeKept = shown.get(name)!.union(shownBefore.get(name)!).size;
    if (replica.clients > mayBeKept) {
      violations.push({
        rule: "forgotten reports still take up memory",
        detail: `${name}: ${replica.clients} clients for ${mayBeKept}`,
      });
    }
  }
}

/** Judges whether what neighbours compare are the digests of their reports. */
export function judgeDigests({ servers, violations }: World): void {
  for (const { name, replica } of servers.values()) {
    const lines = [...replica.lines()];
    // What is forgotten and not freed yet is in the digests still.
    if (lines.length !== replica.clients) continue;
    const digest = lines.map(fingerprint).reduce(xor, 0);
    if (replica.digests.digestOf(root) === digest) continue;
    const rule = "a digest is not that of the reports";
    violations.push({ rule, detail: `${name} with ${lines.length} reports` });
  }
}

/** The bitwise operators take 32 bits only. */
function xor(one: number, other: number): number {
  return Number(BigInt(one) ^ BigInt(other));
}
