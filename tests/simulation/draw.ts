/**
 * Draws what is to happen to a simulated herd from its seed.
 *
 * Each herd has some kinds of faults only, and many of those (swarm testing:
 * Groce et al., ISSTA 2012): so faults come together that would seldom meet if
 * every herd had a few of all kinds. In some herds all faults meet one server.
 *
 * @module
 */
import { maxWriteBytes } from "../../peers/limits.ts";
import { Random } from "../../runtime/random.ts";
import {
  epochMs,
  type Fault,
  type Plan,
  type PlannedReport,
  type ServerPair,
} from "./plan.ts";

/** What breaks connections or loses memory; needs catch-up to be repaired. */
const breakingFaults = [
  "kill",
  "power loss",
  "cut",
  "swallow",
  "block one way",
  "block both ways",
  "split",
] as const;

/** What only makes things slow. */
const slowingFaults = ["freeze", "slow way"] as const;

/** Every kind of fault. */
export const faultKinds = [...breakingFaults, ...slowingFaults] as const;

/** A kind of fault. */
export type FaultKind = Fault["kind"];

/** Packets usually take so long: from, up to. */
export const usualDelayMs = [0.1, 5] as const;

/**
 * In some herds they take as long as between continents. There a handshake and
 * a comparison last for hundreds of milliseconds, so that faults meet them.
 */
const farDelayMs = [20, 80] as const;
const farChance = 0.35;

/** Servers start within this time of each other. */
export const startWithinMs = 500;

/** How often a herd has some kind of fault. */
const kindChance = 0.4;

/** How often all faults of a herd meet one server or its links. */
const focusChance = 0.25;

/**
 * How often the faults of a herd follow each other closely. Connecting, shaking
 * hands and comparing take some 30 ms after a server has started or a link was
 * lost. Faults that are drawn evenly over 20 s hardly ever meet that.
 */
const chaseChance = 0.5;

/** So often, in such a herd, a fault follows another one closely. */
const chasingFaultChance = 0.8;

/** So often it begins before the other one is over. */
const duringChance = 0.25;

/** Most milliseconds between the end of a fault and one that follows it. */
const chaseWithinMs = 500;

/** A client that roams among the servers. */
interface Client {
  readonly id: string;
  /** How far its clock is ahead of the truth, in milliseconds. */
  readonly skewMs: number;
  /** Whether its clock has whole seconds only, so that times are often equal. */
  readonly isCoarse: boolean;
  /** Whether its clock is set back now and then. */
  readonly isErratic: boolean;
}

/** What faults can meet. */
export type Shape = Pick<Plan, "links" | "servers">;

/** Draws the plan of a seed. */
export function drawPlan(seed: number): Plan {
  const random = new Random(seed);
  const catchUp = random.chance(0.85);
  const clients = Array.from(
    { length: 2 + random.below(40) },
    (_, index) => drawClient(`client-${index}`, random),
  );
  const healAtMs = random.between(6_000, 20_000);
  const shape = drawShape(random.pick([0, 50, 2_000]), random);
  return {
    seed,
    ...shape,
    catchUp,
    secrets: random.chance(0.5) ? ["a secret of the herd"] : [],
    ...catchUp && random.chance(0.25)
      ? { maxClients: 1 + random.below(clients.length) }
      : {},
    ...random.chance(0.25) ? { clientTtlSeconds: drawTtl(random) } : {},
    timeoutMs: random.between(3_000, 5_000),
    bufferBytes: random.pick([300, 2_000, 64 * 1024]),
    // Herds have too few reports to fill a usual write.
    writeBytes: random.pick([300, 2_000, maxWriteBytes]),
    recentReports: random.pick([2 ** 4, 2 ** 10]),
    // Without catch-up, links have to be up by the time of the first report.
    delayMs: catchUp && random.chance(farChance) ? farDelayMs : usualDelayMs,
    reports: drawReports({
      servers: shape.servers.map(({ name }) => name),
      clients,
      // Without catch-up, what is told before the links are up stays there.
      fromMs: catchUp ? 0 : 5_000,
      untilMs: healAtMs,
      everyMs: random.pick([20, 50, 200]),
    }, random),
    faults: drawFaults(shape, catchUp, healAtMs, random),
    healAtMs,
  };
}

/**
 * Short ones are over while reports are still on their way, long ones after the
 * last fault.
 */
function drawTtl(random: Random): number {
  return random.chance(0.5) ? 2 + random.below(9) : 11 + random.below(14);
}

/** A connected herd of 2 to 30 servers; small ones are more frequent. */
function drawShape(skewMs: number, random: Random): Shape {
  const count = 2 + Math.floor(29 * random.next() ** 3);
  const names = random.shuffle(
    Array.from({ length: count }, (_, index) => `Server${index}`),
  );
  const links = new Map<string, ServerPair>();
  const link = (one: string, other: string) => {
    const pair: ServerPair = one < other ? [one, other] : [other, one];
    links.set(pair.join(), pair);
  };
  for (let index = 1; index < count; index++) {
    link(names[index], names[random.below(index)]);
  }
  for (let extra = random.below(count); extra > 0; extra--) {
    const [one, other] = random.shuffle(names);
    link(one, other);
  }
  return {
    servers: names.map((name) => ({
      name,
      startMs: random.between(0, startWithinMs),
      skewMs: random.between(-skewMs, skewMs),
    })),
    links: [...links.values()],
  };
}

