/**
 * Draws the plan of a simulated herd from its seed.
 *
 * Each herd has only some kinds of faults, but many of each (swarm testing:
 * Groce et al., ISSTA 2012). Combinations occur that would be rare if every herd
 * had a few faults of all kinds. In some herds all faults affect one server.
 *
 * @module
 */
import { maxWriteBytes } from "../../peers/limits.ts";
import { childrenPerNode, leafOf } from "../../peers/store/digest_tree.ts";
import { hashOfTree } from "../../peers/store/tree_hash.ts";
import { encodeBytes } from "../../protocol/bytes.ts";
import { Random } from "../../runtime/random.ts";
import { drawDeletions } from "./deletions.ts";
import { drawFolders } from "./folders.ts";
import {
  epochMs,
  type Fault,
  hasExpiry,
  type Plan,
  type PlannedClock,
  type PlannedReport,
  type ServerPair,
} from "./plan.ts";

/** Faults that break connections or lose reports; catch-up repairs them. */
const breakingFaults = [
  "kill",
  "power loss",
  "cut",
  "swallow",
  "block one way",
  "block both ways",
  "split",
] as const;

/** Faults that only cause delays. */
const slowingFaults = ["freeze", "slow path"] as const;

/** Every kind of fault. */
export const faultKinds = [...breakingFaults, ...slowingFaults] as const;

/** A kind of fault. */
export type FaultKind = Fault["kind"];

/** Usual shortest and longest delay of a packet, in milliseconds. */
export const usualDelayMs = [0.1, 5] as const;

/**
 * In some herds, packets take as long as between continents. Handshakes and
 * comparisons then last hundreds of milliseconds, so that faults occur in them.
 */
const farDelayMs = [20, 80] as const;
const farChance = 0.35;

/** Servers start within this time of each other. */
export const startWithinMs = 500;

/** Probability that a herd has a given kind of fault. */
const kindChance = 0.4;

/** Probability that all faults of a herd affect one server or its links. */
const focusChance = 0.25;

/**
 * Probability that faults of a herd follow each other closely. After a start or
 * the loss of a link, dialling, handshake and comparison take about 30 ms.
 * Faults drawn evenly over 20 s would hardly ever occur in that time.
 */
const chaseChance = 0.5;

/** Probability, in such a herd, that a fault closely follows another one. */
const chasingFaultChance = 0.8;

/** Probability that it starts before the other one ends. */
const duringChance = 0.25;

/** Longest time from the end of a fault to one that follows it closely. */
const chaseWithinMs = 500;

/**
 * Probability that all clients of a herd are below one node of the digest tree.
 * Otherwise there are so few below each child of the root that comparisons never
 * go further down.
 */
const crowdedChance = 0.25;

/** Probability that some clients of a herd have clocks that are far wrong. */
const wildClientsChance = 0.4;

/** Probability that clients of a herd send some reports again. */
const resendChance = 0.3;

/** Probability that some reports of a herd have attributes. */
const attributesChance = 0.2;

/**
 * With this number, the herds of most mutations have no attributes, so that their
 * seeds still find what they found before there were any.
 */
const attributesSeed = 0xbe5d08;

/** Probability that clocks of servers are wrong, where no reports expire. */
const wrongClocksChance = 0.3;

/** A client, which reports to random servers. */
interface Client {
  readonly id: string;
  /** How far its clock is ahead, in milliseconds. */
  readonly skewMs: number;
  /** Whether its clock has whole seconds only, so that times are often equal. */
  readonly isCoarse: boolean;
  /** Whether its clock is sometimes set back. */
  readonly isErratic: boolean;
}

/** The servers and links of a herd, or those that a fault can affect. */
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
  const plan: Plan = {
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
    // Herds have too few reports to fill a write of the default size.
    writeBytes: random.pick([300, 2_000, maxWriteBytes]),
    recentReports: random.pick([2 ** 4, 2 ** 10]),
    ...drawTreeAndOutbox(seed, catchUp),
    // Without catch-up, links have to be up by the time of the first report.
    delayMs: catchUp && random.chance(farChance) ? farDelayMs : usualDelayMs,
    reports: drawReports({
      servers: shape.servers.map(({ name }) => name),
      clients,
      // Without catch-up, earlier reports would stay at one server.
      fromMs: catchUp ? 0 : 5_000,
      untilMs: healAtMs,
      everyMs: random.pick([20, 50, 200]),
    }, random),
    faults: drawFaults(shape, catchUp, healAtMs, random),
    healAtMs,
  };
  const crowded = random.chance(crowdedChance) ? crowd(plan) : plan;
  const timed = drawClocks(crowded, new Random(seed ^ 0xc10c5));
  const attributed = drawAttributes(
    withDeletions(timed),
    new Random(seed ^ attributesSeed),
  );
  const folders = drawFolders(attributed);
  return folders === undefined ? attributed : { ...attributed, folders };
}

