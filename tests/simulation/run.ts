/**
 * Runs one simulated herd from its seed, and judges it.
 *
 * @module
 */
import { root } from "../../peers/digests.ts";
import type { ByteString } from "../../protocol/bytes.ts";
import { clientOf, heardAtOf, isNewer } from "../../protocol/report.ts";
import type { Violation } from "./crossings.ts";
import { drawPlan, type Plan } from "./plan.ts";
import { Random } from "../../runtime/random.ts";
import type { VirtualTime } from "./virtual_clock.ts";
import { epochMs, World } from "./world.ts";

/** What became of a simulated herd. */
export interface Outcome {
  readonly seed: number;
  readonly servers: number;
  /** Whether its servers forget clients. */
  readonly isLimited: boolean;
  /** Reports that clients were answered for. */
  readonly reports: number;
  /** Things that happened in it. */
  readonly events: number;
  readonly violations: readonly Violation[];
  /** From healing until all servers knew the same; undefined if never. */
  readonly convergedAfterMs: number | undefined;
}

/** Time that a herd has to converge after it has healed. */
const patienceMs = 60_000;

/** How often servers are looked at, unless it is to be exact. */
const usualLookEveryMs = 50;

/**
 * Time until every link is what it will be: a dead one has been silent for long
 * enough, a handshake or two have timed out, and the longest wait is over.
 */
const relinkMs = 15_000;

/** For that time after it nothing may happen. */
const quietMs = 3_000;

/**
 * Runs the herd of a seed to its end.
 *
 * @param onEvent Told what happens, for a person.
 */
export async function runSeed(
  seed: number,
  onEvent: (text: string) => void = () => {},
): Promise<Outcome> {
  const random = new Random(seed);
  const outcome = await runPlan(drawPlan(random), random, onEvent);
  return { seed, ...outcome };
}

/**
 * Runs a herd to its end as a plan says.
 *
 * @param lookEveryMs How exact `convergedAfterMs` is.
 */
export async function runPlan(
  plan: Plan,
  random: Random,
  onEvent: (text: string) => void = () => {},
  lookEveryMs: number = usualLookEveryMs,
): Promise<Omit<Outcome, "seed">> {
  const world = new World(plan, random, onEvent);
  const { time, violations } = world;
  await time.run(plan.healAtMs);
  world.heal();
  onEvent(`${time.elapsedMs.toFixed(1)} healed`);
  // What is told in the last moment counts too.
  await time.run(plan.healAtMs + 1);
  const held = [...world.servers.values()].map(({ herd }) => [...herd.lines()]);
  const survived = newestOf(held.flat());
  const convergedAfterMs = await untilConverged(world, lookEveryMs);
  if (convergedAfterMs === undefined) {
    violations.push({ rule: "no convergence", detail: difference(world) });
  } else {
    judgeKnowledge(world, survived);
    // Until then a link that died before may not have been given up.
    await time.run(plan.healAtMs + relinkMs);
    const { linksLost } = world;
    await time.run(time.elapsedMs + quietMs);
    judgeLinks(world, linksLost);
  }
  return {
    servers: plan.topology.servers.length,
    isLimited: isLimited(plan),
    reports: world.reports.size,
    events: time.eventCount,
    violations,
    convergedAfterMs,
  };
}

/** Every client's newest report. */
function newestOf(lines: Iterable<ByteString>): Map<ByteString, ByteString> {
  const newest = new Map<ByteString, ByteString>();
  for (const line of lines) {
    const client = clientOf(line);
    const known = newest.get(client);
    if (known === undefined || isNewer(line, known)) newest.set(client, line);
  }
  return newest;
}

async function untilConverged(
  world: World,
  lookEveryMs: number,
): Promise<number | undefined> {
  const { time } = world;
  const healedAtMs = time.elapsedMs;
  while (time.elapsedMs < healedAtMs + patienceMs) {
    const mayBeEqual = isLimited(world.plan) || haveOneDigest(world);
    if (mayBeEqual && difference(world) === "") {
      return time.elapsedMs - healedAtMs;
    }
    await time.run(time.elapsedMs + lookEveryMs);
  }
  return undefined;
}

/** A quick look, that is enough where nothing is forgotten. */
function haveOneDigest({ servers }: World): boolean {
  const digests = [...servers.values()].map(({ herd }) =>
    herd.digests.digestOf(root)
  );
  return new Set(digests).size === 1;
}

/** What two servers know differently; empty if all know the same. */
function difference(world: World): string {
  const [first, ...others] = [...world.servers.values()].map((server) => ({
    name: server.name,
    lines: new Set(server.herd.lines()),
  }));
  for (const { lines, name } of others) {
    for (const more of lines.difference(first.lines)) {
      if (isExpiring(more, world)) continue;
      return `${name}, not ${first.name}: ${more}`;
    }
    for (const less of first.lines.difference(lines)) {
      if (isExpiring(less, world)) continue;
      return `${first.name}, not ${name}: ${less}`;
    }
  }
  return "";
}

/** Whether a report is forgotten by some clocks and not yet by others. */
function isExpiring(line: ByteString, { plan, time }: World): boolean {
  return Math.abs(leftMs(line, plan, time)) <= plan.serverSkewMs + 1;
}

/** How long a report is remembered yet, by a clock that is right. */
function leftMs(line: ByteString, plan: Plan, time: VirtualTime): number {
  const { clientTtlSeconds = Infinity } = plan;
  const forgottenAtSeconds = heardAtOf(line) + clientTtlSeconds;
  return forgottenAtSeconds * 1000 - (epochMs + time.elapsedMs);
}

/** All know the same: is it what they should know? */
function judgeKnowledge(
  world: World,
  survived: ReadonlyMap<ByteString, ByteString>,
): void {
  const { plan, reports, servers, violations } = world;
  const [{ herd }] = servers.values();
  const made = newestOf(reports);
  for (const line of herd.lines()) {
    if (reports.has(line)) continue;
    violations.push({ rule: "a report that nobody made", detail: line });
  }
  for (const [client, line] of survived) {
    const known = herd.newest(client);
    const isKept = known !== undefined && !isNewer(line, known);
    if (isKept) continue;
    // Any server may have forgotten it on its way to the others.
    const all = [...servers.values()];
    if (all.some((server) => server.herd.isForgotten(line))) continue;
    // What took its place may be forgotten itself.
    if (isLimited(plan) && line !== made.get(client)) continue;
    violations.push({
      rule: "a report that a server had is lost",
      detail: `${line}; known is ${known}`,
    });
  }
}

function isLimited({ clientTtlSeconds, maxClients }: Plan): boolean {
  return maxClients < Infinity || clientTtlSeconds !== undefined;
}

/**
 * Nothing goes wrong any more: then there is one link a pair, for good, and
 * neighbours have caught up with each other.
 */
function judgeLinks(world: World, linksLost: number): void {
  const { network, plan, servers, violations } = world;
  for (const { caughtUp, linked, name } of servers.values()) {
    const neighbours = plan.topology.neighbours.get(name)!;
    if (linked.length < neighbours.length) {
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