function drawClient(id: string, random: Random): Client {
  const isFarOff = random.chance(0.2);
  return {
    id,
    skewMs: isFarOff
      ? random.between(-3_600_000, 3_600_000)
      : random.between(-500, 500),
    isCoarse: random.chance(0.3),
    isErratic: random.chance(0.2),
  };
}

/** Clients whose clocks are right. */
export function punctualClients(count: number): Client[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `client-${index}`,
    skewMs: 0,
    isCoarse: false,
    isErratic: false,
  }));
}

/** Who reports, to whom and how often. */
interface Load {
  readonly servers: readonly string[];
  readonly clients: readonly Client[];
  readonly fromMs: number;
  readonly untilMs: number;
  /** Time between two reports, on average. */
  readonly everyMs: number;
}

/** Draws clients' reports. */
export function drawReports(load: Load, random: Random): PlannedReport[] {
  const reports: PlannedReport[] = [];
  let atMs = load.fromMs;
  while (atMs < load.untilMs) {
    const client = random.pick(load.clients);
    const isSetBack = client.isErratic && random.chance(0.3);
    const setBackMs = isSetBack ? random.between(0, 10_000) : 0;
    const clientMs = epochMs + atMs + client.skewMs - setBackMs;
    reports.push({
      atMs,
      server: random.pick(load.servers),
      client: client.id,
      position: `+${random.below(90)}.5-${random.below(180)}`,
      time: (clientMs / 1000).toFixed(client.isCoarse ? 0 : 6),
    });
    atMs += random.between(0, 2 * load.everyMs);
  }
  return reports;
}

function drawFaults(
  shape: Shape,
  catchUp: boolean,
  healAtMs: number,
  random: Random,
): Fault[] {
  // Without catch-up only such as every link survives.
  const possible = catchUp ? faultKinds : slowingFaults;
  const kinds = possible.filter(() => random.chance(kindChance));
  if (kinds.length === 0) kinds.push(random.pick(possible));
  const hit = random.chance(focusChance)
    ? around(random.pick(shape.servers).name, shape)
    : shape;
  const chases = catchUp && random.chance(chaseChance);
  const count = chases ? 6 + random.below(10) : 2 + random.below(14);
  const faults: Fault[] = [];
  for (let left = catchUp ? count : 3; left > 0; left--) {
    const isChasing = chases && random.chance(chasingFaultChance);
    const chased = isChasing
      ? drawChased(faults, hit, healAtMs, random)
      : undefined;
    faults.push(drawFault(chased?.hit ?? hit, {
      kind: random.pick(kinds),
      atMs: chased?.atMs ?? random.between(catchUp ? 0 : 5_000, healAtMs),
      forMs: random.between(50, catchUp ? 8_000 : 1_000),
    }, random));
  }
  return faults.sort((one, other) => one.atMs - other.atMs);
}

/** When and what a fault meets that follows another one, or the start. */
function drawChased(
  faults: readonly Fault[],
  hit: Shape,
  healAtMs: number,
  random: Random,
): { readonly atMs: number; readonly hit: Shape } | undefined {
  if (faults.length === 0) {
    return { atMs: random.between(0, startWithinMs + chaseWithinMs), hit };
  }
  const fault = random.pick(faults);
  const forMs = "forMs" in fault ? fault.forMs : 0;
  const afterMs = random.chance(duringChance)
    ? random.between(0, forMs)
    // Sooner more often than later.
    : forMs + chaseWithinMs * random.next() ** 2;
  const atMs = fault.atMs + afterMs;
  return atMs < healAtMs ? { atMs, hit: hitBy(fault, hit) } : undefined;
}

/** What a fault has met: one server and its links, or one link and its ends. */
function hitBy(fault: Fault, hit: Shape): Shape {
  if ("server" in fault) return around(fault.server, hit);
  if (!("link" in fault)) return hit;
  const pair: readonly string[] = fault.link;
  return {
    servers: hit.servers.filter(({ name }) => pair.includes(name)),
    links: [fault.link],
  };
}

/** One server and its links. */
function around(name: string, { links, servers }: Shape): Shape {
  return {
    servers: servers.filter((server) => server.name === name),
    links: links.filter((link) => link.includes(name)),
  };
}

/** Draws what a fault meets. */
export function drawFault(
  { links, servers }: Shape,
  { atMs, forMs, kind }: { kind: FaultKind; atMs: number; forMs: number },
  random: Random,
): Fault {
  const server = random.pick(servers).name;
  const [one, other] = random.pick(links);
  const link: ServerPair = random.chance(0.5) ? [one, other] : [other, one];
  switch (kind) {
    case "kill":
    case "power loss":
    case "freeze":
      return { kind, atMs, server, forMs };
    case "cut":
    case "swallow":
      return { kind, atMs, link };
    case "block one way":
    case "block both ways":
      return { kind, atMs, link, forMs };
    case "slow way":
      return { kind, atMs, link, delayMs: random.between(1, 800), forMs };
    case "split": {
      const names = random.shuffle(servers.map(({ name }) => name));
      const most = Math.max(1, names.length - 1);
      return {
        kind,
        atMs,
        side: names.slice(0, 1 + random.below(most)),
        forMs,
      };
    }
  }
}