/**
 * Attributes of some reports, and servers that get some of these without them.
 * From numbers of its own, so that the rest of the plan of a seed stays the same.
 */
function drawAttributes(plan: Plan, random: Random): Plan {
  if (!random.chance(attributesChance)) return plan;
  const reports = plan.reports.map((report) => {
    if (!random.chance(0.5)) return report;
    const attributes = random.chance(0.5)
      ? `accuracy=${random.below(100)}`
      : `battery=${random.below(101)},tid=${random.pick(["mx", "ab", "z"])}`;
    const others = plan.servers.filter(({ name }) => name !== report.server);
    return random.chance(0.1)
      ? { ...report, attributes, alsoAt: random.pick(others).name }
      : { ...report, attributes };
  });
  return { ...plan, reports };
}

/** A plan with the deletions that are drawn for it. */
function withDeletions(plan: Plan): Plan {
  const deletions = drawDeletions(plan);
  return deletions.length === 0 ? plan : { ...plan, deletions };
}

/**
 * Wrong clocks of servers and of clients, and reports that are sent again. From
 * numbers of its own, so that the rest of the plan of a seed stays the same.
 */
function drawClocks(plan: Plan, random: Random): Plan {
  const wrong = random.chance(wildClientsChance)
    ? withWildClients(plan.reports, random)
    : plan.reports;
  const reports = random.chance(resendChance)
    ? withResends(plan, wrong, random)
    : wrong;
  // Where reports expire, a clock that is wrong by hours expires all of them.
  const mayBeWrong = plan.catchUp && !hasExpiry(plan);
  return mayBeWrong && random.chance(wrongClocksChance)
    ? { ...plan, reports, clocks: drawServerClocks(plan, random) }
    : { ...plan, reports };
}

/** Some clients send milliseconds, or their clocks are wrong by years. */
function withWildClients(
  reports: readonly PlannedReport[],
  random: Random,
): readonly PlannedReport[] {
  const changes = new Map<string, (time: string) => string>();
  for (const { client } of reports) {
    if (changes.has(client)) continue;
    const kind = random.pick(["right", "right", "ms", "years", "at times"]);
    const years = random.between(-40, 40) * 365 * 86_400;
    changes.set(client, (time) => {
      const isWrong = kind !== "at times" || random.chance(0.2);
      if (kind === "right" || !isWrong) return time;
      return kind === "years"
        ? (Number(time) + years).toFixed(6)
        : `${Math.round(Number(time) * 1_000)}`;
    });
  }
  return reports.map((report) => ({
    ...report,
    time: changes.get(report.client)!(report.time),
  }));
}

/** Some reports are sent again soon, to the same server or to another one. */
function withResends(
  { healAtMs, servers }: Plan,
  reports: readonly PlannedReport[],
  random: Random,
): readonly PlannedReport[] {
  return reports.flatMap((report) => {
    if (!random.chance(0.2)) return [report];
    const server = random.chance(0.5)
      ? report.server
      : random.pick(servers).name;
    const atMs = Math.min(report.atMs + random.between(0, 2_000), healAtMs);
    return [report, { ...report, server, atMs }];
  }).sort((one, other) => one.atMs - other.atMs);
}

/** Sets the clocks of some servers, some of them again and again. */
function drawServerClocks(
  { healAtMs, servers }: Plan,
  random: Random,
): readonly PlannedClock[] {
  const affected = random.shuffle([...servers])
    .slice(0, 1 + random.below(servers.length));
  return affected.flatMap(({ name: server }) =>
    Array.from({ length: 1 + random.below(3) }, () => {
      const most = random.pick([10, 100, 3 * 3_600, 30 * 365 * 86_400]) * 1_000;
      const isRight = random.chance(0.2);
      return {
        atMs: random.between(0, healAtMs),
        server,
        aheadMs: isRight ? 0 : random.between(-most, most),
        driftMs: random.chance(0.3) ? random.between(-900, 900) : 0,
      };
    })
  ).sort((one, other) => one.atMs - other.atMs);
}

