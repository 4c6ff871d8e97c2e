/**
 * What is to happen to a simulated herd, drawn from its seed: its shape, its
 * clients, how it is set up, and what goes wrong when.
 *
 * @module
 */
import { parseTopology, type Topology } from "../../peers/topology.ts";
import type { Random } from "../../runtime/random.ts";

/** Something that goes wrong, and for how long. */
export interface Fault {
  readonly kind: typeof faultKinds[number];
  readonly atMs: number;
  readonly forMs: number;
}

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

const faultKinds = [...breakingFaults, ...slowingFaults] as const;

/** A client that roams among the servers. */
export interface Client {
  readonly id: string;
  /** How far its clock is ahead of the truth, in milliseconds. */
  readonly skewMs: number;
  /** Whether its clock has whole seconds only, so that times are often equal. */
  readonly isCoarse: boolean;
  /** Whether its clock is set back now and then. */
  readonly isErratic: boolean;
}

/** A herd, and what happens to it. */
export interface Plan {
  readonly topology: Topology;
  readonly clients: readonly Client[];
  readonly catchUp: boolean;
  readonly secrets: readonly string[];
  readonly maxClients: number;
  readonly clientTtlSeconds: number | undefined;
  readonly timeoutMs: number;
  readonly bufferBytes: number;
  /** How many late reports a server knows by fingerprint. */
  readonly recentReports: number;
  /** How far the servers' clocks are apart, at most. */
  readonly serverSkewMs: number;
  /** Clients begin to send at this time. */
  readonly loadFromMs: number;
  /** Time between two reports, on average. */
  readonly reportEveryMs: number;
  /** From then on nothing goes wrong any more. */
  readonly healAtMs: number;
  readonly faults: readonly Fault[];
}

/** Draws a plan. */
export function drawPlan(random: Random): Plan {
  const catchUp = random.chance(0.85);
  const clients = Array.from(
    { length: 2 + random.below(40) },
    (_, index) => drawClient(`client-${index}`, random),
  );
  const healAtMs = random.between(6_000, 20_000);
  return {
    topology: drawTopology(random),
    clients,
    catchUp,
    secrets: random.chance(0.5) ? ["a secret of the herd"] : [],
    maxClients: catchUp && random.chance(0.2)
      ? 1 + random.below(clients.length)
      : Infinity,
    clientTtlSeconds: random.chance(0.1) ? 5 + random.below(30) : undefined,
    timeoutMs: random.between(3_000, 5_000),
    bufferBytes: random.pick([300, 2_000, 64 * 1024]),
    recentReports: random.pick([2 ** 4, 2 ** 10]),
    serverSkewMs: random.pick([0, 50, 2_000]),
    // Without catch-up, what is told before the links are up stays there.
    loadFromMs: catchUp ? 0 : 5_000,
    reportEveryMs: random.pick([20, 50, 200]),
    healAtMs,
    faults: drawFaults(
      catchUp ? 2 + random.below(14) : 3,
      catchUp,
      healAtMs,
      random,
    ),
  };
}

/** A connected herd of 2 to 30 servers; small ones are more frequent. */
function drawTopology(random: Random): Topology {
  const count = 2 + Math.floor(29 * random.next() ** 3);
  const names = random.shuffle(
    Array.from({ length: count }, (_, index) => `Server${index}`),
  );
  const links = new Map<string, [string, string]>();
  const link = (one: string, other: string) => {
    const pair: [string, string] = one < other ? [one, other] : [other, one];
    links.set(pair.join(), pair);
  };
  for (let index = 1; index < count; index++) {
    link(names[index], names[random.below(index)]);
  }
  for (let extra = random.below(count); extra > 0; extra--) {
    const [one, other] = random.shuffle(names);
    link(one, other);
  }
  return topologyOf(names, [...links.values()]);
}

/** A herd of these servers, each on a host of its own that is named like it. */
export function topologyOf(
  names: readonly string[],
  links: readonly (readonly string[])[],
): Topology {
  const servers = names.map((name) => ({ name, host: name, peerPort: 8_100 }));
  return parseTopology({ servers, links });
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

function drawFaults(
  count: number,
  catchUp: boolean,
  healAtMs: number,
  random: Random,
): Fault[] {
  // Without catch-up only such as every link survives.
  return Array.from({ length: count }, () => ({
    kind: random.pick(catchUp ? faultKinds : slowingFaults),
    atMs: random.between(catchUp ? 0 : 5_000, healAtMs),
    forMs: random.between(50, catchUp ? 8_000 : 1_000),
  }));
}