/** Replaces the IDs of clients by IDs that are below one node. */
function crowd(plan: Plan): Plan {
  const crowded = crowdedIds();
  const ids = new Map<string, string>();
  const reports = plan.reports.map((report) => {
    const id = ids.get(report.client) ?? crowded.next().value;
    ids.set(report.client, id);
    return { ...report, client: id };
  });
  return { ...plan, reports, treeKey: crowdedKey };
}

/** The key under which the IDs of a crowd are crowded. */
const crowdedKey = "c".padEnd(32, "0");

/** IDs whose leaves are all below the first of the root's grandchildren. */
function* crowdedIds(): Generator<string, never> {
  const hash = hashOfTree(crowdedKey);
  for (let index = 0;; index++) {
    const id = `client-${index}`;
    const view = new DataView(encodeBytes(id).buffer);
    if (leafOf(hash.hash(view, 0, id.length)) < childrenPerNode ** 2) yield id;
  }
}

/**
 * Slow rebuilds, and outboxes with little room: what is dropped is repaired by
 * comparisons only. From numbers of its own, so that the rest of the plan of a
 * seed stays the same.
 */
function drawTreeAndOutbox(
  seed: number,
  catchUp: boolean,
): Pick<Plan, "outboxBytes" | "rebuiltReports"> {
  const random = new Random(seed ^ 0x7ee5eed);
  return {
    rebuiltReports: random.pick([1, 3, 1_000]),
    ...catchUp && random.chance(0.3)
      ? { outboxBytes: random.pick([5_000, 8_000]) }
      : {},
  };
}

/**
 * Short times to live end while reports are under way, long ones after the last
 * fault.
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

/** Clients with correct clocks. */
export function punctualClients(count: number): Client[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `client-${index}`,
    skewMs: 0,
    isCoarse: false,
    isErratic: false,
  }));
}

/** The clients that report, their servers and the rate. */
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
  // Without catch-up, only faults that do not end links.
  const possible = catchUp ? faultKinds : slowingFaults;
  const kinds = possible.filter(() => random.chance(kindChance));
  if (kinds.length === 0) kinds.push(random.pick(possible));
  const affected = random.chance(focusChance)
    ? around(random.pick(shape.servers).name, shape)
    : shape;
  const chases = catchUp && random.chance(chaseChance);
  const count = chases ? 6 + random.below(10) : 2 + random.below(14);
  const faults: Fault[] = [];
  for (let left = catchUp ? count : 3; left > 0; left--) {
    const isChasing = chases && random.chance(chasingFaultChance);
    const chased = isChasing
      ? drawChased(faults, affected, healAtMs, random)
      : undefined;
    faults.push(drawFault(chased?.affected ?? affected, {
      kind: random.pick(kinds),
      atMs: chased?.atMs ?? random.between(catchUp ? 0 : 5_000, healAtMs),
      forMs: random.between(50, catchUp ? 8_000 : 1_000),
    }, random));
  }
  return faults.sort((one, other) => one.atMs - other.atMs);
}

/** When a fault that follows another one or the start occurs, and where. */
function drawChased(
  faults: readonly Fault[],
  affected: Shape,
  healAtMs: number,
  random: Random,
): { readonly atMs: number; readonly affected: Shape } | undefined {
  if (faults.length === 0) {
    const atMs = random.between(0, startWithinMs + chaseWithinMs);
    return { atMs, affected };
  }
  const fault = random.pick(faults);
  const forMs = "forMs" in fault ? fault.forMs : 0;
  const afterMs = random.chance(duringChance)
    ? random.between(0, forMs)
    // Sooner more often than later.
    : forMs + chaseWithinMs * random.next() ** 2;
  const atMs = fault.atMs + afterMs;
  if (atMs >= healAtMs) return undefined;
  return { atMs, affected: affectedBy(fault, affected) };
}

/** What a fault affects: a server and its links, or a link and its ends. */
function affectedBy(fault: Fault, shape: Shape): Shape {
  if ("server" in fault) return around(fault.server, shape);
  if (!("link" in fault)) return shape;
  const pair: readonly string[] = fault.link;
  return {
    servers: shape.servers.filter(({ name }) => pair.includes(name)),
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

/** Draws what a fault affects. */
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
    case "slow path":
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
